//! The customer: all data that a user may see about themselves.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object, Result};

use super::award::Award;
use super::balance::Balance;
use super::connection::{AwardConnection, ChildConnection};
use super::invitation::Invitation;
use super::list::{Listed, Plan};
use super::lookahead;
use super::sign_in::SignInStatus;
use super::task::Task;
use crate::domain::award as domain;
use crate::domain::id::{NodeId, UserId};
use crate::domain::invitation as domain_invitation;
use crate::graphql::award_kinds::{AwardStatus, AwardType};
use crate::graphql::paging::{PageArguments, list_cost, page_size};
use crate::graphql::{NullableField, RequestContext};
use crate::loaders as stored;
use crate::loaders::{Answer, Ask, AwardFilter, FromAnswer, Profile, ServiceError, SignIn, TaskCount, TaskRule};

/// A user, with the prefetched answers for the selected fields.
pub struct Customer {
    id: ID,
    user: UserId,
    prefetched: HashMap<Ask, Result<Answer, ServiceError>>,
}

impl Customer {
    /// Returns a user without prefetched answers: each field runs its own read.
    pub(super) fn new(user: UserId) -> Self {
        Self {
            id: ID(NodeId::User(user).to_string()),
            user,
            prefetched: HashMap::new(),
        }
    }

    /// Returns the viewer, with all selected fields prefetched in one read. Does not fail: errors belong to the
    /// individual fields.
    pub(super) async fn viewer(ctx: &Context<'_>) -> Option<Self> {
        let context = RequestContext::of(ctx);
        let user = context.viewer?;
        let mut customer = Self::new(user);
        if !cfg!(feature = "per-field-reads") {
            let asks = lookahead::asks(user, context.moment, &ctx.field());
            let answers = context.reads.ask_all(asks.clone()).await;
            customer.prefetched = asks.into_iter().zip(answers).collect();
        }
        Some(customer)
    }

    /// Returns the answers to some reads, in their order. Reads that were not prefetched run now, in one batch.
    async fn answers(&self, context: &RequestContext, asks: &[Ask]) -> Vec<Result<Answer, ServiceError>> {
        let not_prefetched: Vec<Ask> = asks
            .iter()
            .copied()
            .filter(|ask| !self.prefetched.contains_key(ask))
            .collect();
        let mut late = context.reads.ask_all(not_prefetched).await.into_iter();
        let answer = |ask| {
            self.prefetched
                .get(ask)
                .cloned()
                .or_else(|| late.next())
                .unwrap_or(Err(ServiceError::LOST))
        };
        asks.iter().map(answer).collect()
    }

    async fn read<T: FromAnswer>(&self, ctx: &Context<'_>, ask: Ask) -> Result<T> {
        let context = RequestContext::of(ctx);
        let answer = self
            .answers(context, &[ask])
            .await
            .pop()
            .unwrap_or(Err(ServiceError::LOST));
        answer.map(T::from_answer).map_err(Into::into)
    }

    async fn page<Row, Connection>(&self, ctx: &Context<'_>, plan: Result<Plan<Row>>) -> Result<Connection>
    where
        Row: Listed,
        Vec<Row>: FromAnswer,
        Connection: From<super::list::Page<Row>>,
    {
        let (context, plan) = (RequestContext::of(ctx), plan?);
        let answers = self.answers(context, &plan.asks()).await;
        plan.page(answers).map(Connection::from).map_err(Into::into)
    }

    /// Returns the invitation, also for payloads that show it beside the customer.
    pub(super) async fn own_invitation(&self, ctx: &Context<'_>) -> NullableField<Invitation> {
        let invitation = self
            .read::<Option<domain_invitation::Invitation>>(ctx, Ask::invitation(self.user))
            .await;
        invitation
            .map(|invitation| invitation.map(Invitation::from))
            .transpose()
    }

    async fn tasks(&self, ctx: &Context<'_>) -> Result<Vec<Task>> {
        let context = RequestContext::of(ctx);
        let asks = [Ask::task_rules(), Ask::task_counts(self.user, context.moment.day)];
        let answers: Result<Vec<Answer>, ServiceError> = self.answers(context, &asks).await.into_iter().collect();
        let [rules, counts] = answers?.try_into().expect("each read has one answer");
        let (rules, counts) = (
            Vec::<TaskRule>::from_answer(rules),
            Vec::<TaskCount>::from_answer(counts),
        );
        Ok(rules
            .into_iter()
            .map(|rule| Task::new(rule, &counts, context))
            .collect())
    }
}

fn convert<Stored, Shown: From<Stored>>(rows: Vec<Stored>) -> Vec<Shown> {
    rows.into_iter().map(Shown::from).collect()
}

/// The signed-in user, with the data they may see about themselves.
#[Object]
impl Customer {
    /// User ID, such as `user_17`: the host application's number with the prefix `user_`.
    pub async fn id(&self) -> &ID {
        &self.id
    }

    /// Name reported by the host application; null if there is none.
    async fn name(&self, ctx: &Context<'_>) -> NullableField<String> {
        let profile: Result<Option<Profile>> = self.read(ctx, Ask::profile(self.user)).await;
        profile.map(|profile| profile?.name).transpose()
    }

    /// Portrait address reported by the host application; null if there is none.
    async fn portrait_uri(&self, ctx: &Context<'_>) -> NullableField<String> {
        let profile: Result<Option<Profile>> = self.read(ctx, Ask::profile(self.user)).await;
        profile.map(|profile| profile?.portrait_uri).transpose()
    }

    /// Newcomer awards, by ID. The legacy method `customer/get_newbee_award`.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn newbee_awards(&self, ctx: &Context<'_>) -> NullableField<Vec<Award>> {
        Some(
            self.read::<Vec<domain::Award>>(ctx, Ask::newbee_awards(self.user))
                .await
                .map(convert),
        )
    }

    /// Daily awards of this business day, by ID. The legacy method `customer/get_today_award`.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn today_awards(&self, ctx: &Context<'_>) -> NullableField<Vec<Award>> {
        let ask = Ask::today_awards(self.user, RequestContext::of(ctx).moment.day);
        Some(self.read::<Vec<domain::Award>>(ctx, ask).await.map(convert))
    }

    /// Awards of all days, newest first.
    #[graphql(complexity = "5 + child_complexity * page_size(
        __ctx.param_value(__variables_definition, __field, \"first\", None),
        __ctx.param_value(__variables_definition, __field, \"last\", None))")]
    #[allow(clippy::too_many_arguments)] // the arguments of the field
    async fn awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Number of rows from the start of the list, at most 100; 20 if both `first` and `last` are omitted."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of rows from the end of the list, at most 100. Cannot be combined with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
        #[graphql(name = "type", desc = "Only awards of this kind.")] award_type: Option<AwardType>,
        #[graphql(desc = "Only awards with this status.")] status: Option<AwardStatus>,
    ) -> NullableField<AwardConnection> {
        let filter = AwardFilter {
            award_type: award_type.map(Into::into),
            status: status.map(Into::into),
        };
        let page = PageArguments {
            first,
            after,
            last,
            before,
        };
        let plan = Plan::awards(self.user, filter, &page, &ctx.field());
        Some(self.page(ctx, plan).await)
    }

    /// All enabled NEWBEE and DAILY tasks with the user's progress, by item.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn today_tasks(&self, ctx: &Context<'_>) -> NullableField<Vec<Task>> {
        Some(self.tasks(ctx).await)
    }

    /// Status of the user's daily sign-in.
    async fn sign_in(&self, ctx: &Context<'_>) -> NullableField<SignInStatus> {
        let context = RequestContext::of(ctx);
        let sign_in = self
            .read::<SignIn>(ctx, Ask::sign_in(self.user, context.moment.day))
            .await;
        Some(sign_in.map(|sign_in| SignInStatus::new(sign_in, context)))
    }

    /// Settled and pending amounts by coin, for coins in which the user has or had awards.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn balances(&self, ctx: &Context<'_>) -> NullableField<Vec<Balance>> {
        Some(
            self.read::<Vec<stored::Balance>>(ctx, Ask::balances(self.user))
                .await
                .map(convert),
        )
    }

    /// Invitation code of the user, and the code they bound. The legacy method `customer/get_invitation`.
    async fn invitation(&self, ctx: &Context<'_>) -> NullableField<Invitation> {
        self.own_invitation(ctx).await
    }

    /// Users who bound this user's code, newest first. The legacy method `customer/get_children`.
    #[graphql(complexity = "5 + child_complexity * page_size(
        __ctx.param_value(__variables_definition, __field, \"first\", None),
        __ctx.param_value(__variables_definition, __field, \"last\", None))")]
    async fn children(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Number of rows from the start of the list, at most 100; 20 if both `first` and `last` are omitted."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only rows after this cursor.")] after: Option<String>,
        #[graphql(desc = "Number of rows from the end of the list, at most 100. Cannot be combined with `first`.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows before this cursor.")] before: Option<String>,
    ) -> NullableField<ChildConnection> {
        let plan = Plan::children(
            self.user,
            &PageArguments {
                first,
                after,
                last,
                before,
            },
            &ctx.field(),
        );
        Some(self.page(ctx, plan).await)
    }
}
