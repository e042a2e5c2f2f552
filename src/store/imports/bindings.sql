-- Bindings to be made. Their level is their distance from a user whose own parent is known; -1: refused.
create temporary table import_bindings as
    select l.seq, l.line, l.user_id, b.*, null::integer as level, null::text as reason
    from import_lines l
    cross join lateral jsonb_to_record(l.content) as b (
        parent_id bigint, parent_code text, bound_at timestamptz, class smallint, invitation_updated_at timestamptz)
    left join invitations i on i.user_id = l.user_id
    where l.kind = 'user' and (l.state is null or l.state = 'unchanged') and b.parent_id is not null and i.parent_id is null;
create unique index import_bindings_of_user on import_bindings (user_id);
create index import_bindings_of_parent on import_bindings (parent_id);
create index import_bindings_by_level on import_bindings (level, user_id);
analyze import_bindings;

update import_bindings b
set level = -1,
    reason = format('The parent %s is neither imported nor in the database, so the user is imported without a parent.', b.parent_id)
where not exists (select from users u where u.user_id = b.parent_id)
  and not exists (select from import_lines u where u.kind = 'user' and u.user_id = b.parent_id and u.state is null);

update import_bindings b set level = 0
where level is null
  and not exists (select from import_bindings p where p.user_id = b.parent_id and p.level is distinct from -1);
