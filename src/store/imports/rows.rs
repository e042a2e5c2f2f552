//! Records that are rows of a table as they are: few, written by exports.

use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Executor};

use super::{move_ids, raw};
use crate::domain::transfer::{Record, field_name};
use crate::store::bounded::PgConnection;

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
    /// Statements that insert the row `$1`.
    insert: &'static [&'static str],
}

/// All of them, in the order of their import.
pub const ROW_KINDS: [RowKind; 13] = [
    RowKind {
        kind: "rule",
        table: "rule_versions",
        key: &["item", "version"],
        changing: &[],
        more: &["award_type"],
        insert: &[
            "insert into rules (item, award_type) values ($1::jsonb ->> 'item', ($1::jsonb ->> 'award_type')::award_type)
             on conflict do nothing",
            "insert into rule_versions select * from jsonb_populate_record(null::rule_versions, $1::jsonb)",
        ],
    },
    RowKind {
        kind: "budget",
        table: "budget_slots",
        key: &["item", "coin_id", "period", "slot"],
        changing: &["allotted", "spent"],
        more: &[],
        insert: &["insert into budget_slots select * from jsonb_populate_record(null::budget_slots, $1::jsonb)"],
    },
    RowKind {
        kind: "retiredCode",
        table: "retired_invitation_codes",
        key: &["code_hash"],
        changing: &[],
        more: &[],
        insert: &[
            "insert into retired_invitation_codes select * from jsonb_populate_record(null::retired_invitation_codes, $1::jsonb)",
        ],
    },
    RowKind {
        kind: "reservationCampaign",
        table: "reservation_campaigns",
        key: &["campaign_id"],
        changing: &["reserved_count", "state", "launched_at", "launched_by", "rewards_paid_at", "updated_at"],
        more: &[],
        // Its places are counted as they are imported.
        insert: &["insert into reservation_campaigns overriding system value
             select * from jsonb_populate_record(null::reservation_campaigns, $1::jsonb || '{\"reserved_count\": 0}')"],
    },
    RowKind {
        kind: "wordCampaign",
        table: "word_campaigns",
        key: &["campaign_id"],
        changing: &["used_count", "used_amount", "state", "ended_at", "beacon_signature", "updated_at"],
        more: &[],
        insert: &[
            "insert into word_campaigns overriding system value
             select * from jsonb_populate_record(null::word_campaigns, $1::jsonb || '{\"used_count\": 0, \"used_amount\": 0}')",
            "insert into word_shares (campaign_id, share_number)
             select ($1::jsonb ->> 'campaign_id')::bigint, n from generate_series(1, ($1::jsonb ->> 'max_count')::integer) n",
        ],
    },
    RowKind {
        kind: "grantLine",
        table: "grant_lines",
        key: &["grant_id", "line"],
        changing: &["award_id", "label"],
        more: &[],
        insert: &["insert into grant_lines select * from jsonb_populate_record(null::grant_lines, $1::jsonb)"],
    },
    RowKind {
        kind: "grantSum",
        table: "grant_sums",
        key: &["grant_id", "coin_id"],
        changing: &[],
        more: &[],
        insert: &["insert into grant_sums select * from jsonb_populate_record(null::grant_sums, $1::jsonb)"],
    },
    // After their lines and sums.
    RowKind {
        kind: "grant",
        table: "grants",
        key: &["grant_id"],
        changing: &["state", "award_count", "decided_by", "decided_at", "decision_reason"],
        more: &[],
        insert: &["insert into grants overriding system value select * from jsonb_populate_record(null::grants, $1::jsonb)"],
    },
    RowKind {
        kind: "importedStreak",
        table: "imported_streaks",
        key: &["user_id"],
        changing: &[],
        more: &[],
        insert: &["insert into imported_streaks select * from jsonb_populate_record(null::imported_streaks, $1::jsonb)"],
    },
    RowKind {
        kind: "dailyCount",
        table: "daily_counters",
        key: &["user_id", "business_day", "item"],
        changing: &["count"],
        more: &[],
        insert: &["insert into daily_counters select * from jsonb_populate_record(null::daily_counters, $1::jsonb)"],
    },
    RowKind {
        kind: "taskReport",
        table: "task_requests",
        key: &["user_id", "idempotency_key"],
        changing: &[],
        more: &[],
        insert: &["insert into task_requests select * from jsonb_populate_record(null::task_requests, $1::jsonb)"],
    },
    RowKind {
        kind: "importedTotal",
        table: "imported_totals",
        key: &["day", "item", "coin_id"],
        changing: &["award_count", "amount"],
        more: &[],
        insert: &["insert into imported_totals select * from jsonb_populate_record(null::imported_totals, $1::jsonb)"],
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

/// Creates the record of a row, after the database has read its columns.
///
/// # Errors
/// Returns an error if the database query fails; the inner error says what is wrong with the columns.
pub async fn read(
    connection: &mut PgConnection,
    kind: &'static RowKind,
    columns: &Map<String, Value>,
) -> sqlx::Result<Result<Record, String>> {
    // Safe: the name of the table is a constant.
    let sql = format!(
        "select to_jsonb(jsonb_populate_record(null::{}, $1::jsonb))",
        kind.table
    );
    let read = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(Value::Object(columns.clone()))
        .fetch_one(connection)
        .await;
    let row = match read {
        Ok(Value::Object(row)) => row,
        Ok(_) => return Ok(Err("Expected a JSON object.".to_owned())),
        Err(error) => return reason(error).map(Err),
    };
    let is_known = |name: &&String| row.contains_key(*name) || kind.more.contains(&name.as_str());
    if let Some(unknown) = columns.keys().find(|name| !is_known(name)) {
        return Ok(Err(format!("{}: unknown field.", field_name(unknown))));
    }
    let mut parts = Vec::new();
    for column in kind.key {
        match row.get(*column) {
            None | Some(Value::Null) => return Ok(Err(format!("{} is missing.", field_name(column)))),
            Some(Value::String(text)) => parts.push(text.clone()),
            Some(other) => parts.push(other.to_string()),
        }
    }
    Ok(Ok(Record {
        kind: kind.kind,
        key: parts.join("/"),
        user_id: row.get("user_id").and_then(Value::as_i64),
        // As given: numbers of the database would lose digits as JSON numbers of this program.
        content: columns.clone(),
    }))
}

/// Returns the reason of an error that the data caused.
fn reason(error: sqlx::Error) -> sqlx::Result<String> {
    let Some(refused) = error.as_database_error() else {
        return Err(error);
    };
    let code = refused.code().unwrap_or_default().into_owned();
    // Data exceptions, violated constraints, and exceptions of triggers.
    if !["22", "23", "P0"].iter().any(|class| code.starts_with(class)) {
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

/// Inserts the rows of a type, each in its own transaction, which a dry run rolls back. A row that the database refuses is
/// marked.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn apply(connection: &mut PgConnection, kind: &RowKind, is_dry_run: bool) -> sqlx::Result<()> {
    let mut after = 0_i64;
    loop {
        let next: Option<(i64, Value)> = sqlx::query_as(
            "select seq, content from import_lines where kind = $1 and state is null and seq > $2 order by seq limit 1",
        )
        .bind(kind.kind)
        .bind(after)
        .fetch_optional(&mut *connection)
        .await?;
        let Some((seq, content)) = next else { break };
        after = seq;
        if let Err(error) = insert(connection, kind, &content, is_dry_run).await {
            let reason = reason(error)?;
            sqlx::query("update import_lines set state = 'refused', reason = $2 where seq = $1")
                .bind(seq)
                .bind(reason)
                .execute(&mut *connection)
                .await?;
        }
    }
    if !is_dry_run && ["reservationCampaign", "wordCampaign", "grant"].contains(&kind.kind) {
        move_ids(connection, kind.table, kind.key[0]).await?;
    }
    Ok(())
}

async fn insert(connection: &mut PgConnection, kind: &RowKind, content: &Value, is_dry_run: bool) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    for sql in kind.insert {
        let inserted = transaction.execute(sqlx::query(*sql).bind(content)).await;
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
