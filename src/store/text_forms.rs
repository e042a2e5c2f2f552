//! Forms of texts that the program computes and stores: search names, normalised codes and normalised words.

use crate::store::bounded::PgConnection;

/// Returns the version of the text rule that the stored forms were computed with.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn rule_version(connection: &mut PgConnection) -> sqlx::Result<i32> {
    sqlx::query_scalar!("select rule_version from text_forms")
        .fetch_one(connection)
        .await
}

/// Returns the version of the text rule that the stored forms were computed with, and locks it until the transaction
/// ends.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_rule_version(connection: &mut PgConnection) -> sqlx::Result<i32> {
    sqlx::query_scalar!("select rule_version from text_forms for update")
        .fetch_one(connection)
        .await
}

/// Stores the version of the text rule.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set_rule_version(connection: &mut PgConnection, version: i32) -> sqlx::Result<()> {
    sqlx::query!("update text_forms set rule_version = $1", version)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Text with its stored form, by id.
#[derive(Clone, Debug)]
pub struct StoredForm {
    pub id: i64,
    pub text: String,
    pub form: Option<String>,
}

/// Returns names of users with their search forms, by user id above `after`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn names(connection: &mut PgConnection, after: i64, limit: i64) -> sqlx::Result<Vec<StoredForm>> {
    sqlx::query_as!(
        StoredForm,
        r#"select user_id as id, name as "text!", search_name as form from users
           where user_id > $1 and name is not null order by user_id limit $2"#,
        after,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Stores search names of users whose name has not changed.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set_search_names(
    connection: &mut PgConnection,
    users: &[i64],
    names: &[&str],
    forms: &[Option<String>],
) -> sqlx::Result<()> {
    sqlx::query!(
        "update users u set search_name = n.form
         from unnest($1::bigint[], $2::text[], $3::text[]) as n (user_id, name, form)
         where u.user_id = n.user_id and u.name = n.name",
        users,
        names as _,
        forms as _
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Returns invitation codes with their normalised forms, by user id above `after`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn codes(connection: &mut PgConnection, after: i64, limit: i64) -> sqlx::Result<Vec<StoredForm>> {
    sqlx::query_as!(
        StoredForm,
        "select user_id as id, i.code as text, c.normalised_code as form
         from invitation_codes c join invitations i using (user_id)
         where user_id > $1 order by user_id limit $2",
        after,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Stores a user's normalised code. Returns false if another user has it.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set_normalised_code(connection: &mut PgConnection, user: i64, form: &str) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        "update invitation_codes set normalised_code = $2
         where user_id = $1 and not exists (select 1 from invitation_codes where normalised_code = $2)",
        user,
        form
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Returns the words of open campaigns with their normalised forms, by campaign id above `after`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn open_words(connection: &mut PgConnection, after: i64, limit: i64) -> sqlx::Result<Vec<StoredForm>> {
    sqlx::query_as!(
        StoredForm,
        "select campaign_id as id, word as text, normalised_word as form from word_campaigns
         where campaign_id > $1 and state = 'OPEN' order by campaign_id limit $2",
        after,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Stores the normalised word of an open campaign. Returns false if another campaign with that form is open at the
/// same time. The trigger that protects the terms of campaigns is disabled for this statement: the terms stay, only
/// the form of the word changes.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn set_normalised_word(connection: &mut PgConnection, campaign: i64, form: &str) -> sqlx::Result<bool> {
    sqlx::raw_sql("alter table word_campaigns disable trigger user")
        .execute(&mut *connection)
        .await?;
    let changed = sqlx::query!(
        "update word_campaigns c set normalised_word = $2
         where campaign_id = $1
           and not exists (select 1 from word_campaigns o where o.normalised_word = $2 and o.state = 'OPEN'
                             and o.opens_at < c.closes_at and c.opens_at < o.closes_at)",
        campaign,
        form
    )
    .execute(&mut *connection)
    .await?;
    sqlx::raw_sql("alter table word_campaigns enable trigger user")
        .execute(connection)
        .await?;
    Ok(changed.rows_affected() == 1)
}
