-- Keeps the days of the next awards from being closed until this transaction ends.
select pg_advisory_xact_lock_shared($3, day - date '2000-01-01')
from (select distinct (content ->> 'business_day')::date as day
      from (select content from import_lines where kind = 'award' and state is null and seq > $1 order by seq limit $2) batch
      order by day) days
