//! Windows of campaigns: replies before they open, and which windows may overlap.

use chrono::TimeDelta;
use newbee::domain::word::{WordCampaignRejection, WordTerms};

use crate::support::app::TestApp;
use crate::support::words::{create, status, submit, terms, try_to_create};

/// Returns why a campaign cannot be made; empty when it is made.
async fn problems(app: &TestApp, terms: &WordTerms) -> Vec<WordCampaignRejection> {
    try_to_create(app, terms).await.err().unwrap_or_default()
}

/// Terms of a window in hours from now.
fn window(app: &TestApp, word: &str, from: i64, to: i64) -> WordTerms {
    let now = app.clock.now();
    WordTerms {
        opens_at: now + TimeDelta::hours(from),
        closes_at: now + TimeDelta::hours(to),
        ..terms(app, word, 5)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_word_before_the_opening_is_not_a_wrong_try() {
    let app = TestApp::start().await;
    create(&app, &window(&app, "moon", 1, 2)).await;
    let (eager, guesser) = (app.add_user(1).await, app.add_user(2).await);
    for _ in 0..12 {
        let early = submit(&app, &eager, "MOON").await;
        assert_eq!(early["userErrors"][0]["code"], "WORD_UNAVAILABLE");
        assert_eq!(status(&early), 203);
    }
    let wrong = submit(&app, &guesser, "noon").await;
    assert_eq!(
        wrong["userErrors"],
        submit(&app, &guesser, "moon").await["userErrors"],
        "one answer for unknown words and for those that have not opened"
    );
    // Wrong words count as before.
    for number in 0..4 {
        assert_eq!(status(&submit(&app, &guesser, &format!("guess{number}")).await), 203);
    }
    assert_eq!(status(&submit(&app, &guesser, "moon").await), 206);
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(
        status(&submit(&app, &eager, "moon").await),
        1,
        "nobody is locked out when it opens"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_windows_that_overlap_exclude_each_other() {
    let app = TestApp::start().await;
    let taken = [WordCampaignRejection::WordTaken];
    let (century, hour) = (24 * 365 * 100, 1);
    assert_eq!(problems(&app, &window(&app, "moon", century, century + hour)).await, []);
    assert_eq!(
        problems(&app, &window(&app, "ＭＯＯＮ", 0, 1)).await,
        [],
        "far away from it"
    );
    assert_eq!(problems(&app, &window(&app, "moon", 1, 2)).await, [], "just after it");
    for (from, to) in [(0, 1), (0, 3), (1, 2), (century, century + 2), (-5, century * 2)] {
        assert_eq!(
            problems(&app, &window(&app, "Moon", from, to)).await,
            taken,
            "{from} to {to}"
        );
    }
    assert_eq!(problems(&app, &window(&app, "sun", 0, 3)).await, [], "another word");

    // Each window pays by itself, and the word means the one that is open.
    let user = app.add_user(1).await;
    let first = submit(&app, &user, "moon").await;
    assert_eq!(status(&submit(&app, &user, "moon").await), 205);
    app.clock.advance(TimeDelta::hours(1));
    let second = submit(&app, &user, "moon").await;
    assert!(status(&first) == 1 && status(&second) == 1 && first["draw"]["id"] != second["draw"]["id"]);
    // A window that is over gives its word free, also before a job has ended it.
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(status(&submit(&app, &app.add_user(2).await, "moon").await), 204);
    assert_eq!(problems(&app, &window(&app, "moon", -1, 1)).await, []);
    assert_eq!(status(&submit(&app, &user, "moon").await), 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_campaigns_made_at_once_one_has_the_word() {
    let app = TestApp::start().await;
    let asked: Vec<_> = (0..8).map(|number| window(&app, "moon", number, number + 10)).collect();
    let made = futures_util::future::join_all(asked.iter().map(|terms| problems(&app, terms))).await;
    assert_eq!(
        made.iter().filter(|problems| problems.is_empty()).count(),
        1,
        "{made:?}"
    );
    let open: i64 = sqlx::query_scalar("select count(*) from word_campaigns where state = 'OPEN'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(open, 1);
    app.stop().await;
}
