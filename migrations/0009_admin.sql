-- API keys of the host application and of operators, and the log of their actions.

create table api_keys (
    key_id     bigint generated always as identity primary key,
    name       text not null unique check (name ~ '^[a-z][a-z0-9_-]{0,39}$'),
    key_hash   bytea not null unique check (octet_length(key_hash) = 32),   -- SHA-256 of the key
    scopes     text[] not null check (cardinality(scopes) > 0 and scopes <@ array['HOST', 'OPS_READ', 'OPS_WRITE', 'OPS_GRANT', 'ACT']),
    created_by text not null,
    created_at timestamptz not null,
    revoked_by text,
    revoked_at timestamptz,
    constraint revoked_as_a_whole check (num_nonnulls(revoked_by, revoked_at) in (0, 2))
);

-- Changes by operators and by the host application, with the state before and after.
create table audit_log (
    audit_id   bigint generated always as identity primary key,
    at         timestamptz not null,
    actor      text not null check (char_length(actor) between 1 and 100),   -- 'key:chat', 'command line'
    action     text not null check (action ~ '^[a-z_]{1,40}$'),              -- 'void_award'
    subject    text not null check (char_length(subject) between 1 and 100), -- 'award:22', 'rule:join_group'
    user_id    bigint,                                                       -- affected user, if there is one
    reason     text,
    before     jsonb,                                                        -- null: did not exist
    after      jsonb,                                                        -- null: no longer exists
    request_id text
);
create index audit_log_of_subject on audit_log (subject, audit_id);
create index audit_log_of_user on audit_log (user_id, audit_id) where user_id is not null;
create index audit_log_without_change on audit_log (audit_id) where action in ('read_user', 'find_users', 'record_tasks', 'act_for_users');

-- Entry of the audit log without personal data.
create function without_personal_data(entry jsonb) returns jsonb immutable language sql as $$
    select case when jsonb_typeof(entry) = 'object' then
        entry || (select coalesce(jsonb_object_agg(key, null::text), '{}') from jsonb_object_keys(entry) as key
                  where key in ('name', 'portraitUri', 'code'))
    else entry end
$$;

-- Two exceptions to immutability: entries of an erased user lose their personal data and nothing else, and entries
-- that record no change (reads of personal data, calls that report tasks or acts) may be deleted after 300 days.
create function refuse_change_of_audit_log() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE'
       and to_jsonb(new) - 'before' - 'after' = to_jsonb(old) - 'before' - 'after'
       and new.before is not distinct from without_personal_data(old.before)
       and new.after is not distinct from without_personal_data(old.after)
       and exists (select 1 from users where user_id = old.user_id and erased_at is not null) then
        return new;
    elsif tg_op = 'DELETE' and old.action in ('read_user', 'find_users', 'record_tasks', 'act_for_users') and old.at < now() - interval '300 days' then
        return old;
    end if;
    raise exception 'newbee: the audit log never changes (% on %)', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger audit_log_never_changes before update or delete on audit_log for each row
    execute function refuse_change_of_audit_log();
create trigger audit_log_is_not_truncated before truncate on audit_log
    execute function refuse_change('the audit log never changes');
