-- Balance sheet: figures of the database, and, if $1 is true, of what the import would add.
with staged as materialized (
    select kind, content ->> 'coin_id' as coin_id, content ->> 'status' as status, count(*) as count,
           sum((content ->> 'amount')::numeric) as amount
    from import_lines where $1 and state is null and kind in ('user', 'award', 'openingBalance') group by 1, 2, 3
),
figures as (
    select coin_id, lower(status::text) as name, count(*) as count, sum(amount) as amount from awards group by 1, 2
    union all
    select coin_id, 'openings', count(*), sum(amount) from ledger_entries where kind = 'OPENING' group by 1
    union all
    select coin_id, 'balances', count(*), sum(settled) from balances group by 1
    union all
    select coin_id, lower(status), count, amount from staged where kind = 'award'
    union all
    select coin_id, 'openings', count, amount from staged where kind = 'openingBalance'
    union all
    -- Users with a balance are counted once, also those who have one already.
    select coin_id, 'balances', count(*) filter (where is_new), sum(amount)
    from (select sums.*, b.user_id is null as is_new
          from (select user_id, content ->> 'coin_id' as coin_id, sum((content ->> 'amount')::numeric)
                           filter (where kind = 'openingBalance' or content ->> 'status' = 'SETTLED') as amount
                from import_lines
                where $1 and state is null
                  and (kind = 'openingBalance' or kind = 'award' and content ->> 'status' in ('SETTLED', 'REVERSED'))
                group by 1, 2) sums
          left join balances b using (user_id, coin_id)) paid
    group by 1
    union all
    select null, 'users', count(*), null from users
    union all
    select null, 'users', count, null from staged where kind = 'user'
    union all
    select null, 'bindings', count(*), null from invitation_links
    union all
    select null, 'bindings', count(*), null from import_bindings where $1 and level >= 0
)
select coin_id, name, sum(count)::bigint as count, coalesce(sum(amount), 0) as amount
from figures group by 1, 2 order by 1, 2
