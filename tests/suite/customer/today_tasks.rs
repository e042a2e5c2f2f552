//! Tasks of today, and the streak of sign-ins.

use crate::customer::me::furnish;
use crate::support::world::{VIEWER, World, at};

#[tokio::test]
async fn tasks_say_what_is_open_and_when_it_comes_back() {
    let world = World::new().await;
    furnish(&world).await;
    world
        .sql(
            "insert into rules values ('later', 'DAILY'), ('endless', 'DAILY'), ('gone', 'NEWBEE');
             insert into rule_versions (item, version, amount, coin_id, target_rule, opens_at, enabled, changed_by, reason, created_at)
             values ('later', 1, 1, '2', 'NONE', '2026-12-01Z', true, 'test', 'test', '2026-01-01Z'),
                    ('endless', 1, 1, '2', 'REPEATABLE', null, true, 'test', 'test', '2026-01-01Z'),
                    ('gone', 1, 1, '2', 'NONE', null, false, 'test', 'test', '2026-01-01Z')",
        )
        .await;
    world.award(VIEWER, "join_group", "2026-11-22", Some("21")).await;
    let reply = world
        .ask("{ me { todayTasks { item done limit remaining state nextEligibleAt } } }")
        .await;
    insta::assert_snapshot!(at(&reply, "me.todayTasks"), @r#"[{item: "endless", done: 0, limit: null, remaining: null, state: AVAILABLE, nextEligibleAt: null}, {item: "join_group", done: 3, limit: 3, remaining: 0, state: DONE, nextEligibleAt: "2026-11-22T16:00:00.000Z"}, {item: "later", done: 0, limit: 1, remaining: 1, state: CLOSED, nextEligibleAt: null}, {item: "set_fomo_id", done: 1, limit: 1, remaining: 0, state: DONE, nextEligibleAt: null}, {item: "sign_in", done: 1, limit: 1, remaining: 0, state: DONE, nextEligibleAt: "2026-11-22T16:00:00.000Z"}]"#);
}

#[tokio::test]
async fn a_streak_that_was_missed_reads_as_nothing() {
    let world = World::new().await;
    for (last_day, streak) in [("2026-11-20", 0), ("2026-11-21", 7)] {
        world
            .sql(format!(
                "insert into award_feeds values (17, 0, '{last_day}', 7)
                 on conflict (user_id) do update set last_sign_in = excluded.last_sign_in"
            ))
            .await;
        let reply = world
            .ask("{ me { signIn { streak signedInToday nextSignInAt } } }")
            .await;
        assert_eq!(at(&reply, "me.signIn.streak"), streak.into(), "{last_day}");
        assert_eq!(at(&reply, "me.signIn.signedInToday"), false.into());
    }
}
