with batch as materialized (
    select l.seq, l.user_id, c.*
    from import_lines l
    cross join lateral jsonb_to_record(l.content) as c (
        award_id bigint, item text, award_type award_type, amount numeric, coin_id text, target_id text, status award_status,
        created_at timestamptz, updated_at timestamptz, settles_at timestamptz, business_day date, rule_version integer,
        source text, source_key text, recorded_by text, settle_error text, changed_in bigint, settled_at timestamptz,
        reversed_at timestamptz)
    where l.kind = 'award' and l.state is null and l.seq > $1
    order by l.seq limit $2
),
people as materialized (
    -- Locked like a row that others refer to, so that no user is erased meanwhile.
    select user_id, erased_at is not null as is_erased from users
    where user_id in (select user_id from batch) order by user_id for key share
),
made as (
    insert into awards (user_id, award_id, changed_in, settles_at, created_at, updated_at, business_day, rule_version, award_type,
                        status, amount, source, source_key, item, coin_id, target_id, recorded_by, settle_error)
    select user_id, award_id, changed_in, settles_at, created_at, updated_at, business_day,
           case when award_type::text not in ('WORD', 'RESERVATION', 'GRANT') then coalesce(rule_version, (
               -- The version in force at that time, else the first one.
               select v.version from rule_versions v where v.item = b.item
               order by v.created_at > b.created_at, case when v.created_at > b.created_at then v.version else -v.version end
               limit 1)) end,
           award_type, status, amount, source,
           -- As an erasure leaves them.
           case when hides_key and source_key <> '' then 'erased:' || award_id else source_key end, item, coin_id,
           case when not hides_key and not (is_erased and source = 'grant') then target_id end, recorded_by, settle_error
    from batch b
    join people using (user_id)
    cross join lateral (select is_erased and (award_type in ('NEWBEE', 'DAILY') or source = 'import') as hides_key) h
    order by user_id, award_id
    on conflict do nothing
    returning user_id, award_id, status, amount, coin_id, business_day, item, changed_in
),
entries as (
    insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at)
    select m.user_id, m.award_id, p.kind, m.coin_id, p.amount, p.posted_at
    from made m
    join batch b using (user_id, award_id)
    cross join lateral (
        select 'SETTLE'::ledger_kind as kind, m.amount, b.settled_at as posted_at where m.status in ('SETTLED', 'REVERSED')
        union all
        select 'REVERSE', -m.amount, b.reversed_at where m.status = 'REVERSED'
    ) p
    returning user_id, coin_id, amount, posted_at
),
paid as (
    insert into balances as b (user_id, coin_id, settled, updated_at)
    select user_id, coin_id, sum(amount), max(posted_at) from entries group by user_id, coin_id order by user_id, coin_id
    on conflict (user_id, coin_id) do update
    set settled = b.settled + excluded.settled, updated_at = greatest(b.updated_at, excluded.updated_at)
),
fed as (
    insert into award_feeds as f (user_id, last_change)
    select user_id, max(changed_in) from made where changed_in > 0 group by user_id order by user_id
    on conflict (user_id) do update set last_change = greatest(f.last_change, excluded.last_change)
),
late as (
    insert into imported_totals as t (day, item, coin_id, award_count, amount)
    select m.business_day, m.item, m.coin_id, count(*), sum(m.amount)
    from made m join business_days d on d.day = m.business_day and d.state = 'CLOSED'
    group by 1, 2, 3 order by 1, 2, 3
    on conflict (day, item, coin_id) do update
    set award_count = t.award_count + excluded.award_count, amount = t.amount + excluded.amount
),
missed as (
    update import_lines l
    set state = 'refused',
        reason = 'The user has another award of this source and key on that day, or another process created it meanwhile.'
    from batch b
    where b.seq = l.seq and not exists (select from made m where (m.user_id, m.award_id) = (b.user_id, b.award_id))
    returning l.seq
)
select max(seq) as last, (select count(*) from made) as made, (select count(*) from missed) as missed from batch
