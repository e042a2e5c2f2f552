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

#[tokio::test]
async fn offers_say_what_streaks_and_invitations_pay() {
    let world = World::new().await;
    world
        .sql(
            "insert into rules values ('streak_3', 'BONUS'), ('streak_7', 'BONUS'), ('off', 'BONUS');
             insert into rule_versions (item, version, amount, amount_max, amount_step, coin_id, target_rule, opens_at, enabled,
                                        streak_length, streak_repeats, changed_by, reason, created_at)
             values ('streak_7', 1, 10, null, null, '2', 'NONE', '2030-01-01Z', true, 7, false, 'test', 'test', '2026-01-01Z'),
                    ('streak_3', 1, 1, 3, 1, '2', 'NONE', null, true, 3, true, 'test', 'test', '2026-01-01Z'),
                    ('off', 1, 1, null, null, '2', 'NONE', null, false, 2, true, 'test', 'test', '2026-01-01Z');
             insert into award_feeds values (17, 0, '2026-11-21', 4)",
        )
        .await;
    let reply = world
        .ask(
            "{ me { signIn { bonuses { item amount maxAmount coinId streakLength repeats signInsLeft open } }
                    invitation { code offers { item amount coinId dailyLimit holdSeconds open } } } }",
        )
        .await;
    insta::assert_snapshot!(at(&reply, "me.signIn.bonuses"), @r#"[{item: "streak_3", amount: "1.0000", maxAmount: "3.0000", coinId: "2", streakLength: 3, repeats: true, signInsLeft: 2, open: true}, {item: "streak_7", amount: "10.0000", maxAmount: null, coinId: "2", streakLength: 7, repeats: false, signInsLeft: 3, open: false}]"#);
    insta::assert_snapshot!(at(&reply, "me.invitation.offers"), @r#"[{item: "invite_friend", amount: "20.0000", coinId: "1", dailyLimit: 20, holdSeconds: 259200, open: true}]"#);
}
