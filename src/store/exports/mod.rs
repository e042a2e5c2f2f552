//! Reads of `newbee export`: all exported rows in one snapshot, in order of their import, a thousand at a time.

mod tables;

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Executor, Row};

pub use self::tables::{EXCLUDED, EXPORTED, Exported};
use super::bounded::{PgConnection, PgTransaction};

/// Rows that are read at a time: the memory of an export.
const PAGE: usize = 1_000;

/// Columns of a row, as the database writes them: numbers keep all digits.
pub type Columns = BTreeMap<String, Box<RawValue>>;

/// Type of exported records with the statement that selects them as objects.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    pub kind: &'static str,
    sql: &'static str,
}

/// All types, in the order of the export: an import reads each record after those that it refers to.
pub const EXPORTS: [Export; 23] = [
    Export {
        kind: "rule",
        sql: "select to_jsonb(v) || jsonb_build_object('award_type', r.award_type)
              from rule_versions v join rules r using (item) order by v.item, v.version",
    },
    Export {
        kind: "ruleText",
        sql: "select to_jsonb(t) from rule_texts t order by item",
    },
    Export {
        kind: "budget",
        sql: "select to_jsonb(s) from budget_slots s order by item, coin_id, period, slot",
    },
    Export {
        kind: "retiredCode",
        sql: "select to_jsonb(c) from retired_invitation_codes c order by code_hash",
    },
    Export {
        kind: "reservationCampaign",
        sql: "select to_jsonb(c) from reservation_campaigns c order by campaign_id",
    },
    Export {
        kind: "wordCampaign",
        sql: "select to_jsonb(c) from word_campaigns c order by campaign_id",
    },
    Export {
        kind: "user",
        sql: "select jsonb_build_object('user_id', u.user_id, 'name', u.name, 'portrait_uri', u.portrait_uri, 'code', i.code,
                         'class', i.class, 'parent_id', i.parent_id, 'parent_code', i.parent_code, 'bound_at', i.bound_at,
                         'created_at', u.created_at, 'updated_at', u.updated_at, 'erased_at', u.erased_at,
                         'invitation_created_at', i.created_at, 'invitation_updated_at', i.updated_at,
                         'last_change', f.last_change)
              from users u join invitations i using (user_id) left join award_feeds f using (user_id) order by u.user_id",
    },
    Export {
        kind: "place",
        sql: "select jsonb_build_object('user_id', user_id, 'campaign', campaign_key, 'reserved_at', reserved_at,
                                        'cancelled_at', cancelled_at)
              from reservations join reservation_campaigns using (campaign_id) order by user_id, campaign_id",
    },
    Export {
        kind: "award",
        sql: "select jsonb_build_object('award_id', a.award_id, 'user_id', a.user_id, 'item', a.item, 'award_type', a.award_type,
                         'amount', a.amount, 'coin_id', a.coin_id, 'target_id', a.target_id, 'status', a.status,
                         'created_at', a.created_at, 'updated_at', a.updated_at, 'settles_at', a.settles_at,
                         'business_day', a.business_day, 'rule_version', a.rule_version, 'source', a.source,
                         'source_key', a.source_key, 'recorded_by', a.recorded_by, 'settle_error', a.settle_error,
                         'changed_in', a.changed_in, 'settled_at', s.posted_at, 'reversed_at', r.posted_at)
              from awards a
              left join ledger_entries s on (s.user_id, s.award_id, s.kind) = (a.user_id, a.award_id, 'SETTLE')
              left join ledger_entries r on (r.user_id, r.award_id, r.kind) = (a.user_id, a.award_id, 'REVERSE')
              order by a.user_id, a.award_id",
    },
    Export {
        kind: "claim",
        sql: "select jsonb_build_object('campaign_id', campaign_id, 'share_number', share_number, 'claim_number', claim_number,
                         'user_id', user_id, 'award_id', award_id, 'amount', amount, 'claimed_at', claimed_at,
                         'claimant', encode(claimant, 'hex'))
              from word_shares where user_id is not null order by campaign_id, share_number",
    },
    Export {
        kind: "grantLine",
        sql: "select to_jsonb(l) from grant_lines l order by grant_id, line",
    },
    Export {
        kind: "grantSum",
        sql: "select to_jsonb(s) from grant_sums s order by grant_id, coin_id",
    },
    Export {
        kind: "grant",
        sql: "select to_jsonb(g) from grants g order by grant_id",
    },
    Export {
        kind: "openingBalance",
        sql: "select jsonb_build_object('user_id', user_id, 'coin_id', coin_id, 'amount', amount, 'at', posted_at,
                                        'entry_id', award_id)
              from ledger_entries where kind = 'OPENING' order by user_id, coin_id",
    },
    Export {
        kind: "bridgedDay",
        sql: "select to_jsonb(b) from bridged_days b order by day",
    },
    Export {
        kind: "coveredDay",
        sql: "select to_jsonb(c) from covered_days c order by user_id, day",
    },
    Export {
        kind: "importedStreak",
        sql: "select to_jsonb(s) from imported_streaks s order by user_id",
    },
    Export {
        kind: "streak",
        sql: "select jsonb_build_object('user_id', user_id, 'last_day', last_sign_in, 'length', streak_length,
                                        'skipped_days', skipped_days, 'freezes', freezes, 'best_streak', best_streak)
              from award_feeds where last_sign_in is not null order by user_id",
    },
    Export {
        kind: "dailyCount",
        sql: "select to_jsonb(c) from daily_counters c order by user_id, business_day, item",
    },
    Export {
        kind: "qualification",
        sql: "select to_jsonb(q) from qualifications q order by user_id, item",
    },
    Export {
        kind: "taskReport",
        sql: "select to_jsonb(r) from task_requests r order by user_id, idempotency_key",
    },
    Export {
        kind: "importedTotal",
        sql: "select to_jsonb(t) from imported_totals t order by day, item, coin_id",
    },
    Export {
        kind: "day",
        sql: "select to_jsonb(d) - 'closed_by_run' from business_days d order by day",
    },
];

/// Begins the snapshot of an export: everything is read as of this moment.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn begin(connection: &mut PgConnection) -> sqlx::Result<PgTransaction<'_>> {
    let mut transaction = connection.begin().await?;
    transaction
        .execute(sqlx::raw_sql(
            "set transaction isolation level repeatable read, read only",
        ))
        .await?;
    Ok(transaction)
}

/// Rows of one type, read through a cursor.
#[derive(Debug)]
pub struct Rows<'t, 'c> {
    transaction: &'t mut PgTransaction<'c>,
    is_over: bool,
}

impl<'t, 'c> Rows<'t, 'c> {
    /// Opens the cursor of a type.
    ///
    /// # Errors
    /// Returns an error if the database query fails.
    pub async fn open(transaction: &'t mut PgTransaction<'c>, export: &Export) -> sqlx::Result<Self> {
        // Safe: the statements are constants. They are a table, so they are not checked at compile time.
        let sql = format!("declare newbee_export no scroll cursor for {}", export.sql);
        transaction.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
        Ok(Self {
            transaction,
            is_over: false,
        })
    }

    /// Returns the next rows; none at the end.
    ///
    /// # Errors
    /// Returns an error if the database query fails.
    pub async fn next_page(&mut self) -> sqlx::Result<Vec<Columns>> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let sql = format!("fetch {PAGE} from newbee_export");
        let rows = sqlx::query(AssertSqlSafe(sql))
            .fetch_all(&mut **self.transaction)
            .await?;
        self.is_over = rows.len() < PAGE;
        if self.is_over {
            self.transaction.execute(sqlx::raw_sql("close newbee_export")).await?;
        }
        let columns = rows.iter().map(|row| row.try_get::<Json<Columns>, _>(0));
        columns.map(|columns| columns.map(|Json(columns)| columns)).collect()
    }
}
