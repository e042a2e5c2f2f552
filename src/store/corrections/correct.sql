-- Corrects awards in one statement that atomically changes status, opposite entries, balances and the audit log.
-- Returns the awards found, grouped by status, coin and whether they were changed.
--   $1 ids, $2 user_id, $3 item, $4 business_day (each may be null); $5 required status, $6 new status;
--   $7 now, $8 actor, $9 reason, $10 request id, $11 action
with chosen as (
    select user_id, award_id, status, coin_id, amount, settle_error, changed_in,
           -- A retry applies to parked awards; every other correction to awards with the required status.
           status = $5::text::award_status and ($5 <> $6 or settle_error is not null) as changes
    from awards
    where ($1::bigint[] is null or award_id = any ($1)) and ($2::bigint is null or user_id = $2)
      and ($3::text is null or item = $3) and ($4::date is null or business_day = $4)
    -- The order of settlement, so that the two cannot deadlock.
    order by user_id, award_id
    for update
),
numbered as (
    insert into award_feeds as f (user_id, last_change)
    select user_id, count(*) from chosen where changes group by user_id order by user_id
    on conflict (user_id) do update set last_change = f.last_change + excluded.last_change
    returning user_id, last_change
),
moved as (
    update awards a set status = $6::text::award_status, settle_error = null, updated_at = $7, changed_in = c.change
    from (select user_id, award_id,
                 last_change + 1 - row_number() over (partition by user_id order by award_id desc) as change
          from chosen join numbered using (user_id) where changes) c
    where (a.user_id, a.award_id) = (c.user_id, c.award_id)
),
posted as (
    insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at)
    select user_id, award_id, 'REVERSE', coin_id, -amount, $7 from chosen where changes and $6 = 'REVERSED'
),
queued as (
    insert into host_event_queue (kind, user_id, award_id, settled_in, occurred_at)
    select 'AWARD_REVERSED', user_id, award_id, changed_in, $7 from chosen
    where changes and $6 = 'REVERSED' and exists (select 1 from host_feed where began_at is not null)
),
debited as (
    insert into balances as b (user_id, coin_id, settled, updated_at)
    select user_id, coin_id, -sum(amount), $7 from chosen where changes and $6 = 'REVERSED'
    group by user_id, coin_id order by user_id, coin_id
    on conflict (user_id, coin_id) do update
        set settled = b.settled + excluded.settled, updated_at = excluded.updated_at
),
audited as (
    insert into audit_log (at, actor, action, subject, user_id, reason, before, after, request_id)
    select $7, $8, $11, 'award:' || award_id, user_id, $9,
           jsonb_build_object('status', status, 'settleError', settle_error),
           jsonb_build_object('status', $6::text, 'settleError', null), $10
    from chosen where changes order by user_id, award_id
)
select status::text as "status!", coin_id, changes as "changed!", count(*) as "award_count!", sum(amount) as "amount!"
from chosen group by status, coin_id, changes order by chosen.status, coin_id, changes
