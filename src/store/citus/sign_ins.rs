//! Sign-ins in a distributed database: a function on the node of each shard does what the statement of
//! [`super::super::sign_ins`] does on one node.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::Row;

use super::qualifications;
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::id::{AwardId, UserId};
use crate::domain::rule::Rule;
use crate::domain::streak::earliest_last_days;
use crate::store::bounded::{PgConnection, PgPool, ShardMap};
use crate::store::sign_ins::{ITEM, SignInBy, SignInDay, SignInRequest, SignInRules, SignedIn, made_at};

/// Maximum number of shards that one batch asks at the same time.
const SHARDS_AT_ONCE: usize = 4;

/// Terms of the sign-ins of a batch.
#[derive(Clone, Copy, Debug)]
pub struct SignInTerms<'a> {
    pub day: SignInDay,
    pub rules: &'a SignInRules,
    /// API key that acts for the users; `None` if they act themselves.
    pub recorded_by: Option<&'a str>,
    /// Items of bonuses that are not paid.
    pub without: &'a [String],
}

/// User of a batch, with the numbers of the awards that they may get.
#[derive(Clone, Debug)]
struct Entrant {
    user: UserId,
    /// Time of the awards: that of the last request, as on one node.
    at: DateTime<Utc>,
    award_ids: Vec<i64>,
}

/// Users of a batch.
struct Batch {
    results: Vec<SignedIn>,
    /// Each user once, in ascending order; none if the rule is closed or has changed.
    entrants: Vec<Entrant>,
    /// Rules of bonuses, as JSON.
    bonuses: Value,
}

/// Signs users in like [`sign_in`](crate::store::sign_ins::sign_in): those of a shard in a transaction of its own.
///
/// # Errors
/// Returns an error if the database query fails. Users of other shards may have been signed in.
pub async fn sign_in_by_shard(
    pool: &PgPool,
    shards: &ShardMap,
    terms: SignInTerms<'_>,
    asked: &[SignInRequest],
) -> sqlx::Result<Vec<SignedIn>> {
    let (mut batch, invitees) = {
        let mut connection = pool.acquire().await?;
        let batch = begin(&mut connection, terms, asked).await?;
        let invitees = qualifications::pending(&mut connection, &users(&batch.entrants)).await?;
        (batch, invitees)
    };
    let is_invitee = |entrant: &Entrant| invitees.contains_key(&entrant.user);
    let (pending, others): (Vec<_>, Vec<_>) = std::mem::take(&mut batch.entrants).into_iter().partition(is_invitee);
    let bonuses = &batch.bonuses;
    let mut made: Vec<Award> = stream::iter(shards.group(others, |entrant| entrant.user))
        .map(async |group| call(&mut pool.acquire().await?, terms, bonuses, &group).await)
        .buffer_unordered(SHARDS_AT_ONCE)
        .try_concat()
        .await?;
    // A user who bound a code meanwhile.
    let mut late = pool.acquire().await?;
    let bound =
        qualifications::pending(&mut late, &made.iter().map(|award| award.user_id.0).collect::<Vec<_>>()).await?;
    if !bound.is_empty() {
        let mut transaction = late.begin().await?;
        qualifications::lock_feeds(&mut transaction, &bound).await?;
        qualifications::advance(&mut transaction, &bound, &made, terms.recorded_by).await?;
        transaction.commit().await?;
    }
    // They may qualify, and their inviters be paid: few, and none in most batches.
    for entrant in pending {
        let mut transaction = late.begin().await?;
        made.extend(sign_in_entrants(&mut transaction, shards, terms, bonuses, vec![entrant]).await?);
        transaction.commit().await?;
    }
    Ok(batch.with(made))
}

/// Signs users in like [`sign_in`](crate::store::sign_ins::sign_in), within the transaction of the caller.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn sign_in_within(
    connection: &mut PgConnection,
    shards: &ShardMap,
    terms: SignInTerms<'_>,
    asked: &[SignInRequest],
) -> sqlx::Result<Vec<SignedIn>> {
    let mut batch = begin(&mut *connection, terms, asked).await?;
    let entrants = std::mem::take(&mut batch.entrants);
    let made = sign_in_entrants(connection, shards, terms, &batch.bonuses, entrants).await?;
    Ok(batch.with(made))
}

async fn sign_in_entrants(
    connection: &mut PgConnection,
    shards: &ShardMap,
    terms: SignInTerms<'_>,
    bonuses: &Value,
    entrants: Vec<Entrant>,
) -> sqlx::Result<Vec<Award>> {
    let invitees = qualifications::pending(&mut *connection, &users(&entrants)).await?;
    qualifications::lock_feeds(&mut *connection, &invitees).await?;
    let mut made = Vec::new();
    for group in shards.group(entrants, |entrant| entrant.user) {
        made.extend(call(&mut *connection, terms, bonuses, &group).await?);
    }
    qualifications::advance(connection, &invitees, &made, terms.recorded_by).await?;
    Ok(made)
}

impl Batch {
    /// Returns the results with the awards. Requests of the same user have the same awards.
    fn with(mut self, made: Vec<Award>) -> Vec<SignedIn> {
        let mut by_user: BTreeMap<UserId, Vec<Award>> = BTreeMap::new();
        for award in made {
            by_user.entry(award.user_id).or_default().push(award);
        }
        for result in &mut self.results {
            let awards = result.user.and_then(|user| by_user.get(&user));
            result.awards = awards.cloned().unwrap_or_default();
        }
        self.results
    }
}

fn users(entrants: &[Entrant]) -> Vec<i64> {
    entrants.iter().map(|entrant| entrant.user.0).collect()
}

/// Looks session keys and rules up. These tables are on the coordinator.
async fn begin(connection: &mut PgConnection, terms: SignInTerms<'_>, asked: &[SignInRequest]) -> sqlx::Result<Batch> {
    let (keys, users): (Vec<Option<&[u8]>>, Vec<Option<i64>>) = asked
        .iter()
        .map(|request| match &request.by {
            SignInBy::User(user) => (None, Some(user.0)),
            SignInBy::Session(key) => (Some(key.0.as_slice()), None),
        })
        .unzip();
    let rule = terms.rules.sign_in.as_ref().filter(|rule| rule.terms.enabled);
    let bonuses = match terms.rules.bonus_count {
        0 => Value::Array(Vec::new()),
        _ => bonus_rules(&mut *connection, terms.without).await?,
    };
    let awards_per_user = match rule {
        Some(_) => 1 + bonuses.as_array().map_or(0, Vec::len),
        None => 0,
    };
    let rows = sqlx::query!(
        r#"select coalesce(a.user_id, s.user_id) as user_id, (select version from rule_catalogue) as "catalogue!",
                  -- The slot has no effect on the number, but on the time of evaluation: once per row.
                  array(select nextval('award_ids') from generate_series(1, $4::bigint + a.slot - a.slot)) as "award_ids!"
           from unnest($1::bytea[], $2::bigint[], $3::timestamptz[]) with ordinality as a (key_hash, user_id, at, slot)
           left join sessions s on s.key_hash = a.key_hash and s.revoked_at is null and s.expires_at > a.at
           order by a.slot"#,
        keys as _,
        users as _,
        &asked.iter().map(|request| request.at).collect::<Vec<_>>()[..],
        awards_per_user as i64
    )
    .fetch_all(connection)
    .await?;
    let mut results = Vec::with_capacity(asked.len());
    let mut entrants = BTreeMap::new();
    let last = made_at(asked);
    for (row, request) in rows.into_iter().zip(asked) {
        let user = row.user_id.map(UserId);
        results.push(SignedIn {
            user,
            ..SignedIn::default()
        });
        let is_open = |rule: &&Rule| row.catalogue == terms.rules.catalogue && rule.is_open(request.at);
        if let Some(user) = user.filter(|_| rule.filter(is_open).is_some()) {
            entrants.entry(user).or_insert(Entrant {
                user,
                at: last.unwrap_or(request.at),
                award_ids: row.award_ids,
            });
        }
    }
    Ok(Batch {
        results,
        entrants: entrants.into_values().collect(),
        bonuses,
    })
}

async fn bonus_rules(connection: &mut PgConnection, without: &[String]) -> sqlx::Result<Value> {
    sqlx::query_scalar!(
        r#"select coalesce(jsonb_agg(jsonb_build_object(
                      'item', item, 'version', version, 'amount', amount, 'amount_max', amount_max, 'amount_step', amount_step,
                      'coin_id', coin_id, 'hold', hold, 'opens_at', opens_at, 'closes_at', closes_at,
                      'streak_length', streak_length, 'streak_repeats', streak_repeats)), '[]') as "bonuses!"
           from current_rules where award_type = 'BONUS' and enabled and item <> all ($1)"#,
        without
    )
    .fetch_one(connection)
    .await
}

/// Signs in users of one shard. Returns their awards.
async fn call(
    connection: &mut PgConnection,
    terms: SignInTerms<'_>,
    bonuses: &Value,
    group: &[Entrant],
) -> sqlx::Result<Vec<Award>> {
    let (Some(rule), Some(first)) = (&terms.rules.sign_in, group.first()) else {
        return Ok(Vec::new());
    };
    let SignInDay { day, day_before } = terms.day;
    let freezes = rule.terms.forgiveness.freezes();
    let most = freezes.map_or(0, |freezes| freezes.most);
    // Not checked at compile time: the function exists in distributed databases.
    let row = sqlx::query(
        "select * from sign_in_on_shard($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(first.user.0)
    .bind(terms.rules.bridged.len() as i64)
    .bind(users(group))
    .bind(group.iter().map(|entrant| entrant.at).collect::<Vec<_>>())
    .bind(group.iter().flat_map(|entrant| entrant.award_ids.clone()).collect::<Vec<_>>())
    .bind(day)
    .bind(day_before)
    .bind(earliest_last_days(day_before, &terms.rules.bridged, most))
    .bind(rule.version)
    .bind(rule.terms.amount.least())
    .bind(rule.terms.amount.most())
    .bind(rule.terms.amount.step())
    .bind(&rule.terms.coin_id)
    .bind(rule.terms.hold)
    .bind(terms.recorded_by)
    .bind(freezes.map(|freezes| freezes.every))
    .bind(freezes.map(|freezes| freezes.most))
    .bind(bonuses)
    .fetch_one(connection)
    .await?;
    let Some(users) = row.try_get::<Option<Vec<i64>>, _>(0)? else {
        return Ok(Vec::new());
    };
    let (ids, items): (Vec<i64>, Vec<String>) = (row.try_get(1)?, row.try_get(2)?);
    let (amounts, coins): (Vec<Decimal>, Vec<String>) = (row.try_get(3)?, row.try_get(4)?);
    let (settled_from, made_at): (Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) = (row.try_get(5)?, row.try_get(6)?);
    let changes: Vec<i64> = row.try_get(7)?;
    let award = |place: usize| Award {
        id: AwardId(ids[place]),
        user_id: UserId(users[place]),
        award_type: match items[place].as_str() {
            ITEM => AwardType::Daily,
            _ => AwardType::Bonus,
        },
        item: items[place].clone(),
        amount: amounts[place],
        coin_id: coins[place].clone(),
        target_id: None,
        status: AwardStatus::Pending,
        business_day: day,
        settles_at: settled_from[place],
        created_at: made_at[place],
        updated_at: made_at[place],
        change: changes[place],
    };
    Ok((0..users.len()).map(award).collect())
}
