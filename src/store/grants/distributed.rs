//! Awards of a grant in a distributed database, user by user.

use rust_decimal::Decimal;

use super::LinePosition;
use crate::domain::business_day::BusinessTime;
use crate::store::bounded::PgConnection;
use crate::store::citus::locks::hold_users;

/// Creates the awards of at most `limit` lines after a position, like [`award_lines`](super::award_lines).
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn award_lines(
    connection: &mut PgConnection,
    id: i64,
    author: &str,
    moment: BusinessTime,
    after: LinePosition,
    limit: i64,
) -> sqlx::Result<(i64, Option<LinePosition>)> {
    let chunk = sqlx::query!(
        "select line, user_id, label, amount, coin_id, hold from grant_lines
         where grant_id = $1 and (user_id, line) > ($2, $3) order by user_id, line limit $4",
        id,
        after.user_id,
        after.line,
        limit
    )
    .fetch_all(&mut *connection)
    .await?;
    let users: Vec<i64> = chunk.iter().map(|line| line.user_id).collect();
    let live = hold_users(&mut *connection, &users).await?;
    let (mut lines, mut awards) = (Vec::new(), Vec::new());
    for line in chunk.iter().filter(|line| live.contains(&line.user_id)) {
        let change = sqlx::query_scalar!(
            "insert into award_feeds as f (user_id, last_change) values ($1, 1)
             on conflict (user_id) do update set last_change = f.last_change + 1
             returning last_change",
            line.user_id
        )
        .fetch_one(&mut *connection)
        .await?;
        let amount: Decimal = line.amount;
        let award = sqlx::query_scalar!(
            "insert into awards (user_id, source, source_key, item, award_type, amount, coin_id, target_id, business_day,
                                 settles_at, created_at, updated_at, recorded_by, changed_in)
             values ($1, 'grant', $2, 'grant', 'GRANT', $3, $4, $5, $6, $7::timestamptz + $8::interval, $7, $7, $9, $10)
             returning award_id",
            line.user_id,
            format!("{id}-{}", line.line),
            amount,
            line.coin_id,
            line.label,
            moment.day,
            moment.at,
            line.hold.clone() as _,
            author,
            change
        )
        .fetch_one(&mut *connection)
        .await?;
        lines.push(line.line);
        awards.push(award);
    }
    sqlx::query!(
        "update grant_lines l set award_id = made.award_id
         from unnest($2::integer[], $3::bigint[]) made (line, award_id)
         where l.grant_id = $1 and l.line = made.line",
        id,
        &lines[..],
        &awards[..]
    )
    .execute(connection)
    .await?;
    let last = chunk.last().map(|last| LinePosition {
        user_id: last.user_id,
        line: last.line,
    });
    Ok((awards.len() as i64, last.filter(|_| chunk.len() as i64 >= limit)))
}
