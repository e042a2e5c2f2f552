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
