//! Events of `awardChanged`.

use newbee::domain::audit::Author;
use newbee::domain::correction::{AwardSelection, Correction};
use newbee::domain::id::UserId;
use newbee::service::correct_awards::{Mode, correct_awards};

use super::{Following, settle, sign_in, text};
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn an_award_comes_when_it_is_made_and_when_it_is_settled() {
    let app = TestApp::start().await;
    let (user, other) = (app.add_user(1).await, app.add_user(2).await);
    app.run_due_jobs().await;
    let mut following = Following::begin(&app.url("/graphql"), &user.key, None).await;
    sign_in(&app, &other.key).await;
    let id = sign_in(&app, &user.key).await;
    let pending = following.award().await;
    assert_eq!((text(&pending, "id"), text(&pending, "status")), (&*id, "PENDING"));
    settle(&app).await;
    let settled = following.award().await;
    assert_eq!((text(&settled, "id"), text(&settled, "status")), (&*id, "SETTLED"));
    assert_ne!(pending["changeCursor"], settled["changeCursor"]);
    drop(following);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_with_a_cursor_has_missed_nothing_and_sees_nothing_twice() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let url = app.url("/graphql");
    let mut following = Following::begin(&url, &user.key, None).await;
    sign_in(&app, &user.key).await;
    let cursor = text(&following.award().await, "changeCursor").to_owned();
    drop(following);

    // Ninety awards while nobody is there: more than wait for one subscriber.
    sqlx::query(
        "with feed as (update award_feeds set last_change = last_change + 90 where user_id = 1 returning last_change)
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                             settles_at, created_at, updated_at, changed_in)
         select 1, 'import', n::text, 'join_group', 'DAILY', 1, 10, '1', '2026-11-20', '2026-11-20Z', '2026-11-20Z', '2026-11-20Z',
                last_change - 90 + n
         from generate_series(1, 90) n, feed",
    )
    .execute(app.pool())
    .await
    .unwrap();
    let mut following = Following::begin(&url, &user.key, Some(&cursor)).await;
    let mut seen = Vec::new();
    for _ in 0..45 {
        seen.push(following.award().await);
    }
    // It breaks off in the middle, and is taken up again where it was.
    let cursor = text(&seen[44], "changeCursor").to_owned();
    drop(following);
    let mut following = Following::begin(&url, &user.key, Some(&cursor)).await;
    for _ in 0..45 {
        seen.push(following.award().await);
    }
    let mut ids: Vec<_> = seen.iter().map(|award| text(award, "id").to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 90, "each once");
    // Nothing was left over: the next to come is a new one.
    settle(&app).await;
    assert_eq!(text(&following.award().await, "status"), "SETTLED");
    drop(following);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_of_a_query_will_do_as_well() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    sign_in(&app, &user.key).await;
    let me = app
        .ask(
            &user,
            "{ me { todayAwards { changeCursor } signIn { award { changeCursor } } } }",
        )
        .await;
    let cursor = text(&me["me"]["todayAwards"][0], "changeCursor");
    assert_eq!(me["me"]["signIn"]["award"]["changeCursor"], cursor);
    settle(&app).await;
    let mut following = Following::begin(&app.url("/graphql"), &user.key, Some(cursor)).await;
    assert_eq!(text(&following.award().await, "status"), "SETTLED");
    drop(following);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_replica_tells_what_any_of_them_changed() {
    let one = TestApp::start().await;
    let two = one.replica().await;
    let user = one.add_user(1).await;
    let mut at_one = Following::begin(&one.url("/graphql"), &user.key, None).await;
    let mut at_two = Following::begin(&two.url("/graphql"), &user.key, None).await;
    let id = sign_in(&two, &user.key).await;
    for following in [&mut at_one, &mut at_two] {
        assert_eq!(text(&following.award().await, "id"), id);
    }
    settle(&one).await;
    for following in [&mut at_one, &mut at_two] {
        assert_eq!(text(&following.award().await, "status"), "SETTLED");
    }
    drop((at_one, at_two));
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_a_change() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    sign_in(&app, &user.key).await;
    settle(&app).await;
    let mut following = Following::begin(&app.url("/graphql"), &user.key, None).await;
    let selection = AwardSelection {
        user_id: Some(UserId(1)),
        ..AwardSelection::default()
    };
    let author = Author::at_the_command_line(app.clock.now());
    let reversed = correct_awards(
        app.pool(),
        Correction::Reverse,
        &selection,
        "a test",
        &author,
        Mode::Commit,
    )
    .await;
    assert_eq!(reversed.unwrap()[0].award_count, 1);
    assert_eq!(text(&following.award().await, "status"), "REVERSED");
    drop(following);
    app.stop().await;
}
