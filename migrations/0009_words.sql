-- Word campaigns: an amount split into shares, which are drawn and shuffled at creation; one share per user.

create table word_campaigns (
    campaign_id     bigint generated always as identity primary key,
    word            text not null check (char_length(word) between 1 and 50),             -- as given, for operators
    normalised_word text not null check (char_length(normalised_word) between 1 and 12),
    amount          numeric(20,4) not null check (amount > 0),                            -- sum of all shares
    coin_id         text not null check (char_length(coin_id) between 1 and 32),
    max_count       integer not null check (max_count between 1 and 100000),              -- number of shares
    split           text not null check (split in ('FIXED', 'RANDOM')),
    hold            interval not null default '0' check (hold >= '0'),                    -- from award to settlement
    used_count      integer not null default 0 check (used_count between 0 and max_count),
    used_amount     numeric(20,4) not null default 0 check (used_amount between 0 and amount),
    opens_at        timestamptz not null,
    closes_at       timestamptz not null,
    state           text not null default 'OPEN' check (state in ('OPEN', 'ENDED')),
    ended_at        timestamptz,
    draw_nonce      bytea not null check (octet_length(draw_nonce) = 32),                 -- published after the end
    draw_hash       bytea not null check (octet_length(draw_hash) = 32),                  -- published from the beginning
    created_by      text not null,
    reason          text not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint window_in_order check (closes_at > opens_at),
    constraint ended_as_a_whole check ((state = 'ENDED') = (ended_at is not null)),
    constraint all_shares_are_all_the_amount check ((used_count = max_count) = (used_amount = amount))
) with (fillfactor = 50);
-- A word refers to one campaign at a time.
create unique index word_campaigns_open on word_campaigns (normalised_word) where state = 'OPEN';
create index word_campaigns_by_word on word_campaigns (normalised_word, campaign_id desc);
create trigger word_campaigns_keep_their_terms before update on word_campaigns for each row
    when ((old.word, old.normalised_word, old.amount, old.coin_id, old.max_count, old.split, old.hold, old.opens_at, old.closes_at,
           old.draw_nonce, old.draw_hash)
          is distinct from
          (new.word, new.normalised_word, new.amount, new.coin_id, new.max_count, new.split, new.hold, new.opens_at, new.closes_at,
           new.draw_nonce, new.draw_hash)
          or (old.state = 'ENDED' and new.state <> 'ENDED') or new.used_count < old.used_count)
    execute function refuse_change('the terms and the draw of a word campaign never change, and what has ended stays so');
create trigger word_campaigns_are_kept before delete on word_campaigns for each row
    execute function refuse_change('word campaigns are never deleted');

-- Claimed in the order of their numbers; because they are shuffled, an early claim has no advantage.
create table word_shares (
    campaign_id  bigint not null references word_campaigns,
    share_number integer not null check (share_number > 0),
    amount       numeric(20,4) not null check (amount > 0),
    user_id      bigint,
    award_id     bigint,
    claimed_at   timestamptz,
    primary key (campaign_id, share_number),
    constraint claimed_as_a_whole check (num_nonnulls(user_id, award_id, claimed_at) in (0, 3))
) with (fillfactor = 70);
create unique index word_shares_once_a_user on word_shares (campaign_id, user_id) where user_id is not null;
create trigger word_shares_are_claimed_once before update on word_shares for each row
    when (old.user_id is not null or (old.campaign_id, old.share_number, old.amount) is distinct from (new.campaign_id, new.share_number, new.amount))
    execute function refuse_change('a share is claimed once, and its amount never changes');
create trigger word_shares_are_kept before delete on word_shares for each row
    execute function refuse_change('shares are never deleted');

create view word_violations as
    with shares as (
        select campaign_id, count(*) as share_count, sum(amount) as amount, count(user_id) as used_count,
               coalesce(sum(amount) filter (where user_id is not null), 0) as used_amount,
               coalesce(max(share_number) filter (where user_id is not null), 0) as last_used
        from word_shares group by campaign_id
    )
    select 'word campaign differs from its shares' as violation, format('campaign %s', c.campaign_id) as detail
    from word_campaigns c left join shares s using (campaign_id)
    where (c.max_count, c.amount, c.used_count, c.used_amount, c.used_count)
          is distinct from (s.share_count, s.amount, s.used_count, s.used_amount, s.last_used)
union all
    select 'claimed share without its award', format('campaign %s share %s', s.campaign_id, s.share_number)
    from word_shares s
    left join awards a on (a.user_id, a.award_id) = (s.user_id, s.award_id) and a.source = 'word' and a.source_key = s.campaign_id::text
    where s.user_id is not null and a.amount is distinct from s.amount
union all
    select 'word award without its share', format('user %s award %s', a.user_id, a.award_id)
    from awards a
    where a.source = 'word'
      and not exists (select from word_shares s where (s.user_id, s.award_id) = (a.user_id, a.award_id) and s.campaign_id::text = a.source_key);
