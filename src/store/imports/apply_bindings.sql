-- Binds the next users, those whose parents are bound first. So a cycle could only lead through bindings made meanwhile.
with recursive batch as materialized (
    select * from import_bindings where level >= 0 and (level, user_id) > ($1, $2) order by level, user_id limit $3
),
line as (
    select b.user_id as start_id, b.parent_id as ancestor_id from batch b join users u using (user_id) where u.children_count > 0
    union
    select l.start_id, coalesce(b.parent_id, i.parent_id)
    from line l
    left join batch b on b.user_id = l.ancestor_id
    left join invitation_links i on i.user_id = l.ancestor_id
    where coalesce(b.parent_id, i.parent_id) is not null
),
parents as materialized (
    -- Locked, so that none is erased meanwhile. One who was erased since the beginning of this statement is left out.
    select user_id, erased_at from users where user_id in (select parent_id from batch) order by user_id for key share
),
bound as (
    update invitations i
    -- The code that an erased parent had does not return.
    set parent_id = b.parent_id, parent_code = case when u.erased_at is null then coalesce(b.parent_code, p.code) else p.code end,
        bound_at = b.bound_at, class = coalesce(b.class, 1), updated_at = b.invitation_updated_at
    from batch b
    join invitations p on p.user_id = b.parent_id
    join users u on u.user_id = b.parent_id
    join parents k on k.user_id = b.parent_id
    where i.user_id = b.user_id and i.parent_id is null and k.erased_at is not distinct from u.erased_at
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
    set reason = 'The user was bound, or the parent erased, by another process meanwhile. Run the import again.'
    where b.user_id in (select user_id from batch) and b.user_id not in (select user_id from bound)
    returning b.user_id
)
select level, user_id from batch order by level desc, user_id desc limit 1
