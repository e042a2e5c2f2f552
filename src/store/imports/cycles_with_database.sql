-- Only a user who has children already can be an ancestor of their own new parent.
with recursive line as (
    select b.user_id as start_id, b.parent_id as ancestor_id
    from import_bindings b join users u using (user_id)
    where b.level >= 0 and u.children_count > 0
    union
    select l.start_id, coalesce(b.parent_id, i.parent_id)
    from line l
    left join import_bindings b on b.user_id = l.ancestor_id and b.level >= 0
    left join invitation_links i on i.user_id = l.ancestor_id
    where coalesce(b.parent_id, i.parent_id) is not null
)
update import_bindings b
set level = -1, reason = format('User %s is a child of this user, directly or through others, so cannot be the parent.', b.parent_id)
from line l where l.start_id = b.user_id and l.ancestor_id = l.start_id
