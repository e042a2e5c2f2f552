//! Sign-ins under rules with budgets: the awards of a group and the sums of its budgets are written in one transaction.
//! Without a budget, a group is one statement.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::domain::id::AwardId;
use crate::store::bounded::{PgConnection, PgPool, PgTransaction};
use crate::store::citus::sign_ins::SignInTerms;
use crate::store::sign_ins::{self, ITEM, SignInDay, SignInRequest, SignInRules, SignedIn};
use crate::store::transaction::retrying;
use crate::store::{budgets, citus};

/// Signs a group of users in, like [`sign_ins::sign_in`], within the budgets of the rules.
///
/// # Errors
/// If the database fails.
pub async fn sign_in(
    pool: &PgPool,
    day: SignInDay,
    group: &[SignInRequest],
    rules: &SignInRules,
) -> sqlx::Result<Vec<SignedIn>> {
    if rules.budgeted.is_empty() {
        return sign_in_on(pool, day, group, rules).await;
    }
    let terms = Terms {
        day,
        rules,
        recorded_by: None,
    };
    if let Some(results) = terms.if_spent(&mut pool.acquire().await?, group).await? {
        return Ok(results);
    }
    let begun = pool.begin().await?;
    if let Within::Budgets(results) = terms.sign_in_within(begun, group, &[]).await? {
        return Ok(results);
    }
    // The rest of a budget is given to those who come first.
    let mut results = Vec::with_capacity(group.len());
    while let Some(request) = group.get(results.len()) {
        // Retried here: those who came before are signed in and must not be asked again.
        let result = retrying!(terms.sign_in_alone_on(pool, *request))?;
        let is_spent = result.budget_spent;
        results.push(result);
        if is_spent
            && let Some(rest) = terms
                .if_spent(&mut pool.acquire().await?, &group[results.len()..])
                .await?
        {
            results.extend(rest);
        }
    }
    Ok(results)
}

async fn sign_in_on(
    pool: &PgPool,
    day: SignInDay,
    group: &[SignInRequest],
    rules: &SignInRules,
) -> sqlx::Result<Vec<SignedIn>> {
    let Some(shards) = pool.database().shards() else {
        return sign_ins::sign_in(pool, day, group, rules, None, &[]).await;
    };
    let terms = SignInTerms {
        day,
        rules,
        recorded_by: None,
        without: &[],
    };
    citus::sign_ins::sign_in_by_shard(pool, shards, terms, group).await
}

async fn sign_in_within(
    connection: &mut PgConnection,
    day: SignInDay,
    group: &[SignInRequest],
    rules: &SignInRules,
    recorded_by: Option<&str>,
    without: &[String],
) -> sqlx::Result<Vec<SignedIn>> {
    let Some(shards) = connection.shards().cloned() else {
        return sign_ins::sign_in(connection, day, group, rules, recorded_by, without).await;
    };
    let terms = SignInTerms {
        day,
        rules,
        recorded_by,
        without,
    };
    citus::sign_ins::sign_in_within(connection, &shards, terms, group).await
}

/// Signs users in for whom an API key acts, within the transaction of the caller.
///
/// # Errors
/// If the database fails.
pub async fn sign_in_reported(
    connection: &mut PgConnection,
    day: SignInDay,
    group: &[SignInRequest],
    rules: &SignInRules,
    recorded_by: &str,
) -> sqlx::Result<Vec<SignedIn>> {
    let recorded_by = Some(recorded_by);
    if rules.budgeted.is_empty() {
        return sign_in_within(connection, day, group, rules, recorded_by, &[]).await;
    }
    let terms = Terms {
        day,
        rules,
        recorded_by,
    };
    if let Some(results) = terms.if_spent(connection, group).await? {
        return Ok(results);
    }
    let begun = connection.begin().await?;
    if let Within::Budgets(results) = terms.sign_in_within(begun, group, &[]).await? {
        return Ok(results);
    }
    let mut results = Vec::with_capacity(group.len());
    while let Some(request) = group.get(results.len()) {
        let result = terms.sign_in_alone(connection, *request).await?;
        let is_spent = result.budget_spent;
        results.push(result);
        if is_spent && let Some(rest) = terms.if_spent(connection, &group[results.len()..]).await? {
            results.extend(rest);
        }
    }
    Ok(results)
}

/// Day, rules and reporter of the sign-ins of a group.
#[derive(Clone, Copy)]
struct Terms<'a> {
    day: SignInDay,
    rules: &'a SignInRules,
    recorded_by: Option<&'a str>,
}

/// Outcome of a group.
enum Within {
    Budgets(Vec<SignedIn>),
    /// Nothing was written: the budget of an item does not cover the group.
    Not {
        item: String,
    },
}

impl Terms<'_> {
    async fn sign_in_alone_on(self, pool: &PgPool, request: SignInRequest) -> sqlx::Result<SignedIn> {
        let mut connection = pool.acquire().await?;
        self.sign_in_alone(&mut connection, request).await
    }

    /// Signs one user in; without the bonuses whose budget is used up.
    async fn sign_in_alone(self, connection: &mut PgConnection, request: SignInRequest) -> sqlx::Result<SignedIn> {
        let mut without = Vec::new();
        let mut results = loop {
            let begun = connection.begin().await?;
            match self.sign_in_within(begun, &[request], &without).await? {
                Within::Budgets(results) => break results,
                Within::Not { item } if item == ITEM => {
                    break self.spent(self.looked_up(&mut *connection, &[request]).await?);
                }
                Within::Not { item } => without.push(item),
            }
        };
        Ok(results.pop().unwrap_or_default())
    }

    /// Returns the results of a group of which nobody can be signed in, because the budget of the rule is used up;
    /// `None` if it may cover some of them.
    async fn if_spent(
        self,
        connection: &mut PgConnection,
        group: &[SignInRequest],
    ) -> sqlx::Result<Option<Vec<SignedIn>>> {
        let rule = self.rules.budgeted.iter().find(|rule| rule.item == ITEM);
        let Some(rule) = rule.filter(|rule| group.iter().all(|request| rule.is_open(request.at))) else {
            return Ok(None);
        };
        if !budgets::is_spent(&mut *connection, rule, self.day.day).await? {
            return Ok(None);
        }
        let results = self.looked_up(connection, group).await?;
        Ok(Some(self.spent(results)))
    }

    /// Looks the users of session keys up, without signing them in.
    async fn looked_up(self, connection: &mut PgConnection, group: &[SignInRequest]) -> sqlx::Result<Vec<SignedIn>> {
        let closed = SignInRules {
            sign_in: None,
            ..self.rules.clone()
        };
        sign_in_within(connection, self.day, group, &closed, None, &[]).await
    }

    fn spent(self, results: Vec<SignedIn>) -> Vec<SignedIn> {
        let spent = |result| SignedIn {
            budget_spent: true,
            ..result
        };
        results.into_iter().map(spent).collect()
    }

    async fn sign_in_within(
        self,
        mut transaction: PgTransaction<'_>,
        group: &[SignInRequest],
        without: &[String],
    ) -> sqlx::Result<Within> {
        let (day, rules) = (self.day, self.rules);
        let results = sign_in_within(&mut transaction, day, group, rules, self.recorded_by, without).await?;
        // Several requests of a user have the same awards.
        let mut counted = BTreeSet::<AwardId>::new();
        let mut sums = BTreeMap::<&str, Decimal>::new();
        for award in results.iter().flat_map(|result| &result.awards) {
            if counted.insert(award.id) {
                *sums.entry(&award.item).or_default() += award.amount;
            }
        }
        for rule in &rules.budgeted {
            let Some(sum) = sums.get(rule.item.as_str()) else {
                continue;
            };
            if !budgets::take(&mut transaction, rule, day.day, *sum).await? {
                transaction.rollback().await?;
                return Ok(Within::Not {
                    item: rule.item.clone(),
                });
            }
        }
        transaction.commit().await?;
        Ok(Within::Budgets(results))
    }
}
