-- Repeated lines are skipped. Of lines that contradict each other none is imported: the result does not depend on their
-- order.
with repeated as materialized (
    select kind, key from import_lines where state is null group by kind, key having count(*) > 1
),
compared as (
    select l.seq, row_number() over each_key as place, lead(l.line) over each_key as next, first_value(l.line) over each_key as first,
           min(whole) over all_of_key <> max(whole) over all_of_key as differs
    from (select *, coalesce(user_id::text, '') || content::text as whole from import_lines) l join repeated using (kind, key)
    where l.state is null
    window all_of_key as (partition by l.kind, l.key), each_key as (all_of_key order by l.seq)
)
update import_lines l
set state = case when c.differs then 'refused' else 'repeated' end,
    reason = case when c.differs then format('Line %s has other data for it.', coalesce(c.next, c.first)) end
from compared c
where c.seq = l.seq and (c.differs or c.place > 1)
