//! Grants of awards by operators, with their lines and sums.

mod distributed;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use crate::domain::audit::Author;
use crate::domain::business_day::BusinessTime;
use crate::domain::grant::{GrantLine, GrantRequest, GrantState, GrantSum};
use crate::store::bounded::PgConnection;
use crate::store::unnamed::Unnamed;

/// Stored grant.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantRecord {
    pub grant_id: i64,
    pub content_hash: Vec<u8>,
    /// As stored; see [`GrantState::at`].
    pub state: GrantState,
    pub reason: String,
    pub line_count: i32,
    /// Number of awards made; less than the number of lines if users were erased before the approval.
    pub award_count: i32,
    pub requested_by: String,
    pub requested_at: DateTime<Utc>,
    /// End of the time for an approval; `None` if the grant needed none.
    pub expires_at: Option<DateTime<Utc>>,
    pub decided_by: Option<String>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decision_reason: Option<String>,
}

/// Stored line of a grant.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantLineRecord {
    /// Number in the order of the request, starting at 1.
    pub line: i32,
    pub user_id: i64,
    pub label: String,
    pub amount: Decimal,
    pub coin_id: String,
    pub hold_seconds: i64,
    pub award_id: Option<i64>,
}

/// Checked statement that returns grants, with their columns between its two parts.
macro_rules! grant_query {
    ($before:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            GrantRecord,
            $before
                + r#" grant_id, content_hash, state::text as "state!: GrantState", reason, line_count, award_count,
                      requested_by, requested_at, expires_at, decided_by, decided_at, decision_reason "#
                + $after
            $(, $argument)*
        )
    };
}

/// Waits for other grants of an author, until the transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_author(connection: &mut PgConnection, author: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('grants of ' || $1::text, 0))",
        author
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Returns the grant with an idempotency key.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_by_key(connection: impl PgExecutor<'_>, key: &str) -> sqlx::Result<Option<GrantRecord>> {
    grant_query!("select", "from grants where idempotency_key = $1", key)
        .fetch_optional(connection)
        .await
}

/// Returns a grant by its ID.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, id: i64) -> sqlx::Result<Option<GrantRecord>> {
    grant_query!("select", "from grants where grant_id = $1", id)
        .fetch_optional(connection)
        .await
}

/// Returns a grant by its ID, and locks it until the transaction ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: impl PgExecutor<'_>, id: i64) -> sqlx::Result<Option<GrantRecord>> {
    grant_query!("select", "from grants where grant_id = $1 for update", id)
        .fetch_optional(connection)
        .await
}

/// Returns grants, newest first; only those with an ID below `below` if it is given, and those that wait at an instant
/// if that is given.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(
    connection: impl PgExecutor<'_>,
    waiting_at: Option<DateTime<Utc>>,
    below: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<GrantRecord>> {
    grant_query!(
        "select",
        "from grants where ($1::timestamptz is null or (state = 'WAITING' and expires_at > $1))
           and ($2::bigint is null or grant_id < $2)
         order by grant_id desc limit $3",
        waiting_at,
        below,
        limit,
    )
    .fetch_all(Unnamed(connection))
    .await
}

/// Returns the sums of a grant by coin.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn sums(connection: impl PgExecutor<'_>, id: i64) -> sqlx::Result<Vec<GrantSum>> {
    sqlx::query_as!(
        GrantSum,
        "select coin_id, line_count, amount from grant_sums where grant_id = $1 order by coin_id",
        id
    )
    .fetch_all(connection)
    .await
}

/// Returns lines of a grant in the order of the request, after a line.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lines(
    connection: impl PgExecutor<'_>,
    id: i64,
    after: i32,
    limit: i64,
) -> sqlx::Result<Vec<GrantLineRecord>> {
    sqlx::query_as!(
        GrantLineRecord,
        r#"select line, user_id, label, amount, coin_id, extract(epoch from hold)::bigint as "hold_seconds!", award_id
           from grant_lines where grant_id = $1 and line > $2 order by line limit $3"#,
        id,
        after,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns the largest sum of one coin that an author has granted on a day without approval, together with the given
/// sums; only coins of the given sums count.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn largest_sum_of_day(
    connection: impl PgExecutor<'_>,
    author: &str,
    day: NaiveDate,
    sums: &[GrantSum],
) -> sqlx::Result<Decimal> {
    let largest = sqlx::query_scalar!(
        r#"select max(asked.amount + coalesce((
                      select sum(s.amount) from grants g join grant_sums s using (grant_id)
                      where g.requested_by = $1 and g.business_day = $2 and g.expires_at is null
                        and s.coin_id = asked.coin_id), 0)) as largest
           from unnest($3::text[], $4::numeric[]) as asked (coin_id, amount)"#,
        author,
        day,
        &sums.iter().map(|sum| sum.coin_id.clone()).collect::<Vec<_>>()[..],
        &sums.iter().map(|sum| sum.amount).collect::<Vec<_>>()[..]
    )
    .fetch_one(connection)
    .await?;
    Ok(largest.unwrap_or_default())
}

/// Inserts a grant without its lines: one that waits until `expires_at`, or one that is granted at once. Returns `None`
/// if its key is used. Waits for a concurrent transaction with the same key to end.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(
    connection: impl PgExecutor<'_>,
    request: &GrantRequest,
    author: &Author,
    day: NaiveDate,
    expires_at: Option<DateTime<Utc>>,
) -> sqlx::Result<Option<GrantRecord>> {
    let hash = request.content_hash();
    let state = match expires_at {
        Some(_) => GrantState::Waiting,
        None => GrantState::Granted,
    };
    grant_query!(
        "insert into grants (idempotency_key, content_hash, state, reason, line_count, requested_by, requested_at,
                             business_day, expires_at)
         values ($1, $2, $3::text::grant_state, $4, $5, $6, $7, $8, $9)
         on conflict (idempotency_key) do nothing
         returning",
        "",
        request.idempotency_key,
        hash.as_slice(),
        state.name(),
        request.reason.trim(),
        request.lines.len() as i32,
        author.name,
        author.at,
        day,
        expires_at,
    )
    .fetch_optional(connection)
    .await
}

/// Inserts lines of a grant; the first has the number `first`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_lines(
    connection: &mut PgConnection,
    id: i64,
    first: usize,
    lines: &[GrantLine],
) -> sqlx::Result<()> {
    fn column<T>(lines: &[GrantLine], of: impl Fn(&GrantLine) -> T) -> Vec<T> {
        lines.iter().map(of).collect()
    }
    sqlx::query!(
        "insert into grant_lines (grant_id, line, user_id, label, amount, coin_id, hold)
         select $1, $2 + l.place - 1, l.user_id, l.label, l.amount, l.coin_id, make_interval(secs => l.hold_seconds)
         from unnest($3::bigint[], $4::text[], $5::numeric[], $6::text[], $7::float8[])
              with ordinality as l (user_id, label, amount, coin_id, hold_seconds, place)",
        id,
        first as i64,
        &column(lines, |line| line.user_id.0)[..],
        &column(lines, |line| line.label.clone())[..],
        &column(lines, |line| line.amount)[..],
        &column(lines, |line| line.coin_id.clone())[..],
        &column(lines, |line| line.hold.num_seconds() as f64)[..]
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Inserts the sums of a grant.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_sums(connection: impl PgExecutor<'_>, id: i64, sums: &[GrantSum]) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into grant_sums (grant_id, coin_id, line_count, amount)
         select $1, * from unnest($2::text[], $3::integer[], $4::numeric[])",
        id,
        &sums.iter().map(|sum| sum.coin_id.clone()).collect::<Vec<_>>()[..],
        &sums.iter().map(|sum| sum.line_count).collect::<Vec<_>>()[..],
        &sums.iter().map(|sum| sum.amount).collect::<Vec<_>>()[..]
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Position among the lines of a grant, in the order in which they are awarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinePosition {
    user_id: i64,
    line: i32,
}

/// Creates the awards of at most `limit` lines of a grant after a position, by user, so that concurrent grants wait for
/// each other instead of deadlocking. Users who were erased get none. Returns the number of awards, and the position of
/// the last line unless it was the last of the grant.
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
    if connection.is_distributed() {
        return distributed::award_lines(connection, id, author, moment, after, limit).await;
    }
    let chunk = sqlx::query!(
        r#"with chunk as (
               select line, user_id, label, amount, coin_id, hold from grant_lines
               where grant_id = $1 and (user_id, line) > ($2, $3)
               order by user_id, line limit $4
           ),
           live as (
               select c.*, $1::bigint || '-' || c.line as source_key
               from chunk c join users u using (user_id) where u.erased_at is null
               order by user_id, line for key share of u
           ),
           fed as (
               insert into award_feeds as f (user_id, last_change)
               select user_id, count(*) from live group by user_id order by user_id
               on conflict (user_id) do update set last_change = f.last_change + excluded.last_change
               returning user_id, last_change
           ),
           made as (
               insert into awards (user_id, source, source_key, item, award_type, amount, coin_id, target_id,
                                   business_day, settles_at, created_at, updated_at, recorded_by, changed_in)
               select user_id, 'grant', source_key, 'grant', 'GRANT', amount, coin_id, label, $5,
                      $6::timestamptz + hold, $6, $6, $7,
                      last_change + 1 - row_number() over (partition by user_id order by line desc)
               from live join fed using (user_id) order by user_id, line
               returning source_key, award_id
           ),
           marked as (
               update grant_lines l set award_id = made.award_id
               from made join live using (source_key)
               where (l.grant_id, l.line) = ($1, live.line)
               returning 1
           )
           select (select count(*) from marked) as "awards!", (select count(*) from chunk) as "lines!", user_id, line
           from chunk order by user_id desc, line desc limit 1"#,
        id,
        after.user_id,
        after.line,
        limit,
        moment.day,
        moment.at,
        author
    )
    .fetch_optional(connection)
    .await?;
    Ok(chunk.map_or((0, None), |chunk| {
        let last = LinePosition {
            user_id: chunk.user_id,
            line: chunk.line,
        };
        (chunk.awards, (chunk.lines >= limit).then_some(last))
    }))
}

/// Records the number of awards made, and the decision about a grant that waited.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn conclude(
    connection: impl PgExecutor<'_>,
    id: i64,
    state: GrantState,
    award_count: i64,
    decision: Option<(&Author, Option<&str>)>,
) -> sqlx::Result<GrantRecord> {
    grant_query!(
        "update grants set state = $2::text::grant_state, award_count = $3, decided_by = $4, decided_at = $5,
                           decision_reason = $6
         where grant_id = $1
         returning",
        "",
        id,
        state.name(),
        award_count as i32,
        decision.map(|(author, _)| author.name.as_str()),
        decision.map(|(author, _)| author.at),
        decision.and_then(|(_, reason)| reason),
    )
    .fetch_one(connection)
    .await
}
