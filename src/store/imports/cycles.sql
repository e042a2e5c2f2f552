-- Refuses the bindings of cycles, and gives level 0 to the bindings to their members. The ancestors in import_jumps are so
-- far away that they are exactly the members of cycles.
with recursive members as materialized (
    select distinct ancestor_id as user_id from import_jumps
),
walk as (
    -- From each member upwards, once around or as far as it is shown.
    select user_id as start_id, user_id, 1 as place from members
    union all
    select w.start_id, b.parent_id, w.place + 1
    from walk w join import_bindings b on b.user_id = w.user_id
    where w.place <= 20 and (w.place = 1 or w.user_id <> w.start_id)
),
shown as (
    select start_id, string_agg(user_id::text, ' → ' order by place) filter (where place <= 20 or user_id = start_id) as path,
           max(place) = 21 and not bool_or(place > 1 and user_id = start_id) as is_cut
    from walk group by start_id
)
update import_bindings b
set level = -1,
    reason = format('The parents form a cycle, so these users are imported without a parent: %s%s.', path,
                    case when is_cut then ' → …' else '' end)
from shown where b.user_id = shown.start_id;

update import_bindings b set level = 0
where level is null and exists (select from import_bindings p where p.user_id = b.parent_id and p.level = -1);
drop table import_jumps
