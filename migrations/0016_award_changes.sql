-- Live updates: which transaction changed an award last, so that a client that has seen the changes up to some point can be
-- sent those after it, and misses none.

-- The transaction's own number and not a time or a sequence: Postgres knows below which number all have ended, so a reader
-- that takes only those has them all. What an earlier transaction commits later is never behind a reader. Rows that were
-- there before have 0.
alter table awards add column changed_in bigint not null default 0;
alter table awards alter column changed_in set default (pg_current_xact_id()::text::bigint);
create index awards_by_change on awards (user_id, changed_in, award_id);

-- The greatest number that a change may have whose transaction, and all before it, have ended as far as this statement sees.
create function last_ended_change() returns bigint stable parallel safe language sql
    return pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1;

-- Whatever a user can see of an award changes together with its number. Statements set it themselves, which costs nothing; those
-- of an older version that still runs beside this one do not know it. Making and settling in one transaction is one change.
create function number_award_change() returns trigger language plpgsql as $$
begin
    new.changed_in := pg_current_xact_id()::text::bigint;
    return new;
end $$;
create trigger awards_number_their_changes before update on awards for each row
    when ((old.status, old.settles_at, old.updated_at) is distinct from (new.status, new.settles_at, new.updated_at)
          and new.changed_in <> pg_current_xact_id()::text::bigint)
    execute function number_award_change();

-- One notification a transaction, however many awards it changed: Postgres folds equal ones. It says only that something
-- changed; who listens asks what. A statement that changed nothing says nothing.
create function tell_that_awards_changed() returns trigger language plpgsql as $$
begin
    notify newbee_awards;
    return null;
end $$;
-- An update that found nothing has no number yet, unless the transaction did something else before.
create trigger awards_tell_of_changes after update on awards
    for each statement when (pg_current_xact_id_if_assigned() is not null) execute function tell_that_awards_changed();

-- An insert takes its number before it is known whether the row is there already: only the rows tell whether any was made.
create function tell_that_awards_were_made() returns trigger language plpgsql as $$
begin
    if exists (select from made) then
        notify newbee_awards;
    end if;
    return null;
end $$;
create trigger awards_tell_of_new_ones after insert on awards
    referencing new table as made for each statement execute function tell_that_awards_were_made();
