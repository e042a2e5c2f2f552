-- Running newbee processes, and a flag for job runs that changed something.

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

-- Null for runs that did not succeed, and for runs that ended before this migration.
alter table job_runs add column had_effect boolean;
