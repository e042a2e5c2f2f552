-- Binds users of one level. The levels above are bound, so a cycle could only lead through bindings made meanwhile.
with recursive batch as materialized (
    select * from import_bindings where level = $1 and user_id > $2 order by user_id limit $3
),
line as (
    select b.user_id as start_id, b.parent_id as ancestor_id from batch b join users u using (user_id) where u.children_count > 0
    union
    select l.start_id, i.parent_id from line l join invitation_links i on i.user_id = l.ancestor_id
),
bound as (
    update invitations i
    set parent_id = b.parent_id, parent_code = coalesce(b.parent_code, p.code), bound_at = b.bound_at, class = coalesce(b.class, 1),
        updated_at = b.invitation_updated_at
    from batch b join invitations p on p.user_id = b.parent_id
    where i.user_id = b.user_id and i.parent_id is null
      and not exists (select from line l where l.start_id = b.user_id and l.ancestor_id = b.user_id)
    returning i.user_id, i.parent_id, i.bound_at
),
children as (
    insert into invitation_children (parent_id, bound_at, user_id) select parent_id, bound_at, user_id from bound
),
links as (
    insert into invitation_links (user_id, parent_id) select user_id, parent_id from bound
),
counted as (
    update users u set children_count = u.children_count + b.children
    from (select parent_id, count(*) as children from bound group by parent_id order by parent_id) b where u.user_id = b.parent_id
),
missed as (
    update import_bindings b
    set reason = 'The user was bound by another process meanwhile. Run the import again.'
    where b.user_id in (select user_id from batch) and b.user_id not in (select user_id from bound)
    returning b.user_id
)
select max(user_id) as last, (select count(*) from bound) as made, (select count(*) from missed) as missed from batch
