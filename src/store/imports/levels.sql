-- Gives a level to all bindings below those of level 0. Another join than by the index would read all bindings once per
-- level.
set enable_hashjoin = off;
set enable_mergejoin = off;
with recursive tree as (
    select user_id, 0 as level from import_bindings where level = 0
    union all
    select c.user_id, t.level + 1 from tree t join import_bindings c on c.parent_id = t.user_id where c.level is null
)
update import_bindings b set level = t.level from tree t where b.user_id = t.user_id and b.level is null;
reset enable_hashjoin;
reset enable_mergejoin
