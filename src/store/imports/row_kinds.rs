//! Types of records that are rows of a table as they are.

/// A type of records that are rows of one table.
#[derive(Clone, Copy, Debug)]
pub struct RowKind {
    pub kind: &'static str,
    pub table: &'static str,
    /// Columns of the primary key.
    pub key: &'static [&'static str],
    /// Columns that change after the row was written, so that a difference in them is none.
    pub changing: &'static [&'static str],
    /// Fields of other tables.
    pub more: &'static [&'static str],
    /// Statements that insert the rows of the lines `$1`.
    pub insert: &'static [&'static str],
}

/// Statement that inserts lines as they are.
macro_rules! copied {
    ($table:literal) => {
        concat!(
            "insert into ",
            $table,
            " select r.* from import_lines, jsonb_populate_record(null::",
            $table,
            ", content) r where seq = any ($1) order by seq"
        )
    };
}

/// All of them, in the order of their import.
pub const ROW_KINDS: [RowKind; 17] = [
    RowKind {
        kind: "rule",
        table: "rule_versions",
        key: &["item", "version"],
        changing: &[],
        more: &["award_type"],
        insert: &[
            "insert into rules (item, award_type)
             select distinct content ->> 'item', (content ->> 'award_type')::award_type from import_lines where seq = any ($1)
             on conflict do nothing",
            copied!("rule_versions"),
        ],
    },
    RowKind {
        kind: "ruleText",
        table: "rule_texts",
        key: &["item"],
        changing: &["title_en", "title_zh", "description_en", "description_zh", "link"],
        more: &[],
        insert: &[copied!("rule_texts")],
    },
    RowKind {
        kind: "budget",
        table: "budget_slots",
        key: &["item", "coin_id", "period", "slot"],
        changing: &["allotted", "spent"],
        more: &[],
        insert: &[copied!("budget_slots")],
    },
    RowKind {
        kind: "retiredCode",
        table: "retired_invitation_codes",
        key: &["code_hash"],
        changing: &[],
        more: &[],
        insert: &[copied!("retired_invitation_codes")],
    },
    RowKind {
        kind: "reservationCampaign",
        table: "reservation_campaigns",
        key: &["campaign_id"],
        changing: &["reserved_count", "state", "launched_at", "launched_by", "rewards_paid_at", "updated_at"],
        more: &[],
        // Its places are counted as they are imported.
        insert: &["insert into reservation_campaigns overriding system value
             select r.* from import_lines,
                  jsonb_populate_record(null::reservation_campaigns, content || '{\"reserved_count\": 0}') r
             where seq = any ($1) order by seq"],
    },
    RowKind {
        kind: "wordCampaign",
        table: "word_campaigns",
        key: &["campaign_id"],
        changing: &["used_count", "used_amount", "state", "ended_at", "beacon_signature", "updated_at"],
        more: &[],
        insert: &[
            "insert into word_campaigns overriding system value
             select r.* from import_lines,
                  jsonb_populate_record(null::word_campaigns, content || '{\"used_count\": 0, \"used_amount\": 0}') r
             where seq = any ($1) order by seq",
            "insert into word_shares (campaign_id, share_number)
             select (content ->> 'campaign_id')::bigint, n
             from import_lines, generate_series(1, (content ->> 'max_count')::integer) n where seq = any ($1)",
        ],
    },
    RowKind {
        kind: "grantLine",
        table: "grant_lines",
        key: &["grant_id", "line"],
        changing: &["award_id", "label"],
        more: &[],
        // With the label that an erasure leaves.
        insert: &["with people as (
                 select user_id, erased_at is not null as is_erased from users
                 where user_id in (select user_id from import_lines where seq = any ($1)) order by user_id for key share
             )
             insert into grant_lines
             select r.*
             from import_lines l
             join people using (user_id)
             cross join lateral jsonb_populate_record(null::grant_lines, content || case
                 when is_erased then jsonb_build_object('label', 'erased:' || (content ->> 'line')) else '{}' end) r
             where seq = any ($1) order by seq"],
    },
    RowKind {
        kind: "grantSum",
        table: "grant_sums",
        key: &["grant_id", "coin_id"],
        changing: &[],
        more: &[],
        insert: &[copied!("grant_sums")],
    },
    // After their lines and sums.
    RowKind {
        kind: "grant",
        table: "grants",
        key: &["grant_id"],
        changing: &["state", "award_count", "decided_by", "decided_at", "decision_reason"],
        more: &[],
        insert: &["insert into grants overriding system value
             select r.* from import_lines, jsonb_populate_record(null::grants, content) r where seq = any ($1) order by seq"],
    },
    RowKind {
        kind: "bridgedDay",
        table: "bridged_days",
        key: &["day"],
        changing: &[],
        more: &[],
        insert: &[copied!("bridged_days")],
    },
    RowKind {
        kind: "coveredDay",
        table: "covered_days",
        key: &["user_id", "day"],
        changing: &[],
        more: &[],
        insert: &[copied!("covered_days")],
    },
    RowKind {
        kind: "importedStreak",
        table: "imported_streaks",
        key: &["user_id"],
        changing: &[],
        more: &[],
        insert: &[copied!("imported_streaks")],
    },
    RowKind {
        kind: "dailyCount",
        table: "daily_counters",
        key: &["user_id", "business_day", "item"],
        changing: &["count"],
        more: &[],
        insert: &[copied!("daily_counters")],
    },
    RowKind {
        kind: "qualification",
        table: "qualifications",
        key: &["user_id", "item"],
        changing: &["state", "sign_in_days", "done_items", "decided_at", "award_id", "unpaid"],
        more: &[],
        insert: &[copied!("qualifications")],
    },
    RowKind {
        kind: "taskReport",
        table: "task_requests",
        key: &["user_id", "idempotency_key"],
        changing: &[],
        more: &[],
        // Not of users who were erased meanwhile.
        insert: &["with people as (
                 select user_id from users
                 where erased_at is null and user_id in (select user_id from import_lines where seq = any ($1))
                 order by user_id for key share
             )
             insert into task_requests
             select r.* from import_lines, jsonb_populate_record(null::task_requests, content) r
             where seq = any ($1) and r.user_id in (select user_id from people) order by seq"],
    },
    RowKind {
        kind: "importedTotal",
        table: "imported_totals",
        key: &["day", "item", "coin_id"],
        changing: &["award_count", "amount"],
        more: &[],
        insert: &[copied!("imported_totals")],
    },
    // Closed when everything else is imported: see `apply::close_day`.
    RowKind {
        kind: "day",
        table: "business_days",
        key: &["day"],
        changing: &["state", "closed_at", "closed_by_run"],
        more: &[],
        insert: &[],
    },
];

/// Returns the type with a name.
pub fn row_kind(name: &str) -> Option<&'static RowKind> {
    ROW_KINDS.iter().find(|known| known.kind == name)
}
