//! Daily sign-in. Concurrent sign-ins (as at midnight) are batched into one statement, each with its own result.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};

use super::day_order::DayOrder;
use super::{ServiceError, budgeted_sign_ins};
use crate::batcher::{BatchError, Batcher, BatcherLimits};
use crate::domain::award::Award;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::id::UserId;
use crate::domain::session::SessionKeyHash;
use crate::store::award_changes::notify_later;
use crate::store::bounded::{PgConnection, PgPool};
use crate::store::health::{self, Writes};
use crate::store::sign_in_rules;
use crate::store::sign_ins::{self, SignInBy, SignInDay, SignInRequest, SignInRules};
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
    /// The budget of the `sign_in` rule is used up.
    BudgetSpent,
}

/// The process-wide batcher of sign-ins.
#[derive(Clone)]
pub struct SignIns {
    batcher: Batcher<Asked, Result<Answer, ServiceError>>,
}

type Outcome = Result<Option<(UserId, SignInOutcome)>, ServiceError>;

/// One entry of a batch.
#[derive(Clone, Copy, Debug)]
enum Asked {
    SignIn(SignInBy, BusinessTime),
    Writes,
}

#[derive(Clone, Debug)]
enum Answer {
    /// `None` if the session key is not valid.
    SignIn(Option<(UserId, SignInOutcome)>),
    Writes(Writes),
}

impl SignIns {
    /// Starts the batcher; must be called within a Tokio runtime.
    pub fn start(pool: PgPool, calendar: Calendar, limits: BatcherLimits) -> Self {
        let database = Database {
            pool,
            calendar,
            rules: Arc::default(),
            days: DayOrder::default(),
        };
        Self {
            batcher: Batcher::start(limits, move |asked| {
                let database = database.clone();
                async move { database.answer_all(&asked).await }
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
        let (_, outcome) = self.load(SignInBy::User(user), moment).await?.ok_or(MISSING)?;
        Ok(outcome)
    }

    /// Signs in the user of a session key, like [`Self::sign_in`], and returns the user; `None` if the key is not valid.
    /// The same statement looks the key up.
    ///
    /// # Errors
    /// If the database fails, or the queue of sign-ins is full.
    pub async fn sign_in_by_key(
        &self,
        key: SessionKeyHash,
        moment: BusinessTime,
    ) -> Result<Option<(UserId, SignInOutcome)>, ServiceError> {
        self.load(SignInBy::Session(key), moment).await
    }

    async fn load(&self, by: SignInBy, moment: BusinessTime) -> Result<Option<(UserId, SignInOutcome)>, ServiceError> {
        match self.batcher.load(Asked::SignIn(by, moment)).await?? {
            Answer::SignIn(outcome) => Ok(outcome),
            Answer::Writes(_) => Err(MISSING),
        }
    }
}

const MISSING: ServiceError = ServiceError::InconsistentData("missing result of a sign-in");

/// The pool, and the rules as they were last read.
#[derive(Clone)]
struct Database {
    pool: PgPool,
    calendar: Calendar,
    rules: Arc<Mutex<Option<Arc<SignInRules>>>>,
    days: DayOrder,
}

impl Database {
    async fn answer_all(&self, asked: &[Asked]) -> Vec<Result<Answer, ServiceError>> {
        let sign_ins = asked.iter().filter_map(|asked| match asked {
            Asked::SignIn(by, moment) => Some((*by, *moment)),
            Asked::Writes => None,
        });
        let try_write = async {
            match asked.iter().any(|asked| matches!(asked, Asked::Writes)) {
                true => Some(health::try_write(&self.pool).await.map_err(ServiceError::from)),
                false => None,
            }
        };
        let (outcomes, writes) = tokio::join!(self.sign_in_all(sign_ins.collect()), try_write);
        let mut outcomes = outcomes.into_iter();
        let mut answer = |asked: &Asked| match asked {
            Asked::SignIn(..) => Some(outcomes.next()?.map(Answer::SignIn)),
            Asked::Writes => Some(writes.clone()?.map(Answer::Writes)),
        };
        let lost = || Err(ServiceError::Batch(BatchError::Lost));
        asked.iter().map(|asked| answer(asked).unwrap_or_else(lost)).collect()
    }

    async fn sign_in_all(&self, asked: Vec<(SignInBy, BusinessTime)>) -> Vec<Outcome> {
        // Around midnight a batch may contain two days.
        let mut by_day: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (place, (_, moment)) in asked.iter().enumerate() {
            by_day.entry(moment.day).or_default().push(place);
        }
        let mut outcomes = vec![Ok(None); asked.len()];
        for (day, places) in by_day {
            let group: Vec<_> = places
                .iter()
                .map(|&place| SignInRequest {
                    by: asked[place].0,
                    at: asked[place].1.at,
                })
                .collect();
            let day = SignInDay {
                day,
                day_before: self.calendar.day_before(day),
            };
            // A streak never moves backwards: around midnight, the sign-ins of a day must not overtake earlier ones.
            let turn = self.days.turn(day.day).await;
            let answers = match self.sign_in_group(day, &group).await {
                Ok(answers) => answers.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error); group.len()],
            };
            drop(turn);
            for (place, answer) in places.into_iter().zip(answers) {
                outcomes[place] = answer;
            }
        }
        outcomes
    }

    async fn sign_in_group(
        &self,
        day: SignInDay,
        group: &[SignInRequest],
    ) -> Result<Vec<Option<(UserId, SignInOutcome)>>, ServiceError> {
        let mut attempts = Attempts::idempotent();
        let mut made = HashMap::new();
        let mut without_budget: HashSet<UserId>;
        let (users, mut had) = loop {
            let rules = self.current_rules().await?;
            let results = match budgeted_sign_ins::sign_in(&self.pool, day, group, &rules).await {
                Err(error) if attempts.again(&error).await => continue,
                results => results?,
            };
            let users: Vec<Option<UserId>> = results.iter().map(|result| result.user).collect();
            let spent = results.iter().filter(|result| result.budget_spent);
            without_budget = spent.filter_map(|result| result.user).collect();
            made.extend(by_user(results.into_iter().flat_map(|result| result.awards)));
            let earlier = without(&made, users.iter().copied().flatten());
            if earlier.is_empty() {
                break (users, HashMap::new());
            }
            let (had, catalogue) = retrying_idempotent!(sign_ins::find_all(&self.pool, day.day, &earlier))?;
            if catalogue == rules.catalogue {
                break (users, by_user(had));
            }
            // The rules changed since they were read.
            self.forget_rules();
        };
        if !made.is_empty() {
            notify_later(&self.pool);
        }
        if attempts.may_be_done()
            && let Some(at) = sign_ins::made_at(group)
        {
            // An attempt whose result was lost created the awards with this same instant.
            for user in users.iter().flatten() {
                if had.get(user).is_some_and(|awards| awards.award.was_made_at(at))
                    && let Some(awards) = had.remove(user)
                {
                    made.insert(*user, awards);
                }
            }
        }
        let outcomes = users
            .into_iter()
            .map(|user| Some((user?, outcome(user?, &mut made, &mut had, &without_budget))));
        Ok(outcomes.collect())
    }

    /// Returns the rules as they were last read. The statement that uses them compares the version of the catalogue.
    async fn current_rules(&self) -> Result<Arc<SignInRules>, ServiceError> {
        let kept = self
            .rules
            .lock()
            .expect("nothing panics while it holds the lock")
            .clone();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let read = Arc::new(retrying_idempotent!(read_rules(&self.pool))?);
        *self.rules.lock().expect("nothing panics while it holds the lock") = Some(Arc::clone(&read));
        Ok(read)
    }

    fn forget_rules(&self) {
        *self.rules.lock().expect("nothing panics while it holds the lock") = None;
    }
}

/// A sign-in that the host application reports.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReportedSignIn {
    pub user: UserId,
    /// Time of the sign-in, at which the rule must be open.
    pub happened_at: DateTime<Utc>,
}

/// Signs users in for a day, in a transaction that the caller commits. Returns the outcomes in the order of `reported`.
///
/// # Errors
/// If the database fails.
pub(super) async fn sign_in_reported(
    connection: &mut PgConnection,
    day: SignInDay,
    reported: &[ReportedSignIn],
    recorded_by: &str,
    now: DateTime<Utc>,
) -> Result<Vec<SignInOutcome>, ServiceError> {
    let mut made = HashMap::new();
    let mut without_budget: HashSet<UserId>;
    let mut had = loop {
        let mut rules = sign_in_rules::current(&mut *connection).await?;
        let mut asked = Vec::new();
        // The window is compared with the time of the sign-in, and not again with the present.
        if let Some(rule) = &mut rules.sign_in {
            let open = reported.iter().filter(|sign_in| rule.is_open(sign_in.happened_at));
            asked.extend(open.map(|sign_in| SignInRequest {
                by: SignInBy::User(sign_in.user),
                at: now,
            }));
            (rule.terms.opens_at, rule.terms.closes_at) = (None, None);
        }
        let results = budgeted_sign_ins::sign_in_reported(connection, day, &asked, &rules, recorded_by).await?;
        let spent = results.iter().filter(|result| result.budget_spent);
        without_budget = spent.filter_map(|result| result.user).collect();
        made.extend(by_user(results.into_iter().flat_map(|result| result.awards)));
        let earlier = without(&made, reported.iter().map(|sign_in| sign_in.user));
        if earlier.is_empty() {
            break HashMap::new();
        }
        let (had, catalogue) = sign_ins::find_all(&mut *connection, day.day, &earlier).await?;
        // Otherwise the rules changed since they were read.
        if catalogue == rules.catalogue {
            break by_user(had);
        }
    };
    let users = reported.iter().map(|sign_in| sign_in.user);
    Ok(users
        .map(|user| outcome(user, &mut made, &mut had, &without_budget))
        .collect())
}

async fn read_rules(pool: &PgPool) -> sqlx::Result<SignInRules> {
    let mut connection = pool.acquire().await?;
    sign_in_rules::current(&mut connection).await
}

/// Returns the users that have no award in `made`, in ascending order.
fn without(made: &HashMap<UserId, SignInAwards>, users: impl Iterator<Item = UserId>) -> Vec<UserId> {
    let mut others: Vec<UserId> = users.filter(|user| !made.contains_key(user)).collect();
    others.sort_unstable();
    others.dedup();
    others
}

/// Returns the outcome of one request. Of several requests of one user, the first created the award; the others find
/// it.
fn outcome(
    user: UserId,
    made: &mut HashMap<UserId, SignInAwards>,
    had: &mut HashMap<UserId, SignInAwards>,
    without_budget: &HashSet<UserId>,
) -> SignInOutcome {
    match made.remove(&user) {
        Some(awards) => {
            had.insert(user, awards.clone());
            SignInOutcome::SignedIn(awards)
        }
        None => match had.get(&user).cloned() {
            Some(awards) => SignInOutcome::AlreadySignedIn(awards),
            None if without_budget.contains(&user) => SignInOutcome::BudgetSpent,
            None => SignInOutcome::Closed,
        },
    }
}

/// Returns each user's sign-in award together with its bonuses. Awards may occur more than once.
fn by_user(awards: impl IntoIterator<Item = Award>) -> HashMap<UserId, SignInAwards> {
    let (signed_in, bonuses): (Vec<_>, Vec<_>) = awards.into_iter().partition(|award| award.item == sign_ins::ITEM);
    let mut by_user: HashMap<_, _> = signed_in
        .into_iter()
        .map(|award| {
            let bonuses = Vec::new();
            (award.user_id, SignInAwards { award, bonuses })
        })
        .collect();
    for bonus in bonuses {
        if let Some(awards) = by_user.get_mut(&bonus.user_id)
            && awards.bonuses.iter().all(|other| other.id != bonus.id)
        {
            awards.bonuses.push(bonus);
        }
    }
    by_user
}
