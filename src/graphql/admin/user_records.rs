//! All stored data of a user, for support staff.

use async_graphql::{ComplexObject, Context, ID, Json, Object, Result, SimpleObject};

use super::audit_log::AuditEntry;
use super::awards::{AwardRow, list_length};
use super::context::AdminContext;
use super::user_id::{id_of, user_id};
use super::user_parts::{
    AttemptLimit, BalanceDetails, DailyCount, InvitationDetails, LedgerEntry, ReservationEntry, SessionDetails,
};
use crate::domain::api_key::Scope;
use crate::domain::correction::AwardSelection;
use crate::domain::id::UserId;
use crate::domain::text::match_form;
use crate::graphql::NullableField;
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::DateTime;
use crate::loaders::Part;
use crate::loaders::me::balances::ReadBalances;
use crate::loaders::me::children::ReadChildrenTotal;
use crate::loaders::me::invitation::ReadInvitation;
use crate::loaders::me::sign_in::ReadSignIn;
use crate::loaders::ops::{AuditFilter, UserRecord};
use crate::service::record_read::PersonalRead;

/// Maximum number of users in a search result.
const FOUND: i64 = 20;

#[derive(Default)]
pub(super) struct UserQueries;

#[Object]
impl UserQueries {
    /// Returns a user with all stored data; null if the ID is unknown. The read is recorded in the audit log. Needs
    /// OPS_READ.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Host application's user ID.")] id: ID,
    ) -> NullableField<UserDetails> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let user = context.ops.user(user_id(&id)?).await;
            let user = user?;
            if let Some(user) = &user {
                context.record_read(PersonalRead::User(UserId(user.user_id))).await?;
            }
            Ok(user)
        };
        found.await.map(|user| user.map(UserDetails::from)).transpose()
    }

    /// Returns everything that is stored about a user, to hand it over to them: profile, invitation and children, session
    /// keys and reports without their hashes, awards, ledger, balances, streak, limits, word shares, reservations and the
    /// audit log; null if the ID is unknown. It is one JSON document, so that no selection can leave anything out. The
    /// read is recorded in the audit log. Needs OPS_READ.
    async fn user_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Host application's user ID.")] id: ID,
    ) -> NullableField<Json<serde_json::Value>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let user = user_id(&id)?;
            let export = context.ops.user_export(user).await;
            let export = export?;
            if export.is_some() {
                context.record_read(PersonalRead::User(user)).await?;
            }
            Ok(export)
        };
        found.await.map(|export| export.map(Json)).transpose()
    }

    /// Returns the users whose ID or invitation code equals the text or whose name starts with it, at most 20. The
    /// users found are recorded in the audit log. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn find_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "User ID, invitation code, or beginning of a name. Case, width and invisible characters are ignored."
        )]
        text: String,
    ) -> NullableField<Vec<UserDetails>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            if match_form(&text).is_empty() {
                return Err(bad_user_input(
                    "Enter a search text: a user ID, an invitation code, or the beginning of a name.",
                ));
            }
            let users = context.ops.search_users(&text, FOUND).await;
            let users = users?;
            let found: Vec<_> = users.iter().map(|user| UserId(user.user_id)).collect();
            if !found.is_empty() {
                context.record_read(PersonalRead::Search(found)).await?;
            }
            Ok(users.into_iter().map(UserDetails::from).collect())
        };
        Some(found.await)
    }
}

/// A user with all stored data.
#[derive(SimpleObject)]
#[graphql(complex)]
struct UserDetails {
    /// Host application's user ID.
    id: ID,
    /// Name reported by the host application.
    name: Option<String>,
    /// Portrait address reported by the host application.
    portrait_uri: Option<String>,
    /// Time of registration.
    created_at: DateTime,
    /// Time of the host application's latest change.
    updated_at: DateTime,
    /// Time of erasure; null if the user was not erased.
    erased_at: Option<DateTime>,
}

impl UserDetails {
    fn user(&self) -> Result<UserId> {
        user_id(&self.id)
    }

    async fn read<P: Part>(&self, ctx: &Context<'_>, part: P) -> Result<P::Value> {
        let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
        Ok(context.reads.read(self.user()?, part).await?)
    }
}

/// Reads a list of the user through `OpsReads` and converts its rows.
macro_rules! list {
    ($user:expr, $ctx:expr, $read:ident $(, $argument:expr)*) => {{
        let found = async {
            let context = AdminContext::allowing($ctx, Scope::OpsRead)?;
            let rows = context.ops.$read($user.user()? $(, $argument)*).await;
            rows.map(|rows| rows.into_iter().map(Into::into).collect()).map_err(Into::into)
        };
        Some(found.await)
    }};
}

#[ComplexObject]
impl UserDetails {
    /// Returns the user's invitation code, level and inviter.
    async fn invitation(&self, ctx: &Context<'_>) -> NullableField<InvitationDetails> {
        let invitation = self.read(ctx, ReadInvitation).await;
        invitation
            .map(|invitation| invitation.map(InvitationDetails::from))
            .transpose()
    }

    /// Number of users who bound this user's code.
    async fn children_count(&self, ctx: &Context<'_>) -> NullableField<i64> {
        Some(self.read(ctx, ReadChildrenTotal).await)
    }

    /// Returns the settled and pending amounts by coin.
    async fn balances(&self, ctx: &Context<'_>) -> NullableField<Vec<BalanceDetails>> {
        let balances = self.read(ctx, ReadBalances).await;
        Some(balances.map(|balances| balances.into_iter().map(BalanceDetails::from).collect()))
    }

    /// Number of consecutive business days with a sign-in, up to today or yesterday.
    async fn streak(&self, ctx: &Context<'_>) -> NullableField<i32> {
        let context = AdminContext::of(ctx);
        let today = context.moment.day;
        let sign_in = self.read(ctx, ReadSignIn { day: today }).await;
        Some(sign_in.map(|sign_in| sign_in.streak_after(context.calendar.day_before(today))))
    }

    /// Returns the user's awards, newest first.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<AwardRow>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let selection = AwardSelection {
                user_id: Some(self.user()?),
                ..AwardSelection::default()
            };
            let awards = context.ops.awards(&selection, None, list_length(first)?).await;
            awards
                .map(|awards| awards.into_iter().map(AwardRow::from).collect())
                .map_err(Into::into)
        };
        Some(found.await)
    }

    /// Returns the user's ledger entries, newest award first; the balances are their sums.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<LedgerEntry>> {
        list!(self, ctx, ledger, list_length(first)?)
    }

    /// Returns the user's session keys, newest first. Only hashes of keys are stored.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<SessionDetails>> {
        list!(self, ctx, sessions, list_length(first)?)
    }

    /// Returns the user's counts towards daily limits, newest day first; kept for one week.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn daily_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<DailyCount>> {
        list!(self, ctx, counters, list_length(first)?)
    }

    /// Returns the user's places in reservation campaigns, including cancelled ones, newest campaign first.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn reservations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<ReservationEntry>> {
        list!(self, ctx, places, list_length(first)?)
    }

    /// Returns the attempt counts of the user for limited actions, including lockouts.
    async fn tries(&self, ctx: &Context<'_>) -> NullableField<Vec<AttemptLimit>> {
        list!(self, ctx, tries)
    }

    /// Returns changes to the user by operators and the host application, newest first. Reads are not included; see
    /// `Query.auditLog`.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
    ) -> NullableField<Vec<AuditEntry>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let filter = AuditFilter {
                user_id: Some(self.user()?),
                changes_only: true,
                ..AuditFilter::default()
            };
            let entries = context.ops.audit_log(&filter, None, list_length(first)?).await;
            entries
                .map(|entries| entries.into_iter().map(AuditEntry::from).collect())
                .map_err(Into::into)
        };
        Some(found.await)
    }
}

impl From<UserRecord> for UserDetails {
    fn from(user: UserRecord) -> Self {
        Self {
            id: id_of(UserId(user.user_id)),
            name: user.name,
            portrait_uri: user.portrait_uri,
            created_at: DateTime(user.created_at),
            updated_at: DateTime(user.updated_at),
            erased_at: user.erased_at.map(DateTime),
        }
    }
}
