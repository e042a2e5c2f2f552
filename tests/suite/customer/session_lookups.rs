//! Whom a session key belongs to, for many requests at once.

use futures_util::future::join_all;
use newbee::batcher::BatcherLimits;
use newbee::domain::id::UserId;
use newbee::domain::session::SessionKey;
use newbee::loaders::Sessions;

use crate::support::world::{NOW, VIEWER, World};

pub async fn add_session(world: &World, key: &SessionKey, user: UserId, expires_at: &str, revoked_at: Option<&str>) {
    sqlx::query(
        "insert into sessions values ($1, $2, 'issued', '2026-01-01Z', $3::text::timestamptz, $4::text::timestamptz)",
    )
    .bind(key.hash().0)
    .bind(user.0)
    .bind(expires_at)
    .bind(revoked_at)
    .execute(world.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn keys_that_come_together_are_looked_up_together() {
    let world = World::new().await;
    world.add_user(UserId(9), "other").await;
    let [mine, theirs, expired, revoked, unknown] = [1, 2, 3, 4, 5].map(|byte| SessionKey::from_random([byte; 32]));
    add_session(&world, &mine, VIEWER, "2026-12-01Z", None).await;
    add_session(&world, &theirs, UserId(9), "2026-12-01Z", None).await;
    add_session(&world, &expired, VIEWER, NOW, None).await;
    add_session(&world, &revoked, VIEWER, "2026-12-01Z", Some("2026-11-01Z")).await;

    let sessions = Sessions::start(world.pool().clone(), BatcherLimits::default());
    let at = NOW.parse().unwrap();
    let keys = [&mine, &theirs, &expired, &revoked, &unknown, &mine];
    let found = join_all(keys.map(|key| sessions.authenticate(key.hash(), at))).await;
    let found: Vec<Option<UserId>> = found.into_iter().map(Result::unwrap).collect();
    assert_eq!(found, [Some(VIEWER), Some(UserId(9)), None, None, None, Some(VIEWER)]);
    assert_eq!(sessions.statements(), 1);
}

#[tokio::test]
async fn a_failure_reaches_each_caller() {
    let world = World::new().await;
    world.sql("alter table sessions rename to elsewhere").await;
    let sessions = Sessions::start(world.pool().clone(), BatcherLimits::default());
    let keys = [1, 2].map(|byte| SessionKey::from_random([byte; 32]));
    let found = join_all(
        keys.iter()
            .map(|key| sessions.authenticate(key.hash(), NOW.parse().unwrap())),
    )
    .await;
    assert!(found.iter().all(Result::is_err));
}
