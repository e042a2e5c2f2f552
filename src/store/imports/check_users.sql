-- Users that exist. What the host changed after the time of the line is no difference.
with compared as (
    select l.seq, case
        when u.erased_at is not null then null
        when c.erased_at is not null then 'The user is not erased in the database.'
        when c.code <> i.code then format('The user has the code %s.', i.code)
        when c.created_at <> u.created_at then format('The user was created at %s.', to_json(u.created_at) #>> '{}')
        when c.updated_at >= u.updated_at and c.name is distinct from u.name then 'The user has another name.'
        when c.updated_at >= u.updated_at and c.portrait_uri is distinct from u.portrait_uri then 'The user has another portrait.'
        when c.parent_id <> i.parent_id then format('The user is bound to user %s.', i.parent_id)
        when c.parent_id = i.parent_id and c.bound_at <> i.bound_at
            then format('The user was bound at %s.', to_json(i.bound_at) #>> '{}')
        when c.class <> i.class and c.invitation_updated_at >= i.updated_at and (c.parent_id is null or i.parent_id is not null)
            then format('The user has the class %s.', i.class)
    end as difference
    from import_lines l
    join users u using (user_id)
    join invitations i using (user_id)
    cross join lateral jsonb_to_record(l.content) as c (
        name text, portrait_uri text, code text, class integer, parent_id bigint, bound_at timestamptz,
        created_at timestamptz, updated_at timestamptz, erased_at timestamptz, invitation_updated_at timestamptz)
    where l.kind = 'user' and l.state is null
)
update import_lines l
set state = case when c.difference is null then 'unchanged' else 'refused' end, reason = c.difference
from compared c where c.seq = l.seq
