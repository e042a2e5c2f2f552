-- Business days, and the run ledger of the scheduler: due times, runs, and leases.

create table business_days (
    day             date primary key,
    state           text not null check (state in ('OPEN', 'CLOSED')),
    closed_at       timestamptz,
    closed_by_run   bigint,
    constraint closed_as_a_whole check ((state = 'CLOSED') = (closed_at is not null))
);
create trigger business_days_stay_closed before update on business_days for each row
    when (old.state = 'CLOSED' and new.state <> 'CLOSED')
    execute function refuse_change('a closed day stays closed');

create trigger business_days_are_kept before delete on business_days for each row
    when (old.state = 'CLOSED')
    execute function refuse_change('a closed day is kept');

-- A closed day accepts no more awards: its totals are final. An insert that reaches this trigger comes from a process
-- with a wrong clock or time zone, or one that was suspended during the closing. Imports are exempt: they contain
-- history.
create function refuse_award_of_closed_day() returns trigger language plpgsql as $$
begin
    if exists (select from business_days where day = new.business_day and state = 'CLOSED') then
        raise exception 'newbee: the business day % is closed and takes no more awards', new.business_day
            using errcode = 'integrity_constraint_violation', hint = 'Check the clock of this machine and NEWBEE_TIME_ZONE.';
    end if;
    return new;
end $$;
create trigger awards_of_open_days before insert on awards for each row
    when (new.source <> 'import')
    execute function refuse_award_of_closed_day();

-- Every award counts on the day of its creation, regardless of later status changes, so the totals of a closed day
-- remain valid.
create table business_day_totals (
    day         date not null references business_days,
    item        text not null,
    coin_id     text not null,
    award_count bigint not null check (award_count > 0),
    amount      numeric(24,4) not null,
    primary key (day, item, coin_id)
);
create trigger business_day_totals_never_change before update or delete on business_day_totals for each row
    execute function refuse_change('the totals of a closed day never change');

create table jobs (
    job               text primary key check (job ~ '^[a-z][a-z0-9_]{0,39}$'),
    scheduled_through timestamptz not null,                   -- all due times up to this one have a row in job_runs
    paused_at         timestamptz,
    paused_by         text,
    pause_reason      text,
    created_at        timestamptz not null,
    constraint paused_as_a_whole check (num_nonnulls(paused_at, paused_by, pause_reason) in (0, 3))
);

-- One row per due time or request. Leases use the database's clock (clock_timestamp()), everything else newbee's.
create table job_runs (
    run_id           bigint generated always as identity primary key,
    job              text not null references jobs,
    run_key          text not null,                           -- 'schedule:2026-11-22T00:05@Asia/Shanghai', 'manual:<uuid>'
    origin           text not null check (origin in ('SCHEDULE', 'MANUAL')),
    scheduled_for    timestamptz not null,
    business_day     date,                                    -- day jobs only
    state            text not null default 'QUEUED'
                     check (state in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED')),
    attempt          integer not null default 0 check (attempt >= 0),
    lease_owner      text,
    lease_token      uuid,
    lease_expires_at timestamptz,
    heartbeat_at     timestamptz,
    requested_by     text not null,
    reason           text,                                    -- reason of the request, or of skipping
    progress         jsonb,                                   -- committed with the effects of each batch
    report           jsonb,
    error            text,
    created_at       timestamptz not null,
    started_at       timestamptz,
    ended_at         timestamptz,
    constraint job_runs_once_per_due_time unique (job, run_key),
    constraint leased_while_running check ((state = 'RUNNING') = (lease_token is not null)),
    constraint ended_when_over check ((state in ('SUCCEEDED', 'FAILED', 'SKIPPED')) = (ended_at is not null))
);
-- Prevents two concurrent runs of one job, regardless of the state of the replicas.
create unique index job_runs_one_running on job_runs (job) where state = 'RUNNING';
create index job_runs_queued on job_runs (job, scheduled_for, run_id) where state = 'QUEUED';
create index job_runs_history on job_runs (job, run_id desc);
create trigger job_runs_end_once before update on job_runs for each row
    when (old.state in ('SUCCEEDED', 'FAILED', 'SKIPPED') and new.state <> old.state)
    execute function refuse_change('a run that is over stays over');
