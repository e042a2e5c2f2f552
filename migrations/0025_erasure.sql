-- Erasure of a user: their row, awards and ledger remain under the numeric id; names, portraits and copies of them
-- are removed.

alter table users add column erased_at timestamptz
    constraint erased_at_is_sane check (erased_at >= '1900-01-01 00:00:00+00'::timestamptz and erased_at < '10000-01-01 00:00:00+00'::timestamptz);
alter table users add constraint erased_without_personal_data check (erased_at is null or num_nonnulls(name, search_name, portrait_uri) = 0);
create trigger users_stay_erased before update on users for each row
    when (old.erased_at is not null)
    execute function refuse_change('a user who was erased never changes');
create trigger users_are_kept before delete on users for each row
    execute function refuse_change('users are never deleted: erase them');

-- Entry of the audit log without personal data.
create function without_personal_data(entry jsonb) returns jsonb immutable language sql as $$
    select case when jsonb_typeof(entry) = 'object' then
        entry || (select coalesce(jsonb_object_agg(key, null::text), '{}') from jsonb_object_keys(entry) as key
                  where key in ('name', 'portraitUri', 'code'))
    else entry end
$$;

-- Two exceptions to immutability: entries of an erased user lose their personal data and nothing else, and entries
-- that record no change (reads of personal data, reported tasks) may be deleted after 300 days.
create function refuse_change_of_audit_log() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE'
       and to_jsonb(new) - 'before' - 'after' = to_jsonb(old) - 'before' - 'after'
       and new.before is not distinct from without_personal_data(old.before)
       and new.after is not distinct from without_personal_data(old.after)
       and exists (select from users where user_id = old.user_id and erased_at is not null) then
        return new;
    elsif tg_op = 'DELETE' and old.action in ('read_user', 'find_users', 'record_tasks') and old.at < now() - interval '300 days' then
        return old;
    end if;
    raise exception 'newbee: the audit log never changes (% on %)', lower(tg_op), tg_table_name
        using errcode = 'integrity_constraint_violation';
end $$;
drop trigger audit_log_never_changes on audit_log;
create trigger audit_log_never_changes before update or delete on audit_log for each row
    execute function refuse_change_of_audit_log();
create index audit_log_without_change on audit_log (audit_id) where action in ('read_user', 'find_users', 'record_tasks');
