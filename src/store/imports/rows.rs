//! Records that are rows of a table as they are: few, written by exports.

use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Executor};

use super::{move_ids, raw};
use crate::domain::transfer::{Record, field_name};
use crate::store::bounded::PgConnection;

/// Number of rows per transaction.
const BATCH: i64 = 1_000;

/// A type of records that are rows of one table.
#[derive(Clone, Copy, Debug)]
pub struct RowKind {
    pub kind: &'static str,
    pub table: &'static str,
    /// Columns of the primary key.
    key: &'static [&'static str],
    /// Columns that change after the row was written, so that a difference in them is none.
    changing: &'static [&'static str],
    /// Fields of other tables.
    more: &'static [&'static str],
    /// Statements that insert the rows of the lines `$1`.
    insert: &'static [&'static str],
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

/// Creates the records of rows of a type, in their order, after the database has read their columns. A record is replaced
/// by what is wrong with its columns.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn read(
    connection: &mut PgConnection,
    kind: &'static RowKind,
    rows: &[Map<String, Value>],
) -> sqlx::Result<Vec<Result<Record, String>>> {
    // Safe: the name of the table is a constant.
    let sql = format!(
        "select to_jsonb(jsonb_populate_record(null::{}, columns))
         from unnest($1::jsonb[]) with ordinality as rows (columns, place) order by place",
        kind.table
    );
    let found = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(rows.iter().cloned().map(Value::Object).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await;
    match found {
        Ok(found) => {
            let pairs = rows.iter().zip(found);
            Ok(pairs.map(|(columns, row)| record(kind, columns, &row)).collect())
        }
        Err(error) if rows.len() == 1 => refusal(error).map(|reason| vec![Err(reason)]),
        Err(error) => {
            // Which of the rows it is, the database does not say.
            refusal(error)?;
            let mut records = Vec::with_capacity(rows.len());
            for row in rows {
                records.extend(Box::pin(read(connection, kind, std::slice::from_ref(row))).await?);
            }
            Ok(records)
        }
    }
}

fn record(kind: &'static RowKind, columns: &Map<String, Value>, row: &Value) -> Result<Record, String> {
    let is_known = |name: &&String| row.get(*name).is_some() || kind.more.contains(&name.as_str());
    if let Some(unknown) = columns.keys().find(|name| !is_known(name)) {
        return Err(format!("{}: unknown field.", field_name(unknown)));
    }
    let mut parts = Vec::new();
    for column in kind.key {
        match row.get(*column) {
            None | Some(Value::Null) => return Err(format!("{} is missing.", field_name(column))),
            Some(Value::String(text)) => parts.push(text.clone()),
            Some(other) => parts.push(other.to_string()),
        }
    }
    Ok(Record {
        kind: kind.kind,
        key: parts.join("/"),
        user_id: row.get("user_id").and_then(Value::as_i64),
        // As given: numbers of the database would lose digits as JSON numbers of this program.
        content: columns.clone(),
    })
}

/// Returns the reason of an error that the data caused.
///
/// # Errors
/// Returns the error if it has another cause.
pub(super) fn refusal(error: sqlx::Error) -> sqlx::Result<String> {
    let Some(refused) = error.as_database_error() else {
        return Err(error);
    };
    let code = refused.code().unwrap_or_default().into_owned();
    // Data exceptions, violated constraints, exceeded limits, and exceptions of triggers.
    if !["22", "23", "54", "P0"].iter().any(|class| code.starts_with(class)) {
        return Err(error);
    }
    let detail = refused
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .and_then(|refused| refused.detail());
    Ok(match detail {
        Some(detail) => format!("{}: {detail}", refused.message()),
        None => format!("{}.", refused.message()),
    })
}

/// Marks the rows that exist, and refuses those that differ from them.
pub(super) async fn check(connection: &mut PgConnection) -> sqlx::Result<()> {
    for kind in ROW_KINDS.iter().filter(|kind| kind.kind != "day") {
        let RowKind { table, .. } = kind;
        let [same_key, names, ignored] = [
            kind.key
                .iter()
                .map(|column| format!("t.{column} = (r.row).{column}"))
                .collect::<Vec<_>>()
                .join(" and "),
            kind.key.join(", "),
            kind.changing
                .iter()
                .map(|column| format!("'{column}'"))
                .collect::<Vec<_>>()
                .join(", "),
        ];
        // Safe: all names are constants.
        let sql = format!(
            "with found as (
                 select r.seq, to_jsonb(t) - array[{ignored}]::text[] as old, to_jsonb(r.row) - array[{ignored}]::text[] as new
                 from (select seq, jsonb_populate_record(null::{table}, content) as row from import_lines
                       where kind = $1 and state is null offset 0) r
                 join {table} t on {same_key}
             )
             update import_lines l
             set state = case when old = new then 'unchanged' else 'refused' end,
                 reason = case when old <> new then format('The database has another row of {table} with this {names}: %s', old) end
             from found f where f.seq = l.seq"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(kind.kind)
            .execute(&mut *connection)
            .await?;
    }
    raw(
        connection,
        "update import_lines l set state = 'refused', reason = format('The item has the type %s.', r.award_type)
         from rules r
         where l.kind = 'rule' and l.state is null and r.item = l.content ->> 'item'
           and r.award_type::text is distinct from l.content ->> 'award_type'",
    )
    .await
}

/// Inserts the rows of a type, many in one transaction, which a dry run rolls back. Rows that the database refuses are
/// marked.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn apply(connection: &mut PgConnection, kind: &RowKind, is_dry_run: bool) -> sqlx::Result<()> {
    let mut after = 0_i64;
    loop {
        let seqs: Vec<i64> = sqlx::query_scalar(
            "select seq from import_lines where kind = $1 and state is null and seq > $2 order by seq limit $3",
        )
        .bind(kind.kind)
        .bind(after)
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = seqs.last() else { break };
        after = *last;
        let Err(error) = insert(connection, kind, &seqs, is_dry_run).await else {
            continue;
        };
        // Which of the rows it is, the database does not say.
        refusal(error)?;
        for seq in seqs {
            if let Err(error) = insert(connection, kind, &[seq], is_dry_run).await {
                sqlx::query("update import_lines set state = 'refused', reason = $2 where seq = $1")
                    .bind(seq)
                    .bind(refusal(error)?)
                    .execute(&mut *connection)
                    .await?;
            }
        }
    }
    if !is_dry_run && ["reservationCampaign", "wordCampaign", "grant"].contains(&kind.kind) {
        move_ids(connection, kind.table, kind.key[0]).await?;
    }
    Ok(())
}

async fn insert(connection: &mut PgConnection, kind: &RowKind, seqs: &[i64], is_dry_run: bool) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    for sql in kind.insert {
        let inserted = transaction.execute(sqlx::query(*sql).bind(seqs)).await;
        if let Err(error) = inserted {
            transaction.rollback().await?;
            return Err(error);
        }
    }
    match is_dry_run {
        true => transaction.rollback().await,
        false => transaction.commit().await,
    }
}
