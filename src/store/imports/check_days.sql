with compared as (
    select l.seq, case
        when r.day not between date '1900-01-01' and date '9999-12-31' then 'The day is not between 1900-01-01 and 9999-12-31.'
        when d.state = 'CLOSED' or d.state = 'OPEN' and l.content ->> 'state' = 'OPEN' then null
        when l.content ->> 'state' is null then 'state is missing.'
        when l.content ->> 'state' = 'CLOSED' and l.content ->> 'closed_at' is null then 'closedAt is missing.'
        when l.content ->> 'state' = 'CLOSED' and r.day >= $1 then 'The day is not over, so it cannot be closed.'
        when l.content ->> 'state' = 'CLOSED' and (l.content ->> 'closed_at')::timestamptz < r.day
            then 'closedAt is before the day.'
        else 'new'
    end as reason
    from import_lines l
    cross join lateral (select (l.content ->> 'day')::date as day) r
    left join business_days d on d.day = r.day
    where l.kind = 'day' and l.state is null
)
update import_lines l
set state = case when c.reason is null then 'unchanged' else 'refused' end, reason = c.reason
from compared c where c.seq = l.seq and c.reason is distinct from 'new'
