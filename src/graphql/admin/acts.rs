//! Acts of users that the host application performs for them.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result, SimpleObject};

use super::context::AdminContext;
use super::user_id::user_id;
use crate::domain::act::{Act, ActRejection, ActReport, SingleAct};
use crate::domain::api_key::Scope;
use crate::domain::award::Award;
use crate::domain::id::{NodeId, UserId};
use crate::domain::invitation::InvitationRejection;
use crate::domain::rejection::{RejectionCode, RejectionTable};
use crate::domain::reservation::ReservationRejection;
use crate::domain::sign_in::SignInRejection;
use crate::domain::tries::TriesRejection;
use crate::domain::user::UnknownUser;
use crate::domain::word::WordRejection;
use crate::graphql::NullableField;
use crate::graphql::award_kinds::AwardStatus;
use crate::graphql::errors::bad_user_input;
use crate::graphql::rejections::{Code, CodeSet};
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::service::act_for_users::{ActResult as Performed, Acted, ActingCaller, act_for_users};

/// Maximum number of acts in one call.
const MAX_ACTS: usize = 1_000;

#[derive(Default)]
pub(super) struct ActMutations;

#[Object]
impl ActMutations {
    /// Performs acts of users for them, at most 1,000, such as for a bot that reads the messages of a chat. Each act is
    /// performed or rejected individually, by the same rules and limits as if the user acted. Sign-ins are performed
    /// first, then the other acts of each user in the order sent. Repeating the call returns the same results. Needs
    /// ACT.
    async fn act_for_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Acts to perform; each needs an idempotency key.")] acts: Vec<ActInput>,
    ) -> NullableField<ActForUsersPayload> {
        Some(perform(ctx, acts).await)
    }
}

async fn perform(ctx: &Context<'_>, acts: Vec<ActInput>) -> Result<ActForUsersPayload> {
    let context = AdminContext::allowing(ctx, Scope::Act)?;
    if acts.len() > MAX_ACTS {
        return Err(bad_user_input(format!("Send at most {MAX_ACTS} acts at once.")));
    }
    let reports: Vec<ActReport> = acts.into_iter().map(ActReport::from).collect();
    let author = context.author();
    let caller = ActingCaller {
        pool: &context.pool,
        calendar: context.calendar,
        draw_keys: &context.draw_keys,
        author: &author,
        now: context.moment,
    };
    let results = act_for_users(caller, &reports).await;
    let results = results
        .into_iter()
        .enumerate()
        .map(|(index, acted)| ActResult::new(index, acted, context))
        .collect();
    Ok(ActForUsersPayload { results })
}

/// An act of a user.
#[derive(OneofObject)]
enum ActInput {
    /// Signs the user in, like `signInToday` of the customer API.
    SignIn(SignInActInput),
    /// Claims the user's share of a word campaign, like `submitWord` of the customer API.
    SubmitWord(SubmitWordActInput),
    /// Binds the code of the user's inviter, like `setInvitation` of the customer API.
    SetInvitation(SetInvitationActInput),
    /// Reserves a place in a campaign, like `reserve` of the customer API.
    Reserve(ReserveActInput),
}

/// Defines the input of an act: the fields of every act, and its own.
macro_rules! act_input {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: String)? } => |$input:ident| $act:expr) => {
        $(#[$doc])*
        #[derive(InputObject)]
        struct $name {
            /// Host application's ID of the user who acts.
            user_id: ID,
            /// Unique key of the event, 1–100 characters, such as the ID of the chat message. An act of the user with
            /// the same key and content is treated as the same act. Tasks of the user share the keys.
            idempotency_key: String,
            /// Time of the act; now if omitted. Its business day must not be closed, and the rule or campaign must have
            /// been open at that time. Attempts are limited by the present time.
            occurred_at: Option<DateTime>,
            $($(#[$field_doc])* $field: String,)?
        }

        impl From<$name> for ActReport {
            fn from($input: $name) -> Self {
                Self {
                    // An ID that is not a number becomes user 0, which never exists, and is rejected as unknown.
                    user_id: user_id(&$input.user_id).unwrap_or(UserId(0)),
                    act: $act,
                    idempotency_key: $input.idempotency_key,
                    occurred_at: $input.occurred_at.map(|at| at.0),
                }
            }
        }
    };
}

act_input! {
    /// A sign-in. If the user has already signed in on a later business day, it pays its award and leaves the streak as
    /// it is.
    SignInActInput {} => |input| Act::SignIn
}

act_input! {
    /// A submitted word.
    SubmitWordActInput {
        /// Word as the user wrote it.
        word: String
    } => |input| Act::Single(SingleAct::SubmitWord(input.word))
}

act_input! {
    /// An entered invitation code.
    SetInvitationActInput {
        /// Inviter's code as the user wrote it.
        parent_code: String
    } => |input| Act::Single(SingleAct::SetInvitation(input.parent_code))
}

act_input! {
    /// A reservation.
    ReserveActInput {
        /// Key of the campaign.
        key: String
    } => |input| Act::Single(SingleAct::Reserve(input.key))
}

impl From<ActInput> for ActReport {
    fn from(input: ActInput) -> Self {
        match input {
            ActInput::SignIn(input) => input.into(),
            ActInput::SubmitWord(input) => input.into(),
            ActInput::SetInvitation(input) => input.into(),
            ActInput::Reserve(input) => input.into(),
        }
    }
}

/// Result of `actForUsers`.
#[derive(SimpleObject)]
struct ActForUsersPayload {
    /// One result per act, in the order sent.
    results: Vec<ActResult>,
}

/// Result of one act.
#[derive(SimpleObject)]
struct ActResult {
    /// Index of the act in the call, starting at 0.
    index: usize,
    /// Award of a sign-in or a word; null if it created none. A sign-in that was rejected with ALREADY_SIGNED_IN has the
    /// award of that day.
    award: Option<ActAward>,
    /// Bonus awards for the streak length that a sign-in reached.
    bonus_awards: Vec<ActAward>,
    /// True if an act with the same key got this result before.
    repeated: bool,
    /// Why the act was rejected; null on success.
    refused: Option<RefusedAct>,
}

impl ActResult {
    fn new(index: usize, acted: Acted, context: &AdminContext) -> Self {
        let performed = acted.unwrap_or_else(|error| {
            // The results of the other acts remain valid. This act can be sent again with the same key.
            tracing::error!(
                request_id = context.request_id,
                index,
                ?error,
                "an act was not performed"
            );
            Performed {
                awards: Vec::new(),
                repeated: false,
                rejection: Some(ActRejection::TryAgain),
            }
        });
        let mut awards = performed.awards.iter().map(ActAward::from);
        Self {
            index,
            award: awards.next(),
            bonus_awards: awards.collect(),
            repeated: performed.repeated,
            refused: performed.rejection.map(|rejection| RefusedAct {
                code: Code::of(&rejection),
                message: rejection.text(context.language).into_owned(),
                retry_at: rejection.retry_at().map(DateTime),
            }),
        }
    }
}

/// Award of an act.
#[derive(SimpleObject)]
struct ActAward {
    /// Award ID, such as `award_22`.
    id: ID,
    /// Item of the rule catalogue, or `word`.
    item: String,
    /// Amount earned.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Business day that the award counts towards.
    business_day: Date,
    /// Settlement status of the award.
    status: AwardStatus,
}

impl From<&Award> for ActAward {
    fn from(award: &Award) -> Self {
        Self {
            id: ID(NodeId::Award(award.id).to_string()),
            item: award.item.clone(),
            amount: Decimal(award.amount),
            coin_id: award.coin_id.clone(),
            business_day: Date(award.business_day),
            status: award.status.into(),
        }
    }
}

/// A rejected act.
#[derive(SimpleObject)]
struct RefusedAct {
    /// Machine-readable code of the rejection.
    code: Code<ActRefusals>,
    /// Problem and how to fix it, in the language of the request. Rejections that the customer API has as well are
    /// addressed to the user.
    message: String,
    /// Earliest time at which the user can try again; null if the rejection has none.
    retry_at: Option<DateTime>,
}

/// The enum `ActRefusal`.
struct ActRefusals;

impl CodeSet for ActRefusals {
    const NAME: &'static str = "ActRefusal";
    const DESCRIPTION: &'static str = "Reason for rejecting an act.";
    const TABLES: &'static [&'static [RejectionCode]] = &[
        UnknownUser::CODES,
        ActRejection::CODES,
        SignInRejection::CODES,
        InvitationRejection::CODES,
        WordRejection::CODES,
        TriesRejection::CODES,
        ReservationRejection::CODES,
    ];
}
