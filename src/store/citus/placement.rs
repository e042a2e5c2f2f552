//! Every table, and its place in a distributed database. A test compares this list with the database.

/// Place of a table's rows among the nodes of Citus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In shards by the hash of a column that holds user IDs: all rows of a user are on one node.
    ByUser(&'static str),
    /// A copy on every node.
    Reference,
    /// On the coordinator, known to Citus: a transaction that also changes rows of users is committed in two phases.
    Coordinator,
    /// On the coordinator, unknown to Citus: its statements use what Citus does not support, and no transaction changes it
    /// together with a single row of a user.
    Local,
}

/// Tables in the order of their distribution: those that others refer to come first.
pub const PLACEMENT: &[(&str, Place)] = &[
    // Read on the nodes of users by a trigger of awards.
    ("business_days", Place::Reference),
    // Read on the nodes of users by a trigger of reservations.
    ("reservation_campaigns", Place::Reference),
    ("users", Place::ByUser("user_id")),
    ("invitations", Place::ByUser("user_id")),
    ("invitation_children", Place::ByUser("parent_id")),
    ("awards", Place::ByUser("user_id")),
    ("award_feeds", Place::ByUser("user_id")),
    ("imported_streaks", Place::ByUser("user_id")),
    ("daily_counters", Place::ByUser("user_id")),
    ("task_requests", Place::ByUser("user_id")),
    ("ledger_entries", Place::ByUser("user_id")),
    ("balances", Place::ByUser("user_id")),
    ("reservations", Place::ByUser("user_id")),
    ("covered_days", Place::ByUser("user_id")),
    ("tries", Place::ByUser("user_id")),
    ("host_event_marks", Place::ByUser("user_id")),
    // Read together with the rows of users.
    ("rules", Place::Reference),
    ("rule_versions", Place::Reference),
    ("rule_texts", Place::Reference),
    ("bridged_days", Place::Reference),
    // Read by the invitee and by the inviter.
    ("qualifications", Place::Reference),
    ("rule_catalogue", Place::Local),
    ("budget_slots", Place::Coordinator),
    ("grants", Place::Local),
    ("grant_lines", Place::Coordinator),
    ("grant_sums", Place::Coordinator),
    // Looked up by their key: a batch of keys would ask every node.
    ("sessions", Place::Local),
    ("session_requests", Place::Local),
    ("ended_session_keys", Place::Local),
    ("invitation_codes", Place::Coordinator),
    ("retired_invitation_codes", Place::Coordinator),
    // Ancestors are walked under one lock.
    ("invitation_links", Place::Coordinator),
    ("invitation_binding_lock", Place::Coordinator),
    ("business_day_totals", Place::Coordinator),
    ("imported_totals", Place::Coordinator),
    ("installation", Place::Local),
    ("text_forms", Place::Local),
    ("jobs", Place::Local),
    ("job_runs", Place::Local),
    ("processes", Place::Local),
    ("word_campaigns", Place::Coordinator),
    ("word_shares", Place::Coordinator),
    ("api_keys", Place::Coordinator),
    ("audit_log", Place::Coordinator),
    ("book_audits", Place::Coordinator),
    ("book_audit_checks", Place::Coordinator),
    ("host_feed", Place::Coordinator),
    ("host_events", Place::Coordinator),
    ("host_event_queue", Place::Coordinator),
    ("host_endpoints", Place::Coordinator),
    ("host_dead_letters", Place::Coordinator),
    ("_sqlx_migrations", Place::Local),
];

/// Functions of triggers that work on the nodes of users: they read only the rows of the same user and tables of which
/// every node has a copy. Of two others, Citus refuses what they would have to read elsewhere: `refuse_rebinding` and
/// `refuse_reopening`, see `deploy/scale.md`.
pub const TRIGGER_FUNCTIONS: [&str; 10] = [
    "refuse_change",
    "clear_search_name",
    "refuse_change_of_award",
    "refuse_awards_of_closed_days",
    "refuse_reservation_unless_open",
    "refuse_rebinding",
    "refuse_reopening",
    "refuse_misfit_rule_version",
    // In the form of `functions.sql`.
    "keep_frozen_days",
    "count_rule_change",
];

/// Triggers that are disabled, with their tables: the statements of a distributed database do what they would do.
pub const REPLACED_TRIGGERS: [(&str, &str); 1] = [("awards", "awards_qualify_invitees")];

/// Functions that run on the node of a shard, which their first argument names.
pub const FUNCTIONS_OF_SHARDS: [&str; 6] = [
    "sign_in_on_shard",
    "settle_on_shard",
    "lock_next_on_shard",
    "exclude_sign_ins_on_shard",
    "hold_users_on_shard",
    "lock_feeds_on_shard",
];
