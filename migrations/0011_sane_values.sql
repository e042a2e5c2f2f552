-- Constraints against values that no row may contain, regardless of the program that writes it: NaN and infinite
-- amounts, timestamps outside the years 1900 to 9999, infinite intervals, and ids that are not positive. Postgres
-- sorts NaN above every number, so "amount > 0" alone accepts it. Every column of these types has its constraint,
-- which a test verifies. A migration that adds such a column calls this function at its end, which adds the missing
-- constraints.

create function require_sane_values() returns void language plpgsql as $$
declare
    t record;
    failed text;
begin
    for t in
        select c.relname as table_name,
               string_agg(format('add constraint %I check (%s)', a.attname || '_is_sane', condition), ', ' order by a.attnum) as constraints,
               string_agg(condition, ' and ' order by a.attnum) as conditions
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        cross join lateral (
            select case
                when a.atttypid = 'numeric'::regtype
                    then format('%1$I > ''-Infinity''::numeric and %1$I < ''Infinity''::numeric', a.attname)
                when a.atttypid = 'date'::regtype
                    then format('%1$I between ''1900-01-01''::date and ''9999-12-31''::date', a.attname)
                when a.atttypid = 'timestamptz'::regtype
                    then format('%1$I >= ''1900-01-01 00:00:00+00''::timestamptz and %1$I < ''10000-01-01 00:00:00+00''::timestamptz',
                                a.attname)
                when a.atttypid = 'interval'::regtype
                    then format('%1$I between ''-36525 days''::interval and ''36525 days''::interval', a.attname)
                -- Award ids are JSON numbers in the legacy API: clients read them as doubles.
                when a.atttypid = 'bigint'::regtype and a.attname = 'award_id'
                    then format('%1$I > 0 and %1$I < 9007199254740992', a.attname)
                when a.atttypid = 'bigint'::regtype and a.attname like '%\_id'
                    then format('%1$I > 0', a.attname)
            end as condition
        ) as of_column
        where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
          and condition is not null
          and not exists (select from pg_constraint k where k.conrelid = c.oid and k.conname = a.attname || '_is_sane')
        group by c.relname
        order by c.relname
    loop
        begin
            execute format('alter table %I %s', t.table_name, t.constraints);
        exception when check_violation then
            get stacked diagnostics failed = constraint_name;
            raise exception 'newbee: table % holds values that are not allowed any more (constraint %). Correct these rows and run newbee migrate again.',
                    t.table_name, failed
                using errcode = 'check_violation',
                      hint = format('select * from %I where not (%s)', t.table_name, t.conditions);
        end;
    end loop;
end $$;
select require_sane_values();
