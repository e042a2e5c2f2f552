-- What the standing audit of the books found, and how the jobs of upkeep find what is over.

-- One audit: a run of audit_books. Runs are forgotten one day, audits are not, so this names the run without a foreign key.
create table book_audits (
    run_id       bigint primary key,
    business_day date not null,                               -- the day that ended before it
    began_at     timestamptz not null,
    ended_at     timestamptz                                  -- null: it goes on, or was broken off
);
create index book_audits_by_time on book_audits (began_at, run_id);

create table book_audit_checks (
    run_id     bigint not null references book_audits,
    check_name text not null check (char_length(check_name) between 1 and 100),
    violations bigint check (violations >= 0),                -- null: it could not be finished
    details    text[] not null default '{}' check (cardinality(details) <= 100),   -- the first violations
    error      text,                                          -- why it could not be finished
    checked_at timestamptz not null,
    primary key (run_id, check_name),
    constraint finished_or_not check ((violations is null) = (error is not null))
);
create trigger book_audit_checks_never_change before update or delete on book_audit_checks for each row
    execute function refuse_change('what an audit found never changes');
create trigger book_audit_checks_are_not_truncated before truncate on book_audit_checks
    execute function refuse_change('what an audit found never changes');

-- Keys by when they ended, and reports by when they came: the oldest are found without a look at the rest.
create index sessions_by_end on sessions (least(expires_at, revoked_at), key_hash);
create index task_requests_by_age on task_requests (created_at);
