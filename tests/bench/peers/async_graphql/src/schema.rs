//! The schema: `me` with its lists, and the sign-in of today.

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use async_graphql::{ComplexObject, Context, Error, ErrorExtensions, ID, Object, Result, SimpleObject, Union};
use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::database::{Database, Sql};
use crate::loaders::{ChildCountOf, ChildrenOf, InvitationOf, Loaders, NewbeeAwardsOf, TodayAwardsOf};

/// SHA-256 of the request's session key.
pub struct KeyHash(pub Option<[u8; 32]>);

#[derive(SimpleObject, Clone)]
pub struct Award {
    id: ID,
    award_item: String,
    amount: String,
    coin_id: i32,
    target_id: Option<ID>,
    status: String,
    created_at: DateTime<Utc>,
}

impl Award {
    pub fn from_row(row: &Row) -> Self {
        Self {
            id: row.get::<_, i64>(1).into(),
            award_item: row.get(2),
            amount: row.get(3),
            coin_id: row.get(4),
            target_id: row.get::<_, Option<i64>>(5).map(ID::from),
            status: row.get(6),
            created_at: row.get(7),
        }
    }
}

#[derive(SimpleObject, Clone)]
pub struct Invitation {
    code: String,
    class: String,
    parent_id: Option<ID>,
    parent_code: Option<String>,
}

impl Invitation {
    pub fn from_row(row: &Row) -> Self {
        Self {
            code: row.get(1),
            class: row.get(2),
            parent_id: row.get::<_, Option<i64>>(3).map(ID::from),
            parent_code: row.get(4),
        }
    }
}

#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct User {
    #[graphql(skip)]
    number: i64,
    user_id: ID,
    user_name: String,
    portrait_uri: String,
}

impl User {
    /// From three columns, `first` and those behind it.
    pub fn from_row(row: &Row, first: usize) -> Self {
        let number: i64 = row.get(first);
        Self {
            number,
            user_id: number.into(),
            user_name: row.get(first + 1),
            portrait_uri: row.get(first + 2),
        }
    }
}

fn loaders<'c>(context: &Context<'c>) -> &'c DataLoader<Loaders> {
    context.data_unchecked()
}

#[ComplexObject]
impl User {
    async fn newbee_awards(&self, context: &Context<'_>) -> Result<Vec<Award>> {
        let awards = loaders(context).load_one(NewbeeAwardsOf(self.number)).await?;
        Ok(awards.unwrap_or_default())
    }

    async fn today_awards(&self, context: &Context<'_>) -> Result<Vec<Award>> {
        let awards = loaders(context).load_one(TodayAwardsOf(self.number)).await?;
        Ok(awards.unwrap_or_default())
    }

    async fn invitation(&self, context: &Context<'_>) -> Result<Invitation> {
        let invitation = loaders(context).load_one(InvitationOf(self.number)).await?;
        invitation.ok_or_else(|| "no invitation".into())
    }

    async fn children(&self, #[graphql(default = 20)] first: i32) -> UserConnection {
        UserConnection {
            parent: self.number,
            first: first.clamp(0, 100).into(),
        }
    }
}

struct UserConnection {
    parent: i64,
    first: i64,
}

#[Object]
impl UserConnection {
    async fn total_count(&self, context: &Context<'_>) -> Result<i64> {
        let count = loaders(context).load_one(ChildCountOf(self.parent)).await?;
        Ok(count.unwrap_or_default())
    }

    async fn nodes(&self, context: &Context<'_>) -> Result<Vec<User>> {
        let Self { parent, first } = *self;
        let children = loaders(context).load_one(ChildrenOf { parent, first }).await?;
        Ok(children.unwrap_or_default())
    }
}

async fn viewer(context: &Context<'_>) -> Result<User> {
    let refused =
        || Error::new("unauthenticated").extend_with(|_, extensions| extensions.set("code", "UNAUTHENTICATED"));
    let hash = context.data_unchecked::<KeyHash>().0.ok_or_else(refused)?;
    let database: &Arc<Database> = context.data_unchecked();
    let rows = database.query(Sql::UserOfSession, &[&&hash[..]]).await?;
    rows.first().map(|row| User::from_row(row, 0)).ok_or_else(refused)
}

pub struct Query;

#[Object]
impl Query {
    async fn me(&self, context: &Context<'_>) -> Result<User> {
        viewer(context).await
    }
}

#[derive(SimpleObject)]
struct SignInDone {
    award: Award,
}

#[derive(SimpleObject)]
struct SignInAlreadyDone {
    message: &'static str,
}

#[derive(Union)]
enum SignInResult {
    Done(SignInDone),
    AlreadyDone(SignInAlreadyDone),
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn sign_in_today(&self, context: &Context<'_>) -> Result<SignInResult> {
        let user = viewer(context).await?;
        let database: &Arc<Database> = context.data_unchecked();
        let rows = database.query(Sql::SignIn, &[&user.number]).await?;
        Ok(match rows.first() {
            Some(row) => SignInResult::Done(SignInDone {
                award: Award::from_row(row),
            }),
            None => SignInResult::AlreadyDone(SignInAlreadyDone {
                message: "already signed in today",
            }),
        })
    }
}
