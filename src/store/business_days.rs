//! Stub until merged.
use chrono::NaiveDate;
use sqlx::PgConnection;

/// Keeps a day from being closed until this transaction ends; `false` when it is closed.
pub async fn hold_open(transaction: &mut PgConnection, day: NaiveDate) -> sqlx::Result<bool> {
    sqlx::query("insert into business_days (day, state) values ($1, 'OPEN') on conflict (day) do nothing")
        .bind(day)
        .execute(&mut *transaction)
        .await?;
    sqlx::query_scalar("select state = 'OPEN' from business_days where day = $1 for share")
        .bind(day)
        .fetch_one(&mut *transaction)
        .await
}
