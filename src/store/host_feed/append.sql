-- Appends to the log what changed in the awards of users, and advances their marks. Returns the number of events.
--   $1 users, $2 now
with moved as (
    select f.user_id, coalesce(m.through, 0) as through, coalesce(m.made_through, 0) as made_through, f.last_change
    from (select distinct user_id from unnest($1::bigint[]) as asked (user_id)) asked
    join award_feeds f using (user_id) left join host_event_marks m using (user_id)
    where f.last_change > coalesce(m.through, 0)
),
changed as (
    -- At most as many awards as numbers in between, mostly the newest.
    select a.*, a.source <> 'import' and a.award_id > m.made_through as is_new, m.through
    from moved m cross join lateral (
        select * from awards a where a.user_id = m.user_id and a.changed_in > m.through
        order by a.award_id desc limit m.last_change - m.through
    ) a
),
new as (
    -- A new award was made before it, or a later award of the user, got its present number.
    select user_id, award_id, source, source_key, created_at,
           min(changed_in) over (partition by user_id order by award_id desc) as change
    from changed where is_new
),
reversed as (
    delete from host_event_queue q using changed c
    where q.kind = 'AWARD_REVERSED' and (q.user_id, q.award_id) = (c.user_id, c.award_id)
    returning q.user_id, q.award_id, q.settled_in
),
found as (
    select user_id, change, 1 as step, award_id, 'AWARD_MADE' as kind, null as campaign, created_at as at from new
    union all
    select user_id, change, 2, award_id, 'WORD_CLAIMED', source_key, created_at from new where source = 'word'
    union all
    select user_id, changed_in, 3, award_id, 'AWARD_VOIDED', null, updated_at from changed where status = 'VOID'
    union all
    select user_id, changed_in, 3, award_id, 'AWARD_SETTLED', null, updated_at from changed where status = 'SETTLED'
    union all
    -- Settled and reversed since the last step.
    select c.user_id, c.changed_in, 3, c.award_id, 'AWARD_SETTLED', null, e.posted_at
    from changed c
    join ledger_entries e on (e.user_id, e.award_id, e.kind) = (c.user_id, c.award_id, 'SETTLE')
    left join reversed r on (r.user_id, r.award_id) = (c.user_id, c.award_id)
    where c.status = 'REVERSED' and (c.is_new or r.settled_in > c.through)
    union all
    select user_id, changed_in, 4, award_id, 'AWARD_REVERSED', null, updated_at from changed where status = 'REVERSED'
),
added as (
    insert into host_events (kind, user_id, award_id, campaign_id, occurred_at, logged_at)
    select kind::host_event_kind, user_id, award_id, campaign::bigint, at, $2 from found
    order by user_id, change, step, award_id
    returning 1
),
marked as (
    insert into host_event_marks as m (user_id, through, made_through)
    select user_id, last_change, greatest(made_through, latest)
    from moved left join (select user_id, max(award_id) as latest from new group by user_id) made using (user_id)
    on conflict (user_id) do update set through = excluded.through, made_through = excluded.made_through
)
select count(*) as "count!" from added
