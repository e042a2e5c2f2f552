-- Findings of the periodic audit of the books, and indexes by which maintenance jobs find expired rows.

-- One audit: a run of audit_books. Runs are eventually deleted, audits are not, so run_id has no foreign key.
create table book_audits (
    run_id       bigint primary key,
    business_day date not null,                               -- the last day that ended before the audit
    began_at     timestamptz not null,
    ended_at     timestamptz                                  -- null: it is running, or was aborted
);
create index book_audits_by_time on book_audits (began_at, run_id);

create table book_audit_checks (
    run_id     bigint not null references book_audits,
    check_name text not null check (char_length(check_name) between 1 and 100),
    violations bigint check (violations >= 0),                -- null: the check could not be completed
    details    text[] not null default '{}' check (cardinality(details) <= 100),   -- the first violations
    error      text,                                          -- error that prevented its completion
    checked_at timestamptz not null,
    primary key (run_id, check_name),
    constraint finished_or_not check ((violations is null) = (error is not null))
);
create trigger book_audit_checks_never_change before update or delete on book_audit_checks for each row
    execute function refuse_change('what an audit found never changes');
create trigger book_audit_checks_are_not_truncated before truncate on book_audit_checks
    execute function refuse_change('what an audit found never changes');

-- Keys by their end, and reports by their time: the oldest are found without reading the rest.
create index sessions_by_end on sessions (least(expires_at, revoked_at), key_hash);
create index task_requests_by_age on task_requests (created_at);
