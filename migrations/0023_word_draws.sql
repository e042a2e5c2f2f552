-- Draws of word campaigns that no one can influence or predict, and at most one open campaign of a word at any time.

-- Campaigns of the first scheme stored their nonce and shares in plain text. Open ones are ended here; claimed shares
-- stay.
update word_campaigns set state = 'ENDED', ended_at = least(closes_at, now()), updated_at = now() where state = 'OPEN';

alter table word_campaigns alter column draw_nonce drop not null;               -- first scheme only
alter table word_campaigns add column draw_public_key bytea                     -- the secret key is derived from NEWBEE_DRAW_KEY and the salt
    constraint draw_public_key_has_96_bytes check (octet_length(draw_public_key) = 96);
alter table word_campaigns add column draw_salt bytea
    constraint draw_salt_has_32_bytes check (octet_length(draw_salt) = 32);
alter table word_campaigns add column beacon_round bigint                       -- null: no public randomness
    constraint beacon_round_is_positive check (beacon_round > 0);
alter table word_campaigns add column beacon_signature bytea                    -- null: not stored yet
    constraint beacon_signature_has_48_bytes check (octet_length(beacon_signature) = 48);
alter table word_campaigns add constraint one_scheme_of_draw
    check (num_nonnulls(draw_public_key, draw_salt) = case when draw_nonce is null then 2 else 0 end);
alter table word_campaigns add constraint beacon_signature_of_its_round check (beacon_signature is null or beacon_round is not null);
alter table word_campaigns add constraint claimed_after_the_beacon
    check (used_count = 0 or beacon_round is null or beacon_signature is not null);

drop trigger word_campaigns_keep_their_terms on word_campaigns;
create trigger word_campaigns_keep_their_terms before update on word_campaigns for each row
    when ((old.word, old.normalised_word, old.amount, old.coin_id, old.max_count, old.split, old.hold, old.opens_at, old.closes_at,
           old.draw_nonce, old.draw_hash, old.draw_public_key, old.draw_salt, old.beacon_round)
          is distinct from
          (new.word, new.normalised_word, new.amount, new.coin_id, new.max_count, new.split, new.hold, new.opens_at, new.closes_at,
           new.draw_nonce, new.draw_hash, new.draw_public_key, new.draw_salt, new.beacon_round)
          or (old.beacon_signature is not null and old.beacon_signature is distinct from new.beacon_signature)
          or (old.state = 'ENDED' and new.state <> 'ENDED') or new.used_count < old.used_count)
    execute function refuse_change('the terms and the draw of a word campaign never change, and what has ended stays so');

-- Windows of one word do not overlap. The word is represented by a 63-bit hash, as a range, which needs no extension
-- of Postgres.
drop index word_campaigns_open;
alter table word_campaigns add constraint word_campaigns_one_at_a_time exclude using gist (
    int8range(hashtextextended(normalised_word, 0) >> 1, hashtextextended(normalised_word, 0) >> 1, '[]') with &&,
    tstzrange(opens_at, closes_at) with &&) where (state = 'OPEN');

-- A share has an amount only after it is claimed: the amounts follow from a secret key that is not in the database.
alter table word_shares alter column amount drop not null;
alter table word_shares add column claim_number integer                         -- order of claims, starting at 1
    constraint claim_number_is_positive check (claim_number > 0);
alter table word_shares add column claimant bytea                               -- published instead of the user's id
    constraint claimant_has_32_bytes check (octet_length(claimant) = 32);
alter table word_shares drop constraint claimed_as_a_whole;
alter table word_shares add constraint claimed_as_a_whole check (
    num_nonnulls(user_id, award_id, claimed_at) in (0, 3)
    and num_nonnulls(claim_number, claimant) in (0, 2)
    and (user_id is not null or claim_number is null)
    and (user_id is null or amount is not null));
-- Unclaimed shares of the first scheme have amounts and are exempt.
alter table word_shares add constraint no_amount_before_the_claim check (user_id is not null or amount is null) not valid;
create unique index word_shares_by_claim on word_shares (campaign_id, claim_number) where claim_number is not null;
create index word_shares_free on word_shares (campaign_id, share_number) where user_id is null;
drop trigger word_shares_are_claimed_once on word_shares;
create trigger word_shares_are_claimed_once before update on word_shares for each row
    when (old.user_id is not null
          or (old.campaign_id, old.share_number) is distinct from (new.campaign_id, new.share_number)
          or (old.amount is not null and old.amount is distinct from new.amount))
    execute function refuse_change('a share is claimed once, and its amount never changes');

create or replace view word_violations as
    with shares as (
        select campaign_id, count(*) as share_count, count(user_id) as used_count,
               case when count(amount) = count(*) then sum(amount) end as amount,   -- null: not all shares are known
               coalesce(sum(amount) filter (where user_id is not null), 0) as used_amount,
               count(claim_number) as numbered, coalesce(max(claim_number), 0) as last_number
        from word_shares group by campaign_id
    )
    select 'word campaign differs from its shares' as violation, format('campaign %s', c.campaign_id) as detail
    from word_campaigns c left join shares s using (campaign_id)
    where (c.max_count, c.amount, c.used_count, c.used_amount)
          is distinct from (s.share_count, coalesce(s.amount, c.amount), s.used_count, s.used_amount)
       or (c.draw_nonce is null and (c.used_count, c.used_count) is distinct from (s.numbered, s.last_number))
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
