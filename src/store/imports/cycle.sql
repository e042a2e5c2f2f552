-- Refuses the bindings of one cycle, and gives the bindings to its members the level $1. Bindings without a level lead
-- to a cycle.
with recursive line as (
    (select user_id, parent_id, array[user_id] as path, false as is_closed from import_bindings where level is null limit 1)
    union all
    select b.user_id, b.parent_id, l.path || b.user_id, b.user_id = any (l.path)
    from line l join import_bindings b on b.user_id = l.parent_id
    where not l.is_closed
),
closed as (
    select path[array_position(path, user_id):cardinality(path)] as members from line where is_closed
),
refused as (
    update import_bindings b
    set level = -1,
        reason = format('The parents form a cycle, so these users are imported without a parent: %s%s.',
                        array_to_string(c.members[1:20], ' → '), case when cardinality(c.members) > 20 then ' → …' else '' end)
    from closed c where b.user_id = any (c.members)
    returning b.user_id
),
ready as (
    update import_bindings b set level = $1
    from closed c
    where b.parent_id = any (c.members) and not b.user_id = any (c.members) and b.level is null
    returning b.user_id
)
select (select count(*) from refused) as refused, (select count(*) from ready) as ready
