-- Settles one batch: status, ledger entries and balances in one statement, so that none is written without the
-- others. Returns one row per coin.
--   $1 + $2 cursor (user_id, award_id), $3 now, $4 maximum number of awards, $5 run_id
with picked as (
    -- By user along the index awards_pending, starting after the cursor: entries of recently settled awards are dead
    -- but still in the index, and starting over would read them again with every batch.
    select user_id, award_id
    from awards
    where status = 'PENDING' and (user_id, award_id) > ($1, $2) and settles_at <= $3 and settle_error is null
    order by user_id, award_id
    limit $4
    for update skip locked
),
numbered as (
    -- One row per user, in a fixed order, so that workers cannot deadlock.
    insert into award_feeds as f (user_id, last_change)
    select user_id, count(*) from picked group by user_id order by user_id
    on conflict (user_id) do update set last_change = f.last_change + excluded.last_change
    returning user_id, last_change
),
settled as (
    -- The rows are locked and were PENDING when locked: an overlapping run skips them.
    update awards a set status = 'SETTLED', updated_at = $3, changed_in = p.change
    from (select user_id, award_id,
                 last_change + 1 - row_number() over (partition by user_id order by award_id desc) as change
          from picked join numbered using (user_id)) p
    where (a.user_id, a.award_id) = (p.user_id, p.award_id)
    returning a.user_id, a.award_id, a.coin_id, a.amount
),
posted as (
    insert into ledger_entries (user_id, award_id, kind, coin_id, amount, run_id, posted_at)
    select user_id, award_id, 'SETTLE', coin_id, amount, $5, $3 from settled
),
credited as (
    -- One row per user and coin, in a fixed order: no hot row is written twice, and workers cannot deadlock.
    insert into balances as b (user_id, coin_id, settled, updated_at)
    select user_id, coin_id, sum(amount), $3 from settled group by user_id, coin_id order by user_id, coin_id
    on conflict (user_id, coin_id) do update
        set settled = b.settled + excluded.settled, updated_at = excluded.updated_at
),
last as (select user_id, award_id from picked order by user_id desc, award_id desc limit 1)
select s.coin_id, count(*) as "award_count!", sum(s.amount) as "amount!",
       last.user_id as last_user_id, last.award_id as last_award_id
from settled s cross join last
group by s.coin_id, last.user_id, last.award_id
