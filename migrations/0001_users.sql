-- Users, their session keys and their invitations.

create table users (
    user_id      bigint primary key check (user_id > 0),   -- assigned by the host application, never by newbee
    name         text check (char_length(name) between 1 and 100),
    portrait_uri text check (char_length(portrait_uri) between 1 and 2000),
    origin       text not null default 'host' check (origin in ('host', 'demo')),
    created_at   timestamptz not null,
    updated_at   timestamptz not null
);

-- Keys are looked up by their hash, so the primary key does not start with user_id. The key itself is not stored.
create table sessions (
    key_hash   bytea primary key check (octet_length(key_hash) = 32),   -- SHA-256 of the key
    user_id    bigint not null references users,
    origin     text not null check (origin in ('issued', 'registered', 'demo')),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    check (expires_at > created_at)
);
create index sessions_of_user on sessions (user_id, created_at);

create table invitations (
    user_id     bigint primary key references users,
    code        text not null check (char_length(code) between 1 and 12),   -- as given, for display
    class       smallint not null default 0 check (class in (0, 1)),
    parent_id   bigint references users,
    parent_code text,                                                       -- as it was when bound
    bound_at    timestamptz,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint nobody_invites_themselves check (parent_id <> user_id),
    constraint bound_as_a_whole check (num_nonnulls(parent_id, parent_code, bound_at) in (0, 3))
);
-- Children of a user, newest first.
create index invitations_children on invitations (parent_id, bound_at desc, user_id desc) where parent_id is not null;

-- Codes are looked up by their normalised form; a separate table isolates that lookup from user data.
create table invitation_codes (
    normalised_code text primary key check (char_length(normalised_code) between 1 and 12),
    user_id         bigint not null unique references invitations
);

-- A transaction that binds a parent locks this row: two concurrent bindings could otherwise close a cycle that
-- neither sees.
create table invitation_binding_lock (only_row boolean primary key default true check (only_row));
insert into invitation_binding_lock default values;

-- Shared trigger function for forbidden changes: its argument is the error message.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'newbee: % (% on %)', tg_argv[0], lower(tg_op), tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

create trigger invitations_bind_once before update on invitations for each row
    when (old.parent_id is not null
          and (new.parent_id, new.parent_code, new.bound_at) is distinct from (old.parent_id, old.parent_code, old.bound_at))
    execute function refuse_change('a bound invitation never changes its parent');
