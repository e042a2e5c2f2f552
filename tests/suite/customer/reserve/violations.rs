//! Constraints of reservations, and the view of their violations.

use sqlx::Executor;

use crate::support::database::TestDatabase;
use crate::support::reservations::{assert_sound, violations};

/// User 1 has a place in an open campaign (1) and in a launched one (2), which is not paid.
const CAMPAIGNS: &str = "
    insert into users (user_id, created_at, updated_at) select n, '2026-01-01Z', '2026-01-01Z' from generate_series(1, 3) n;

    insert into reservation_campaigns (campaign_key, capacity, reward_amount, reward_coin_id, created_by, reason, created_at, updated_at)
        values ('open', 1, 5, '1', 'test', 'test', '2026-01-01Z', '2026-01-01Z'),
               ('launched', 1, 5, '1', 'test', 'test', '2026-01-01Z', '2026-01-01Z');

    insert into reservations (user_id, campaign_id, reserved_at) values (1, 1, '2026-01-01Z'), (1, 2, '2026-01-01Z');

    update reservation_campaigns set reserved_count = 1;

    update reservation_campaigns set state = 'LAUNCHED', launched_at = '2026-01-02Z', launched_by = 'test' where campaign_id = 2;";

fn award(user: i64, campaign: i64, amount: i64) -> String {
    format!(
        "insert into awards (user_id, source, source_key, item, award_type, amount, coin_id, business_day, settles_at, created_at,
                             updated_at)
         values ({user}, 'reservation', '{campaign}', 'reservation', 'RESERVATION', {amount}, '1', '2026-01-02', '2026-01-02Z',
                 '2026-01-02Z', '2026-01-02Z')"
    )
}

#[tokio::test]
async fn what_must_not_happen_is_refused_by_the_database() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    pool.execute(CAMPAIGNS).await.expect("sound campaigns");
    for forbidden in [
        // Places.
        "insert into reservations (user_id, campaign_id, reserved_at) values (1, 1, '2026-01-01Z')",
        "insert into reservations (user_id, campaign_id, reserved_at) values (2, 2, '2026-01-01Z')",
        "insert into reservations (user_id, campaign_id, reserved_at) values (2, 99, '2026-01-01Z')",
        "update reservations set cancelled_at = '2026-01-03Z' where campaign_id = 2",
        "delete from reservations",
        // Campaigns.
        "update reservation_campaigns set reserved_count = 2 where campaign_id = 1",
        "update reservation_campaigns set reserved_count = -1 where campaign_id = 1",
        "update reservation_campaigns set campaign_key = 'other' where campaign_id = 1",
        "update reservation_campaigns set state = 'LAUNCHED' where campaign_id = 1",
        "update reservation_campaigns set rewards_paid_at = '2026-01-03Z' where campaign_id = 1",
        "update reservation_campaigns set is_legacy_default = true",
        "update reservation_campaigns set reward_coin_id = null where campaign_id = 1",
        "update reservation_campaigns set state = 'OPEN', launched_at = null, launched_by = null where campaign_id = 2",
        "update reservation_campaigns set reward_amount = 6 where campaign_id = 2",
        "update reservation_campaigns set reserved_count = 0 where campaign_id = 2",
        "delete from reservation_campaigns",
    ] {
        assert!(pool.execute(forbidden).await.is_err(), "the database took: {forbidden}");
    }
    assert_sound(&pool).await;
    pool.execute(sqlx::AssertSqlSafe(award(1, 2, 5)))
        .await
        .expect("what a launch pays");
    assert_sound(&pool).await;
    pool.close().await;
}

#[tokio::test]
async fn the_view_sees_every_kind_of_violation() {
    let stray = "reservation award without its reservation";
    for (damage, violation) in [
        (
            "update reservation_campaigns set reserved_count = 0 where campaign_id = 1".to_owned(),
            "reserved count differs from the reservations",
        ),
        (
            "update reservations set cancelled_at = '2026-01-01Z' where campaign_id = 1".to_owned(),
            "reserved count differs from the reservations",
        ),
        (
            "insert into reservations (user_id, campaign_id, reserved_at) values (2, 1, '2026-01-01Z')".to_owned(),
            "campaign oversold",
        ),
        (
            "update reservation_campaigns set rewards_paid_at = '2026-01-03Z' where campaign_id = 2".to_owned(),
            "paid campaign without an award for a reservation",
        ),
        (award(1, 1, 5), stray), // not launched
        (award(2, 2, 5), stray), // no place
        (award(1, 2, 6), stray), // too much
        (award(1, 99, 5), stray),
    ] {
        let database = TestDatabase::create().await;
        database.books_may_be_wrong();
        let pool = database.pool();
        pool.execute(CAMPAIGNS).await.expect("sound campaigns");
        assert_sound(&pool).await;
        pool.execute(sqlx::AssertSqlSafe(damage.clone()))
            .await
            .unwrap_or_else(|error| panic!("{damage}: {error}"));
        let seen = violations(&pool).await;
        assert!(
            seen.iter().any(|(seen, _)| seen == violation),
            "{violation:?} is not among {seen:?}"
        );
        pool.close().await;
    }
}
