//! Every table, and what an export has of it. A test compares this list with the database.

/// Table whose rows are equal after an export and an import into an empty database.
#[derive(Clone, Copy, Debug)]
pub struct Exported {
    pub table: &'static str,
    /// Columns that are not exported.
    pub without: &'static [&'static str],
}

const fn whole(table: &'static str) -> Exported {
    Exported { table, without: &[] }
}

/// Tables that an export contains, or that an import computes from it.
pub const EXPORTED: [Exported; 30] = [
    // Where a user came from: imported users belong to the host.
    Exported {
        table: "users",
        without: &["origin"],
    },
    whole("invitations"),
    whole("invitation_codes"),
    whole("invitation_children"),
    whole("invitation_links"),
    whole("rules"),
    whole("rule_versions"),
    whole("rule_texts"),
    whole("budget_slots"),
    whole("awards"),
    whole("award_feeds"),
    whole("daily_counters"),
    whole("qualifications"),
    whole("task_requests"),
    // Runs are not exported.
    Exported {
        table: "ledger_entries",
        without: &["run_id"],
    },
    whole("balances"),
    whole("imported_streaks"),
    whole("covered_days"),
    whole("bridged_days"),
    whole("imported_totals"),
    Exported {
        table: "business_days",
        without: &["closed_by_run"],
    },
    whole("business_day_totals"),
    whole("word_campaigns"),
    whole("word_shares"),
    whole("reservation_campaigns"),
    whole("reservations"),
    whole("retired_invitation_codes"),
    whole("grants"),
    whole("grant_lines"),
    whole("grant_sums"),
];

/// Tables that an export does not contain, and why.
pub const EXCLUDED: [(&str, &str); 22] = [
    ("_sqlx_migrations", "written by newbee migrate"),
    ("api_keys", "secrets: create keys for the new installation"),
    ("audit_log", "belongs to the installation where the changes were made"),
    ("book_audit_checks", "results of audits of the other database"),
    ("book_audits", "results of audits of the other database"),
    ("ended_session_keys", "secrets: sessions are not exported"),
    ("host_dead_letters", "deliveries of the other database"),
    ("host_endpoints", "secrets: register the endpoints of the host again"),
    ("host_event_marks", "positions in the feed of the other database"),
    (
        "host_event_queue",
        "changes on their way into the feed of the other database",
    ),
    (
        "host_events",
        "the host has received them; its cursor belongs to the other database",
    ),
    ("host_feed", "state of the feed of the other database"),
    (
        "installation",
        "its time zone is in the first line; the times are those of the database",
    ),
    ("invitation_binding_lock", "a row to be locked, without data"),
    ("job_runs", "history of the other database's jobs"),
    ("jobs", "written by the scheduler"),
    ("processes", "processes of the other database"),
    ("rule_catalogue", "counts the changes of its own database"),
    ("session_requests", "secrets: sessions are not exported"),
    (
        "sessions",
        "secrets: the host registers keys again, or users get new ones",
    ),
    ("text_forms", "written by newbee migrate"),
    ("tries", "counts of the last minutes"),
];
