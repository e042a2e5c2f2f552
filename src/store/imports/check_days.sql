with compared as (
    select l.seq, case
        when d.state = 'CLOSED' or d.state = 'OPEN' and l.content ->> 'state' = 'OPEN' then null
        when l.content ->> 'state' is null then 'state is missing.'
        when l.content ->> 'state' = 'CLOSED' and l.content ->> 'closed_at' is null then 'closedAt is missing.'
        when l.content ->> 'state' = 'CLOSED' and (l.content ->> 'day')::date >= $1 then 'The day is not over, so it cannot be closed.'
        else 'new'
    end as reason
    from import_lines l left join business_days d on d.day = (l.content ->> 'day')::date
    where l.kind = 'day' and l.state is null
)
update import_lines l
set state = case when c.reason is null then 'unchanged' else 'refused' end, reason = c.reason
from compared c where c.seq = l.seq and c.reason is distinct from 'new'
