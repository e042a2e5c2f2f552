//! The customer: all data that a user may see about themselves.

use std::sync::{Mutex, MutexGuard};

use async_graphql::{Context, ID, Object, Result, SelectionField};
use futures_util::FutureExt;

use super::balance::Balance;
use super::connection::Page;
use super::flat::{Flat, FlatList};
use super::list::{AwardsPlan, ChildrenPlan, Listed, Plan};
use super::sign_in::SignInStatus;
use super::task::Task;
use crate::domain::award::Award;
use crate::domain::business_day::BusinessTime;
use crate::domain::id::{NodeId, UserId};
use crate::domain::invitation::Invitation;
use crate::graphql::award_kinds::{AwardStatus, AwardType};
use crate::graphql::paging::{PageArguments, argument, list_cost, page_size};
use crate::graphql::{NullableField, RequestContext};
use crate::loaders::me::awards::{AwardFilter, ReadNewbeeAwards, ReadTodayAwards};
use crate::loaders::me::balances::ReadBalances;
use crate::loaders::me::children::Child;
use crate::loaders::me::invitation::ReadInvitation;
use crate::loaders::me::profile::ReadProfile;
use crate::loaders::me::sign_in::ReadSignIn;
use crate::loaders::me::tasks::{ReadTaskCounts, ReadTaskRules};
use crate::loaders::{Part, ReadSet, Whose};

/// A user, with the prefetched outcomes of reads for the selected fields.
pub struct Customer {
    id: ID,
    user: UserId,
    prefetched: Mutex<ReadSet>,
}

/// Adds the reads for a field of a customer, so that one statement answers all selected fields. When the field is
/// resolved, it finds them prefetched; a read that is missing here costs a statement, but never returns a wrong result.
fn prefetch(reads: &mut ReadSet, whose: Whose, moment: BusinessTime, field: &SelectionField<'_>) {
    let day = moment.day;
    match field.name() {
        "name" | "portraitUri" => reads.add(whose, ReadProfile),
        "newbeeAwards" => reads.add(whose, ReadNewbeeAwards),
        "todayAwards" => reads.add(whose, ReadTodayAwards { day }),
        "todayTasks" => {
            reads.add(whose, ReadTaskRules);
            reads.add(whose, ReadTaskCounts { day });
        }
        "signIn" => reads.add(whose, ReadSignIn { day }),
        "balances" => reads.add(whose, ReadBalances),
        "invitation" => reads.add(whose, ReadInvitation),
        // Invalid arguments are rejected when the field is resolved.
        "awards" => {
            if let Ok(arguments) = field.arguments()
                && let Ok(plan) = AwardsPlan::awards(
                    whose,
                    award_filter(argument(&arguments, "type"), argument(&arguments, "status")),
                    &PageArguments::prefetched(&arguments),
                    field,
                )
            {
                plan.add_to(reads);
            }
        }
        "children" => {
            if let Ok(arguments) = field.arguments()
                && let Ok(plan) = ChildrenPlan::children(whose, &PageArguments::prefetched(&arguments), field, day)
            {
                plan.add_to(reads);
            }
        }
        _ => {}
    }
}

impl Customer {
    /// Returns a user without prefetched reads: each field runs its own.
    pub(super) fn new(user: UserId) -> Self {
        Self {
            id: ID(NodeId::User(user).to_string()),
            user,
            prefetched: Mutex::default(),
        }
    }

    /// Returns the viewer, with all selected fields prefetched in one statement. Does not fail: errors belong to the
    /// individual fields.
    pub(super) async fn viewer(ctx: &Context<'_>) -> Option<Self> {
        let context = RequestContext::of(ctx);
        let viewer = context.viewer.as_ref()?;
        if cfg!(feature = "per-field-reads") {
            return viewer.user().await.ok()?.map(Self::new);
        }
        let (mut reads, whose) = viewer.start_reads();
        for field in ctx.field().selection_set() {
            prefetch(&mut reads, whose, context.moment, &field);
        }
        let reads = context.state.reads.run(reads).await;
        let user = viewer.conclude(&reads)?;
        Some(Self {
            prefetched: Mutex::new(reads),
            ..Self::new(user)
        })
    }

    fn prefetched(&self) -> MutexGuard<'_, ReadSet> {
        self.prefetched.lock().expect("nothing panics while it holds the lock")
    }

    /// Returns the value of a part, prefetched or from a statement of its own.
    async fn read<P: Part>(&self, ctx: &Context<'_>, part: P) -> Result<P::Value> {
        let prefetched = self.prefetched().take_prefetched(self.user, &part);
        let outcome = match prefetched {
            Some(outcome) => outcome,
            None => RequestContext::of(ctx).state.reads.read(self.user, part).await,
        };
        outcome.map_err(Into::into)
    }

    /// Returns the reads with their outcomes. Reads that were not prefetched run now, in one statement.
    async fn run(&self, ctx: &Context<'_>, mut reads: ReadSet) -> ReadSet {
        let is_complete = reads.fill_from(&mut self.prefetched());
        match is_complete {
            true => reads,
            false => RequestContext::of(ctx).state.reads.run(reads).await,
        }
    }

    async fn page<Row, Rows, Total>(
        &self,
        ctx: &Context<'_>,
        plan: Result<Plan<Row, Rows, Total>>,
    ) -> Result<Flat<Page<Row>>>
    where
        Row: Listed,
        Rows: Part<Value = Vec<Row>>,
        Total: Part<Value = i64>,
    {
        let plan = plan?;
        let mut reads = ReadSet::default();
        plan.add_to(&mut reads);
        let mut reads = self.run(ctx, reads).await;
        Ok(Flat(plan.page(self.user, &mut reads)?))
    }

    /// Returns the invitation, also for payloads that show it beside the customer.
    pub(super) async fn own_invitation(&self, ctx: &Context<'_>) -> NullableField<Flat<Invitation>> {
        let invitation = self.read(ctx, ReadInvitation).await.transpose();
        invitation.map(|invitation| invitation.map(Flat))
    }

    async fn tasks(&self, ctx: &Context<'_>) -> Result<Vec<Task>> {
        let context = RequestContext::of(ctx);
        let counts = ReadTaskCounts {
            day: context.moment.day,
        };
        let mut reads = ReadSet::of(self.user, ReadTaskRules);
        reads.add(self.user, counts.clone());
        let mut reads = self.run(ctx, reads).await;
        let rules = reads.take(self.user, &ReadTaskRules)?;
        let counts = reads.take(self.user, &counts)?;
        Ok(rules
            .into_iter()
            .map(|rule| Task::new(rule, &counts, context))
            .collect())
    }
}

fn award_filter(award_type: Option<AwardType>, status: Option<AwardStatus>) -> AwardFilter {
    AwardFilter {
        award_type: award_type.map(Into::into),
        status: status.map(Into::into),
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
        let profile = self.read(ctx, ReadProfile).await;
        profile.map(|profile| profile?.name).transpose()
    }

    /// Portrait address reported by the host application; null if there is none.
    async fn portrait_uri(&self, ctx: &Context<'_>) -> NullableField<String> {
        let profile = self.read(ctx, ReadProfile).await;
        profile.map(|profile| profile?.portrait_uri).transpose()
    }

    /// Newcomer awards, by ID. The legacy method `customer/get_newbee_award`.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn newbee_awards(&self, ctx: &Context<'_>) -> NullableField<FlatList<Award>> {
        Some(self.read(ctx, ReadNewbeeAwards).await.map(FlatList))
    }

    /// Daily awards of this business day, by ID. The legacy method `customer/get_today_award`.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn today_awards(&self, ctx: &Context<'_>) -> NullableField<FlatList<Award>> {
        let day = RequestContext::of(ctx).moment.day;
        Some(self.read(ctx, ReadTodayAwards { day }).await.map(FlatList))
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
    ) -> NullableField<Flat<Page<Award>>> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
        };
        let plan = AwardsPlan::awards(self.user.into(), award_filter(award_type, status), &page, &ctx.field());
        Some(self.page(ctx, plan).boxed().await)
    }

    /// All enabled NEWBEE and DAILY tasks with the user's progress, by item.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn today_tasks(&self, ctx: &Context<'_>) -> NullableField<Vec<Task>> {
        Some(self.tasks(ctx).boxed().await)
    }

    /// Status of the user's daily sign-in.
    async fn sign_in(&self, ctx: &Context<'_>) -> NullableField<SignInStatus> {
        let context = RequestContext::of(ctx);
        let day = context.moment.day;
        let sign_in = self.read(ctx, ReadSignIn { day }).await;
        Some(sign_in.map(|sign_in| SignInStatus::new(sign_in, context)))
    }

    /// Settled and pending amounts by coin, for coins in which the user has or had awards.
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn balances(&self, ctx: &Context<'_>) -> NullableField<Vec<Balance>> {
        Some(self.read(ctx, ReadBalances).await.map(convert))
    }

    /// Invitation code of the user, and the code they bound. The legacy method `customer/get_invitation`.
    async fn invitation(&self, ctx: &Context<'_>) -> NullableField<Flat<Invitation>> {
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
    ) -> NullableField<Flat<Page<Child>>> {
        let plan = ChildrenPlan::children(
            self.user.into(),
            &PageArguments {
                first,
                after,
                last,
                before,
            },
            &ctx.field(),
            RequestContext::of(ctx).moment.day,
        );
        Some(self.page(ctx, plan).boxed().await)
    }
}
