//! Records that are rows of a table as they are: few, written by exports.

use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Executor};

use super::row_kinds::{ROW_KINDS, RowKind};
use super::{move_ids, raw, rule_texts};
use crate::domain::transfer::{Record, field_name};
use crate::store::bounded::PgConnection;

/// Number of rows per transaction.
const BATCH: i64 = 1_000;

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
    if kind.kind == "ruleText" {
        rule_texts::check(row)?;
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
