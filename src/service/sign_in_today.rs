//! Daily sign-in. Concurrent sign-ins (as at midnight) are batched into one statement, each with its own result.

use std::collections::{BTreeMap, HashMap};

use crate::store::bounded::PgPool;

use super::ServiceError;
use crate::batcher::{BatchError, Batcher, BatcherLimits};
use crate::domain::award::Award;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::id::UserId;
use crate::store::health::{self, Writes};
use crate::store::sign_ins::{self, SignInDay};
use crate::store::transaction::{Attempts, retrying_idempotent};

/// Awards earned by a day's sign-in.
#[derive(Clone, Debug, PartialEq)]
pub struct SignInAwards {
    pub award: Award,
    /// Bonuses for the length of the streak.
    pub bonuses: Vec<Award>,
}

/// Outcome of a sign-in.
#[derive(Clone, Debug, PartialEq)]
pub enum SignInOutcome {
    SignedIn(SignInAwards),
    /// The user signed in before; contains the awards of that day.
    AlreadySignedIn(SignInAwards),
    /// The `sign_in` rule is disabled or outside its window.
    Closed,
}

/// The process-wide batcher of sign-ins.
#[derive(Clone)]
pub struct SignIns {
    batcher: Batcher<Asked, Result<Answer, ServiceError>>,
}

/// One entry of a batch.
#[derive(Clone, Copy, Debug)]
enum Asked {
    SignIn(UserId, BusinessTime),
    Writes,
}

#[derive(Clone, Debug)]
enum Answer {
    SignIn(SignInOutcome),
    Writes(Writes),
}

impl SignIns {
    /// Starts the batcher; must be called within a Tokio runtime.
    pub fn start(pool: PgPool, calendar: Calendar, limits: BatcherLimits) -> Self {
        Self {
            batcher: Batcher::start(limits, move |asked| {
                let pool = pool.clone();
                async move { answer_all(&pool, calendar, &asked).await }
            }),
        }
    }

    /// Checks that the database accepts writes, queued behind the waiting sign-ins.
    ///
    /// # Errors
    /// If a sign-in would fail as well.
    pub async fn try_write(&self) -> Result<Writes, ServiceError> {
        match self.batcher.load(Asked::Writes).await?? {
            Answer::Writes(writes) => Ok(writes),
            Answer::SignIn(_) => Err(ServiceError::InconsistentData("unexpected result of a sign-in")),
        }
    }

    /// Signs a user in for the business day of `moment`. Idempotent per day, also under concurrent calls.
    ///
    /// # Errors
    /// If the database fails, or the queue of sign-ins is full.
    pub async fn sign_in(&self, user: UserId, moment: BusinessTime) -> Result<SignInOutcome, ServiceError> {
        match self.batcher.load(Asked::SignIn(user, moment)).await?? {
            Answer::SignIn(outcome) => Ok(outcome),
            Answer::Writes(_) => Err(ServiceError::InconsistentData("missing result of a sign-in")),
        }
    }
}

async fn answer_all(pool: &PgPool, calendar: Calendar, asked: &[Asked]) -> Vec<Result<Answer, ServiceError>> {
    let sign_ins = asked.iter().filter_map(|asked| match asked {
        Asked::SignIn(user, moment) => Some((*user, *moment)),
        Asked::Writes => None,
    });
    let try_write = async {
        match asked.iter().any(|asked| matches!(asked, Asked::Writes)) {
            true => Some(health::try_write(pool).await.map_err(ServiceError::from)),
            false => None,
        }
    };
    let (outcomes, writes) = tokio::join!(sign_in_all(pool, calendar, sign_ins.collect()), try_write);
    let mut outcomes = outcomes.into_iter();
    let mut answer = |asked: &Asked| match asked {
        Asked::SignIn(..) => Some(outcomes.next()?.map(Answer::SignIn)),
        Asked::Writes => Some(writes.clone()?.map(Answer::Writes)),
    };
    let lost = || Err(ServiceError::Batch(BatchError::Lost));
    asked.iter().map(|asked| answer(asked).unwrap_or_else(lost)).collect()
}

async fn sign_in_all(
    pool: &PgPool,
    calendar: Calendar,
    asked: Vec<(UserId, BusinessTime)>,
) -> Vec<Result<SignInOutcome, ServiceError>> {
    // Around midnight a batch may contain two days.
    let mut by_day: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, (_, moment)) in asked.iter().enumerate() {
        by_day.entry(moment.day).or_default().push(place);
    }
    let mut outcomes = vec![Ok(SignInOutcome::Closed); asked.len()];
    for (day, places) in by_day {
        let group: Vec<_> = places.iter().map(|&place| asked[place]).collect();
        let day = SignInDay {
            day,
            day_before: calendar.day_before(day),
        };
        let answers = match sign_in_group(pool, day, &group).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); group.len()],
        };
        for (place, answer) in places.into_iter().zip(answers) {
            outcomes[place] = answer;
        }
    }
    outcomes
}

async fn sign_in_group(
    pool: &PgPool,
    day: SignInDay,
    group: &[(UserId, BusinessTime)],
) -> Result<Vec<SignInOutcome>, ServiceError> {
    let (users, at): (Vec<_>, Vec<_>) = group.iter().map(|(user, moment)| (*user, moment.at)).unzip();
    let mut attempts = Attempts::idempotent();
    let mut made = loop {
        match sign_ins::insert_missing(pool, day, &users, &at).await {
            Err(error) if attempts.again(&error).await => {}
            made => break by_user(made?),
        }
    };

    let earlier: Vec<_> = users.iter().copied().filter(|user| !made.contains_key(user)).collect();
    let mut had = HashMap::new();
    if !earlier.is_empty() {
        had = by_user(retrying_idempotent!(sign_ins::find_all(pool, day.day, &earlier))?);
    }
    if attempts.may_be_done() {
        // An attempt whose result was lost created the awards with this same instant.
        for (user, at) in group.iter().map(|(user, moment)| (user, moment.at)) {
            if had.get(user).is_some_and(|awards| awards.award.was_made_at(at))
                && let Some(awards) = had.remove(user)
            {
                made.insert(*user, awards);
            }
        }
    }
    // Of several requests of one user, the first created the award; the others find it.
    Ok(users
        .iter()
        .map(|user| match made.remove(user) {
            Some(awards) => {
                had.insert(*user, awards.clone());
                SignInOutcome::SignedIn(awards)
            }
            None => had
                .get(user)
                .cloned()
                .map_or(SignInOutcome::Closed, SignInOutcome::AlreadySignedIn),
        })
        .collect())
}

/// Returns each user's sign-in award together with its bonuses.
fn by_user(awards: Vec<Award>) -> HashMap<UserId, SignInAwards> {
    let (signed_in, bonuses): (Vec<_>, Vec<_>) = awards.into_iter().partition(|award| award.item == sign_ins::ITEM);
    let mut by_user: HashMap<_, _> = signed_in
        .into_iter()
        .map(|award| {
            let bonuses = Vec::new();
            (award.user_id, SignInAwards { award, bonuses })
        })
        .collect();
    for bonus in bonuses {
        if let Some(awards) = by_user.get_mut(&bonus.user_id) {
            awards.bonuses.push(bonus);
        }
    }
    by_user
}
