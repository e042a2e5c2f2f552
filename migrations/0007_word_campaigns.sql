-- Word campaigns: an amount split into shares, one share per user, by a draw that no one can influence or predict.

create type word_split as enum ('FIXED', 'RANDOM');
create type word_campaign_state as enum ('OPEN', 'ENDED');

create table word_campaigns (
    campaign_id      bigint generated always as identity primary key,
    word             text not null check (char_length(word) between 1 and 50),            -- as given, for operators
    normalised_word  text not null check (char_length(normalised_word) between 1 and 12),
    amount           numeric(20,4) not null check (amount > 0),                           -- sum of all shares
    coin_id          text not null check (char_length(coin_id) between 1 and 32),
    max_count        integer not null check (max_count between 1 and 100000),             -- number of shares
    split            word_split not null,
    hold             interval not null default '0' check (hold >= '0'),                   -- from award to settlement
    used_count       integer not null default 0 check (used_count between 0 and max_count),
    used_amount      numeric(20,4) not null default 0 check (used_amount between 0 and amount),
    opens_at         timestamptz not null,
    closes_at        timestamptz not null,
    state            word_campaign_state not null default 'OPEN',
    ended_at         timestamptz,
    draw_hash        bytea not null check (octet_length(draw_hash) = 32),                 -- published from the beginning
    draw_public_key  bytea not null                           -- the secret key is derived from NEWBEE_DRAW_KEY and the salt
                     constraint draw_public_key_has_96_bytes check (octet_length(draw_public_key) = 96),
    draw_salt        bytea not null constraint draw_salt_has_32_bytes check (octet_length(draw_salt) = 32),
    beacon_round     bigint constraint beacon_round_is_positive check (beacon_round > 0), -- null: no public randomness
    beacon_signature bytea                                    -- null: not stored yet
                     constraint beacon_signature_has_48_bytes check (octet_length(beacon_signature) = 48),
    created_by       text not null,
    reason           text not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    constraint window_in_order check (closes_at > opens_at),
    constraint ended_as_a_whole check ((state = 'ENDED') = (ended_at is not null)),
    constraint all_shares_are_all_the_amount check ((used_count = max_count) = (used_amount = amount)),
    constraint beacon_signature_of_its_round check (beacon_signature is null or beacon_round is not null),
    constraint claimed_after_the_beacon check (used_count = 0 or beacon_round is null or beacon_signature is not null),
    -- Windows of one word do not overlap. The word is represented by a 63-bit hash, as a range, which needs no
    -- extension of Postgres.
    constraint word_campaigns_one_at_a_time exclude using gist (
        int8range(hashtextextended(normalised_word, 0) >> 1, hashtextextended(normalised_word, 0) >> 1, '[]') with &&,
        tstzrange(opens_at, closes_at) with &&) where (state = 'OPEN')
) with (fillfactor = 50);
create index word_campaigns_by_word on word_campaigns (normalised_word, campaign_id desc);
create trigger word_campaigns_keep_their_terms before update on word_campaigns for each row
    when ((old.word, old.normalised_word, old.amount, old.coin_id, old.max_count, old.split, old.hold, old.opens_at, old.closes_at,
           old.draw_hash, old.draw_public_key, old.draw_salt, old.beacon_round)
          is distinct from
          (new.word, new.normalised_word, new.amount, new.coin_id, new.max_count, new.split, new.hold, new.opens_at, new.closes_at,
           new.draw_hash, new.draw_public_key, new.draw_salt, new.beacon_round)
          or (old.beacon_signature is not null and old.beacon_signature is distinct from new.beacon_signature)
          or (old.state = 'ENDED' and new.state <> 'ENDED') or new.used_count < old.used_count)
    execute function refuse_change('the terms and the draw of a word campaign never change, and what has ended stays so');
create trigger word_campaigns_are_kept before delete on word_campaigns for each row
    execute function refuse_change('word campaigns are never deleted');
create trigger word_campaigns_are_not_truncated before truncate on word_campaigns
    execute function refuse_change('word campaigns are never deleted');

-- A share has an amount only after it is claimed: the amounts follow from a secret key that is not in the database.
create table word_shares (
    campaign_id  bigint not null references word_campaigns,
    share_number integer not null check (share_number > 0),
    claim_number integer constraint claim_number_is_positive check (claim_number > 0),   -- order of claims, starting at 1
    user_id      bigint,
    award_id     bigint,
    amount       numeric(20,4) check (amount > 0),
    claimed_at   timestamptz,
    claimant     bytea                                        -- published instead of the user's id
                 constraint claimant_has_32_bytes check (octet_length(claimant) = 32),
    primary key (campaign_id, share_number),
    constraint claimed_as_a_whole check (num_nonnulls(claim_number, user_id, award_id, amount, claimed_at, claimant) in (0, 6))
) with (fillfactor = 70);
create unique index word_shares_once_a_user on word_shares (campaign_id, user_id) where user_id is not null;
create unique index word_shares_by_claim on word_shares (campaign_id, claim_number) where claim_number is not null;
create index word_shares_free on word_shares (campaign_id, share_number) where user_id is null;
create trigger word_shares_are_claimed_once before update on word_shares for each row
    when (old.user_id is not null
          or (old.campaign_id, old.share_number) is distinct from (new.campaign_id, new.share_number))
    execute function refuse_change('a share is claimed once, and its amount never changes');
create trigger word_shares_are_kept before delete on word_shares for each row
    execute function refuse_change('shares are never deleted');
create trigger word_shares_are_not_truncated before truncate on word_shares
    execute function refuse_change('shares are never deleted');

-- Invariants of word campaigns, like invariant_violations.
create view word_violations as
    with shares as (
        select campaign_id, count(*) as share_count, count(user_id) as used_count, coalesce(sum(amount), 0) as used_amount,
               coalesce(max(claim_number), 0) as last_number
        from word_shares group by campaign_id
    )
    select 'word campaign differs from its shares' as violation, format('campaign %s', c.campaign_id) as detail
    from word_campaigns c left join shares s using (campaign_id)
    where (c.max_count, c.used_count, c.used_amount, c.used_count)
          is distinct from (s.share_count, s.used_count, s.used_amount, s.last_number)
union all
    select 'claimed share without its award', format('campaign %s share %s', s.campaign_id, s.share_number)
    from word_shares s
    left join awards a on (a.user_id, a.award_id) = (s.user_id, s.award_id) and a.source = 'word' and a.source_key = s.campaign_id::text
    where s.user_id is not null and a.amount is distinct from s.amount
union all
    select 'word award without its share', format('user %s award %s', a.user_id, a.award_id)
    from awards a
    left join word_shares s on (s.user_id, s.award_id) = (a.user_id, a.award_id) and s.campaign_id::text = a.source_key
    where a.source = 'word' and s.user_id is null;
