//! Registering a user of the host, with the invitation code that everyone has.

use sqlx::{PgConnection, PgPool};

use super::{ServiceError, random_bytes};
use crate::domain::business_day::Moment;
use crate::domain::invitation::{Invitation, code_from_random, normalise_code};
use crate::store::transaction::{AsSqlError, retrying};
use crate::store::users::NewUser;
use crate::store::{invitations, users};

/// The longest name and portrait address, in characters.
pub const MAX_NAME_LENGTH: usize = 100;
pub const MAX_PORTRAIT_LENGTH: usize = 2_000;
/// A random code is taken once in a million tries at a million users; so many failures in a row have another cause.
const CODE_TRIES: u32 = 20;

/// Why a user was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterRefusal {
    #[error("A user id is a whole number above zero, the host's own.")]
    IdInvalid,
    #[error("A name has 1 to {MAX_NAME_LENGTH} characters.")]
    NameInvalid,
    #[error("A portrait address has 1 to {MAX_PORTRAIT_LENGTH} characters.")]
    PortraitInvalid,
    #[error("An invitation code has 1 to 12 characters.")]
    CodeInvalid,
    #[error(
        "There is a user of this id already, so nothing was changed. For another key of theirs: newbee session issue"
    )]
    UserExists,
    #[error(
        "Another user has an invitation code that reads the same. Choose another, or leave it out for a random one."
    )]
    CodeTaken,
}

/// Registers a user with the code given, or else a random one. All or nothing.
pub async fn register_user(
    pool: &PgPool,
    user: &NewUser,
    code: Option<&str>,
    moment: Moment,
) -> Result<Result<Invitation, RegisterRefusal>, ServiceError> {
    if let Err(refusal) = check(user) {
        return Ok(Err(refusal));
    }
    match retrying!(register_in_transaction(pool, user, code, moment)) {
        Ok(invitation) => Ok(Ok(invitation)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

async fn register_in_transaction(
    pool: &PgPool,
    user: &NewUser,
    code: Option<&str>,
    moment: Moment,
) -> Result<Invitation, Stop> {
    let mut transaction = pool.begin().await?;
    if !users::insert(&mut *transaction, user, moment.at).await? {
        return Err(Stop::Refused(RegisterRefusal::UserExists));
    }
    give_code(&mut transaction, user, code, moment).await?;
    let invitation = invitations::find(&mut *transaction, user.user_id).await?;
    transaction.commit().await?;
    invitation.ok_or(Stop::Failed(ServiceError::Contradiction(
        "a user without an invitation row",
    )))
}

fn check(user: &NewUser) -> Result<(), RegisterRefusal> {
    let fits = |text: &Option<String>, longest| {
        text.as_ref()
            .is_none_or(|text| (1..=longest).contains(&text.chars().count()))
    };
    if user.user_id.0 <= 0 {
        Err(RegisterRefusal::IdInvalid)
    } else if !fits(&user.name, MAX_NAME_LENGTH) {
        Err(RegisterRefusal::NameInvalid)
    } else if !fits(&user.portrait_uri, MAX_PORTRAIT_LENGTH) {
        Err(RegisterRefusal::PortraitInvalid)
    } else {
        Ok(())
    }
}

async fn give_code(
    transaction: &mut PgConnection,
    user: &NewUser,
    code: Option<&str>,
    moment: Moment,
) -> Result<(), Stop> {
    if let Some(code) = code {
        let code = code.trim();
        let normalised = normalise_code(code).ok_or(Stop::Refused(RegisterRefusal::CodeInvalid))?;
        let given = invitations::insert(transaction, user.user_id, code, &normalised, moment.at).await?;
        return if given {
            Ok(())
        } else {
            Err(Stop::Refused(RegisterRefusal::CodeTaken))
        };
    }
    for _ in 0..CODE_TRIES {
        // A random code is its own normalised form.
        let code = code_from_random(random_bytes());
        if invitations::insert(transaction, user.user_id, &code, &code, moment.at).await? {
            return Ok(());
        }
    }
    Err(Stop::Failed(ServiceError::Contradiction("no invitation code is free")))
}

/// Why the transaction was given up: both roll it back.
enum Stop {
    Refused(RegisterRefusal),
    Failed(ServiceError),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl AsSqlError for Stop {
    fn as_sql_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Failed(error) => error.as_sql_error(),
            Self::Refused(_) => None,
        }
    }
}
