-- API keys of the host application and of operators, and the log of their actions.

create table api_keys (
    key_id     bigint generated always as identity primary key,
    name       text not null unique check (name ~ '^[a-z][a-z0-9_-]{0,39}$'),
    key_hash   bytea not null unique check (octet_length(key_hash) = 32),   -- SHA-256 of the key
    scopes     text[] not null check (cardinality(scopes) > 0 and scopes <@ array['HOST', 'OPS_READ', 'OPS_WRITE']),
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
create trigger audit_log_never_changes before update or delete on audit_log for each row
    execute function refuse_change('the audit log never changes');
create trigger audit_log_is_not_truncated before truncate on audit_log
    execute function refuse_change('the audit log never changes');

-- The host application's key of the request that issued a session key: a repeated request ends that session key and
-- issues another one, because a key can be shown only once.
alter table sessions add column request_key text check (char_length(request_key) between 1 and 100);
create unique index sessions_by_request on sessions (user_id, request_key) where request_key is not null and revoked_at is null;
