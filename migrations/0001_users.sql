-- Users, their session keys, and their invitations.
--
-- No foreign key refers from one user to another, or from a user's rows to the user: each would cost a lookup per row,
-- and would keep users from being placed on different nodes. Users are never deleted, and `audit_books` checks the
-- references.

-- Trigger function for forbidden changes: its argument is the error message.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'newbee: % (% on %)', tg_argv[0], lower(tg_op), tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

-- True in a session of `newbee import`: history arrives as it ended, such as settled awards of closed days.
create function is_import() returns boolean stable language sql as $$
    select coalesce(current_setting('newbee.import', true), '') = 'on'
$$;

create type user_origin as enum ('host', 'demo');

create table users (
    user_id        bigint primary key check (user_id > 0),    -- assigned by the host application, never by newbee
    name           text check (char_length(name) between 1 and 100),
    portrait_uri   text check (char_length(portrait_uri) between 1 and 2000),
    origin         user_origin not null default 'host',
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    erased_at      timestamptz,
    -- Names are searched by a form that the program computes (src/domain/text.rs): the case rules of Postgres differ.
    search_name    text constraint search_name_length check (char_length(search_name) between 1 and 100),
    children_count integer not null default 0 constraint children_are_counted check (children_count >= 0),   -- rows of invitation_children
    constraint search_name_needs_a_name check (name is not null or search_name is null),
    constraint erased_without_personal_data check (erased_at is null or num_nonnulls(name, search_name, portrait_uri) = 0)
) with (fillfactor = 90);
create index users_by_search_name on users (search_name text_pattern_ops, user_id);

-- In the database, so that every removal of a name also removes its search form.
create function clear_search_name() returns trigger language plpgsql as $$
begin
    new.search_name := null;
    return new;
end $$;
create trigger users_without_name_are_not_searched before update of name on users for each row
    when (new.name is null and new.search_name is not null) execute function clear_search_name();
-- Except that an import counts the children that it binds to an erased user.
create trigger users_stay_erased before update on users for each row
    when (old.erased_at is not null
          and not (is_import() and to_jsonb(new) - 'children_count' = to_jsonb(old) - 'children_count'))
    execute function refuse_change('a user who was erased never changes');
create trigger users_are_kept before delete on users for each row
    execute function refuse_change('users are never deleted: erase them');
create trigger users_are_not_truncated before truncate on users
    execute function refuse_change('users are never deleted');

create type session_origin as enum ('issued', 'registered', 'demo');

-- Keys are looked up by their hash, so the primary key does not start with user_id. The key itself is not stored.
create table sessions (
    key_hash   bytea primary key check (octet_length(key_hash) = 32),   -- SHA-256 of the key
    user_id    bigint not null,
    origin     session_origin not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint expires_after_creation check (expires_at > created_at)
);
create index sessions_of_user on sessions (user_id, created_at);
-- Keys by their end: the oldest are found without reading the rest.
create index sessions_by_end on sessions (least(expires_at, revoked_at), key_hash);

-- The host application's key of the request that issued a session key: a repeated request ends that session key and
-- issues another one, because a key can be shown only once.
create table session_requests (
    user_id     bigint not null,
    request_key text not null check (char_length(request_key) between 1 and 100),
    key_hash    bytea not null check (octet_length(key_hash) = 32),     -- the latest key that was issued
    primary key (user_id, request_key)
);

-- Hashes of ended session keys whose rows were deleted: such a key must not be registered for another user.
create table ended_session_keys (key_hash bytea primary key check (octet_length(key_hash) = 32));
create trigger ended_session_keys_are_kept before update or delete on ended_session_keys for each row
    execute function refuse_change('hashes of ended session keys are kept');
create trigger ended_session_keys_are_not_truncated before truncate on ended_session_keys
    execute function refuse_change('hashes of ended session keys are kept');

-- In the database, so that every deletion of a session keeps its hash.
create function keep_ended_session_keys() returns trigger language plpgsql as $$
begin
    insert into ended_session_keys (key_hash) select key_hash from deleted_sessions on conflict do nothing;
    return null;
end $$;
create trigger sessions_leave_their_hash after delete on sessions referencing old table as deleted_sessions
    for each statement execute function keep_ended_session_keys();

create table invitations (
    user_id     bigint primary key,
    code        text not null check (char_length(code) between 1 and 12),   -- as given, for display
    class       smallint not null default 0 check (class in (0, 1)),
    parent_id   bigint,
    parent_code text,                                                       -- as it was when bound
    bound_at    timestamptz,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint nobody_invites_themselves check (parent_id <> user_id),
    constraint bound_as_a_whole check (num_nonnulls(parent_id, parent_code, bound_at) in (0, 3))
);
-- One exception: the code of an erased parent is replaced by the one that they have now.
create function refuse_rebinding() returns trigger language plpgsql as $$
begin
    if (new.parent_id, new.bound_at) = (old.parent_id, old.bound_at)
       and new.parent_code = (select i.code from invitations i join users u using (user_id)
                              where user_id = old.parent_id and u.erased_at is not null) then
        return new;
    end if;
    raise exception 'newbee: a bound invitation never changes its parent (% on %)', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger invitations_bind_once before update on invitations for each row
    when (old.parent_id is not null
          and (new.parent_id, new.parent_code, new.bound_at) is distinct from (old.parent_id, old.parent_code, old.bound_at))
    execute function refuse_rebinding();
create trigger invitations_are_not_truncated before truncate on invitations
    execute function refuse_change('a bound invitation never changes its parent');

-- Children of a user in the order of their binding.
create table invitation_children (
    parent_id bigint not null,
    bound_at  timestamptz not null,
    user_id   bigint not null,
    primary key (parent_id, bound_at, user_id)
);
create trigger invitation_children_never_change before update or delete on invitation_children for each row
    execute function refuse_change('a bound invitation never changes its parent');
create trigger invitation_children_are_not_truncated before truncate on invitation_children
    execute function refuse_change('a bound invitation never changes its parent');

-- Parent of each bound user, by which ancestors are found.
create table invitation_links (
    user_id   bigint primary key,
    parent_id bigint not null
);
create trigger invitation_links_never_change before update or delete on invitation_links for each row
    execute function refuse_change('a bound invitation never changes its parent');
create trigger invitation_links_are_not_truncated before truncate on invitation_links
    execute function refuse_change('a bound invitation never changes its parent');

-- Codes are looked up by their normalised form; a separate table isolates that lookup from user data.
create table invitation_codes (
    normalised_code text primary key check (char_length(normalised_code) between 1 and 12),
    user_id         bigint not null
);
create index invitation_codes_of_user on invitation_codes (user_id);
create trigger invitation_codes_are_not_truncated before truncate on invitation_codes
    execute function refuse_change('invitation codes are never deleted');

-- Hashes of the normalised codes of erased users, which are never assigned again: a code chosen by the host application
-- may name its owner, so it is not kept. Their rows above hold random codes.
create table retired_invitation_codes (code_hash bytea primary key check (octet_length(code_hash) = 32));   -- SHA-256
create trigger retired_invitation_codes_are_kept before update or delete on retired_invitation_codes for each row
    execute function refuse_change('codes of erased users stay retired');
create trigger retired_invitation_codes_are_not_truncated before truncate on retired_invitation_codes
    execute function refuse_change('codes of erased users stay retired');

-- A transaction that binds a parent locks this row: two concurrent bindings could otherwise close a cycle that
-- neither sees.
create table invitation_binding_lock (only_row boolean primary key default true check (only_row));
insert into invitation_binding_lock default values;

-- Attempts of users at limited actions, counted across replicas and independently of how requests are batched, to
-- slow down guessing.
create table tries (
    user_id         bigint not null,
    action          text not null check (action in ('submit_word', 'preview_invitation')),
    count           integer not null check (count >= 0),      -- within the window
    window_began_at timestamptz not null,
    locked_until    timestamptz,                              -- the last lockout, even if it has ended
    locks           integer not null check (locks >= 0),      -- consecutive lockouts: each is twice as long as the previous one
    primary key (user_id, action)
) with (fillfactor = 70);

-- Version of the rule that search names, normalised codes and normalised words were computed with. `newbee migrate`
-- recomputes them if the program has a newer version.
create table text_forms (
    only_row     boolean primary key default true check (only_row),
    rule_version integer not null
);
insert into text_forms (rule_version) values (0);
