-- Live updates: the last transaction that changed an award, so that a client that has seen the changes up to some
-- point receives all later ones.

-- The transaction id instead of a time or a sequence: Postgres reports the id below which all transactions have
-- ended, so a reader that takes only smaller ids has all of them. No earlier transaction can commit behind a reader.
-- Existing rows have 0.
alter table awards add column changed_in bigint not null default 0;
alter table awards alter column changed_in set default (pg_current_xact_id()::text::bigint);
create index awards_by_change on awards (user_id, changed_in, award_id);

-- The greatest id of a change whose transaction, and all before it, have ended in this statement's snapshot.
create function last_ended_change() returns bigint stable parallel safe language sql
    return pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1;

-- Every visible change of an award also changes its id. Statements set it themselves, at no cost; statements of an
-- older version that is still running do not. Creation and settlement in one transaction are one change.
create function number_award_change() returns trigger language plpgsql as $$
begin
    new.changed_in := pg_current_xact_id()::text::bigint;
    return new;
end $$;
create trigger awards_number_their_changes before update on awards for each row
    when ((old.status, old.settles_at, old.updated_at) is distinct from (new.status, new.settles_at, new.updated_at)
          and new.changed_in <> pg_current_xact_id()::text::bigint)
    execute function number_award_change();

-- One notification per transaction, regardless of the number of changed awards: Postgres merges equal ones. It
-- contains no details; listeners query the changes. A statement that changed nothing sends none.
create function tell_that_awards_changed() returns trigger language plpgsql as $$
begin
    notify newbee_awards;
    return null;
end $$;
-- An update without matching rows assigns no transaction id, unless the transaction already has one.
create trigger awards_tell_of_changes after update on awards
    for each statement when (pg_current_xact_id_if_assigned() is not null) execute function tell_that_awards_changed();

-- An insert assigns a transaction id before it detects a conflict: only the inserted rows show whether anything
-- changed.
create function tell_that_awards_were_made() returns trigger language plpgsql as $$
begin
    if exists (select from made) then
        notify newbee_awards;
    end if;
    return null;
end $$;
create trigger awards_tell_of_new_ones after insert on awards
    referencing new table as made for each statement execute function tell_that_awards_were_made();
