-- The run ledger of the scheduler: due times, runs, and leases; running processes.

create table jobs (
    job               text primary key check (job ~ '^[a-z][a-z0-9_]{0,39}$'),
    scheduled_through timestamptz not null,                   -- all due times up to this one have a row in job_runs
    paused_at         timestamptz,
    paused_by         text,
    pause_reason      text,
    created_at        timestamptz not null,
    constraint paused_as_a_whole check (num_nonnulls(paused_at, paused_by, pause_reason) in (0, 3))
);

create type run_origin as enum ('SCHEDULE', 'MANUAL', 'BACKFILL');
create type run_state as enum ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELLED');

-- One row per due time or request. Leases use the database's clock (clock_timestamp()), everything else newbee's.
create table job_runs (
    run_id              bigint generated always as identity primary key,
    job                 text not null references jobs,
    run_key             text not null,                        -- 'schedule:2026-11-22T00:05@Asia/Shanghai', 'manual:<uuid>'
    origin              run_origin not null,
    scheduled_for       timestamptz not null,
    business_day        date,                                 -- day jobs only
    dry_run             boolean not null default false,       -- its batches are rolled back
    backfill_from       date,                                 -- requested range; each of its days has a run
    backfill_to         date,
    state               run_state not null default 'QUEUED',
    attempt             integer not null default 0 check (attempt >= 0),
    lease_owner         text,
    lease_token         uuid,
    lease_expires_at    timestamptz,
    heartbeat_at        timestamptz,
    requested_by        text not null,
    reason              text,                                 -- reason of the request, or of skipping
    cancel_requested_at timestamptz,
    cancel_requested_by text,
    cancel_reason       text,
    progress            jsonb,                                -- committed with the effects of each batch
    report              jsonb,
    had_effect          boolean,                              -- null: the run did not succeed
    error               text,
    created_at          timestamptz not null,
    started_at          timestamptz,
    ended_at            timestamptz,
    constraint job_runs_once_per_due_time unique (job, run_key),
    constraint leased_while_running check ((state = 'RUNNING') = (lease_token is not null)),
    constraint ended_when_over check ((state in ('SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELLED')) = (ended_at is not null)),
    constraint cancel_requested_as_a_whole check (num_nonnulls(cancel_requested_at, cancel_requested_by) in (0, 2)),
    constraint dry_runs_are_asked_for check (not dry_run or origin = 'MANUAL'),
    constraint cancelled_on_request check (state <> 'CANCELLED' or cancel_requested_at is not null),
    constraint backfill_has_its_range check (
        case when origin = 'BACKFILL' then (business_day between backfill_from and backfill_to) is true
             else num_nonnulls(backfill_from, backfill_to) = 0 end)
);
-- Prevents two concurrent runs of one job, regardless of the state of the replicas.
create unique index job_runs_one_running on job_runs (job) where state = 'RUNNING';
create index job_runs_queued on job_runs (job, scheduled_for, run_id) where state = 'QUEUED';
create index job_runs_history on job_runs (job, run_id desc);
-- A day of a back-fill is run again only after it failed or was cancelled.
create unique index job_runs_one_per_backfill_day on job_runs (job, backfill_from, backfill_to, business_day)
    where origin = 'BACKFILL' and state in ('QUEUED', 'RUNNING', 'SUCCEEDED');
create trigger job_runs_end_once before update on job_runs for each row
    when (old.state in ('SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELLED') and new.state <> old.state)
    execute function refuse_change('a run that is over stays over');
create trigger job_runs_are_not_truncated before truncate on job_runs
    execute function refuse_change('a run that is over stays over');

-- One row per process, renewed every ten seconds by the database's clock; stale rows are deleted by other processes.
create table processes (
    process_id    uuid primary key,                           -- generated at the start of the process
    name          text not null check (char_length(name) between 1 and 200),      -- host:pid, as in leases
    version       text not null check (char_length(version) between 1 and 100),
    scheduler     boolean not null,                           -- true if it runs scheduled jobs
    started_at    timestamptz not null,                       -- by the clock of the process
    heartbeat_at  timestamptz not null,                       -- by the database's clock
    clock_skew_ms bigint not null                             -- clock of the process minus the database's clock
);
