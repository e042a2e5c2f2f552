-- Invariants, and the findings of the periodic audit of the books. Each row of a view is one violation; the views are
-- empty in a healthy database, and at the end of every test.

-- Users among their own ancestors. A function, because Citus supports no recursion in a statement that reads distributed
-- tables, as the views do.
create function users_in_invitation_cycles() returns setof bigint stable language plpgsql as $$
begin
    return query
        with recursive ancestors as (
            select l.user_id as start_id, l.parent_id as ancestor_id from invitation_links l
            union
            select a.start_id, l.parent_id from ancestors a join invitation_links l on l.user_id = a.ancestor_id
        )
        select start_id from ancestors where ancestor_id = start_id;
end $$;

create view ledger_violations as
    with sums as (select user_id, coin_id, sum(amount) as amount from ledger_entries group by user_id, coin_id),
    day_awards as (
        select a.business_day as day, a.item, a.coin_id, count(*) as award_count, sum(a.amount) as amount
        from awards a join business_days d on d.day = a.business_day and d.state = 'CLOSED'
        group by 1, 2, 3
    ),
    recorded as (
        select day, item, coin_id, sum(award_count)::bigint as award_count, sum(amount) as amount
        from (select * from business_day_totals union all select * from imported_totals) totals
        group by 1, 2, 3
    ),
    -- The limit of a day is the highest among the versions that were in force at some time of it: those created
    -- before the day ended (a day ends within 14 hours of UTC anywhere) and not replaced before it started.
    versions as (
        select item, version, daily_limit, created_at,
               lead(created_at, 1, 'infinity') over (partition by item order by version) as replaced_at
        from rule_versions
    ),
    day_counts as (
        select user_id, business_day, item, count(*) as award_count
        from awards where source <> 'import' group by 1, 2, 3
    )
    select 'balance differs from the sum of its entries' as violation,
           format('user %s coin %s: balance %s, entries %s', user_id, coin_id, coalesce(b.settled, 0), coalesce(s.amount, 0)) as detail
    from balances b full join sums s using (user_id, coin_id)
    where coalesce(b.settled, 0) <> coalesce(s.amount, 0)
union all
    select 'settled award without its entry', format('user %s award %s', a.user_id, a.award_id)
    from awards a
    left join ledger_entries e on (e.user_id, e.award_id, e.kind) = (a.user_id, a.award_id, 'SETTLE')
    where a.status in ('SETTLED', 'REVERSED') and (e.award_id is null or (e.amount, e.coin_id) is distinct from (a.amount, a.coin_id))
union all
    select 'reversed award without its entry', format('user %s award %s', a.user_id, a.award_id)
    from awards a
    left join ledger_entries e on (e.user_id, e.award_id, e.kind) = (a.user_id, a.award_id, 'REVERSE')
    where a.status = 'REVERSED' and (e.award_id is null or (-e.amount, e.coin_id) is distinct from (a.amount, a.coin_id))
union all
    select 'entry without its award', format('user %s award %s %s', e.user_id, e.award_id, e.kind)
    from ledger_entries e
    left join awards a on (a.user_id, a.award_id) = (e.user_id, e.award_id)
    where e.kind <> 'OPENING' and (a.award_id is null or not (a.status = 'REVERSED' or (a.status = 'SETTLED' and e.kind = 'SETTLE')))
union all
    select 'award id used twice', format('award %s', award_id) from awards group by award_id having count(*) > 1
union all
    select 'invitation cycle', format('user %s is among their own ancestors', user_id) from users_in_invitation_cycles() as user_id
union all
    select 'cap exceeded', format('user %s %s %s: %s awards', c.user_id, c.business_day, c.item, c.award_count)
    from day_counts c
    join lateral (
        select case when bool_or(v.daily_limit is null) then null else max(v.daily_limit) end as daily_limit
        from versions v
        where v.item = c.item
          and v.created_at < c.business_day + interval '38 hours'
          and v.replaced_at > c.business_day - interval '14 hours'
    ) highest on highest.daily_limit < c.award_count
union all
    select 'totals of a closed day differ from its awards',
           format('%s %s coin %s: recorded %s awards %s, counted %s awards %s',
                  day, item, coin_id, coalesce(t.award_count, 0), coalesce(t.amount, 0), coalesce(d.award_count, 0), coalesce(d.amount, 0))
    from recorded t full join day_awards d using (day, item, coin_id)
    where (t.award_count, t.amount) is distinct from (d.award_count, d.amount);

create view invariant_violations as
    select violation, detail from ledger_violations
    union all select violation, detail from word_violations
    union all select violation, detail from reservation_violations;

-- One audit: a run of audit_books. Runs are eventually deleted, audits are not, so run_id has no foreign key.
create table book_audits (
    run_id       bigint primary key,
    business_day date not null,                               -- the last day that ended before the audit
    began_at     timestamptz not null,
    ended_at     timestamptz                                  -- null: it is running, or was aborted
);
create index book_audits_by_time on book_audits (began_at, run_id);

create table book_audit_checks (
    run_id     bigint not null references book_audits,
    check_name text not null check (char_length(check_name) between 1 and 100),
    violations bigint check (violations >= 0),                -- null: the check could not be completed
    details    text[] not null default '{}' check (cardinality(details) <= 100),   -- the first violations
    error      text,                                          -- error that prevented its completion
    checked_at timestamptz not null,
    primary key (run_id, check_name),
    constraint finished_or_not check ((violations is null) = (error is not null))
);
create trigger book_audit_checks_never_change before update or delete on book_audit_checks for each row
    execute function refuse_change('what an audit found never changes');
create trigger book_audit_checks_are_not_truncated before truncate on book_audit_checks
    execute function refuse_change('what an audit found never changes');
create trigger book_audits_are_not_truncated before truncate on book_audits
    execute function refuse_change('what an audit found never changes');
