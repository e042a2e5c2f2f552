-- Cancellation of runs, back-fills of a range of days, and dry runs.

alter table job_runs
    drop constraint job_runs_origin_check,
    drop constraint job_runs_state_check,
    drop constraint ended_when_over,
    add column dry_run             boolean not null default false,   -- its batches are rolled back
    add column cancel_requested_at timestamptz,
    add column cancel_requested_by text,
    add column backfill_from       date,                              -- requested range; each of its days has a run
    add column backfill_to         date,
    add constraint job_runs_origin_check check (origin in ('SCHEDULE', 'MANUAL', 'BACKFILL')),
    add constraint job_runs_state_check
        check (state in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELLED')),
    add constraint ended_when_over
        check ((state in ('SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELLED')) = (ended_at is not null)),
    add constraint cancel_requested_as_a_whole check (num_nonnulls(cancel_requested_at, cancel_requested_by) in (0, 2)),
    add constraint dry_runs_are_asked_for check (not dry_run or origin = 'MANUAL'),
    add constraint cancelled_on_request check (state <> 'CANCELLED' or cancel_requested_at is not null),
    add constraint backfill_has_its_range check (
        case when origin = 'BACKFILL' then (business_day between backfill_from and backfill_to) is true
             else num_nonnulls(backfill_from, backfill_to) = 0 end);

-- A day of a back-fill is run again only after it failed or was cancelled.
create unique index job_runs_one_per_backfill_day on job_runs (job, backfill_from, backfill_to, business_day)
    where origin = 'BACKFILL' and state in ('QUEUED', 'RUNNING', 'SUCCEEDED');

drop trigger job_runs_end_once on job_runs;
create trigger job_runs_end_once before update on job_runs for each row
    when (old.state in ('SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELLED') and new.state <> old.state)
    execute function refuse_change('a run that is over stays over');

-- Parked awards are few, and queried by operators and metrics.
create index awards_parked on awards (award_id) where settle_error is not null;
