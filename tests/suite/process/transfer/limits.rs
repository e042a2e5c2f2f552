//! Records that are possible by themselves and not in this database.

use super::{award, import, user, value};
use crate::support::database::TestDatabase;

/// The database refuses the sum of a balance, which no check of one record finds.
#[tokio::test(flavor = "multi_thread")]
async fn one_record_that_the_database_refuses_stops_no_other() {
    let database = TestDatabase::create().await;
    let opening = |user: i64, amount: &str| {
        format!(r#"{{"type":"openingBalance","userId":{user},"coinId":"1","amount":"{amount}","at":1573900000}}"#)
    };
    let lines = [
        user(1, ""),
        user(2, ""),
        opening(2, "7"),
        award(10, 1, "9999999999999999"),
        award(11, 1, "1"),
        award(12, 2, "5"),
        opening(1, "9999999999999999"),
    ];
    let done = import(&database, &lines.join("\n")).await;
    let reason =
        "numeric field overflow: A field with precision 20, scale 4 must round to an absolute value less than 10^16.";
    done.refused(&[
        &format!("line 5: award 11: {reason}"),
        &format!("line 7: openingBalance 1/1: {reason}"),
    ]);
    let balances = "select string_agg(settled::text, ' ' order by user_id) from balances";
    assert_eq!(value(&database, balances).await, "9999999999999999.0000 12.0000");
    database.assert_books_balance().await;
}

/// Lines that are older than the erasure: of an export, or of the old system.
#[tokio::test(flavor = "multi_thread")]
async fn texts_about_an_erased_user_do_not_return() {
    let database = TestDatabase::create().await;
    import(&database, &user(17, r#","code":"SECRET17","name":"Secret""#))
        .await
        .succeeded();
    crate::support::commands::said(&database, &["user", "erase", "17", "--reason", "x"]).await;
    let lines = [
        user(17, r#","code":"SECRET17","name":"Secret""#),
        user(18, r#","parentId":17,"parentCode":"SECRET17","boundAt":1573900001"#),
        award(10, 17, "5").replace(
            '}',
            r#","targetId":"secret","source":"join_group","sourceKey":"secret"}"#,
        ),
        award(11, 17, "5"),
        format!(
            r#"{{"type":"taskReport","userId":17,"idempotencyKey":"secret","contentHash":"\\x{}","result":{{}},"createdAt":"2026-01-01T00:00:00Z"}}"#,
            "00".repeat(32)
        ),
    ];
    let done = import(&database, &lines.join("\n")).await;
    done.refused(&["line 5: taskReport 17/secret: User 17 is erased, and with them the keys of reports about them."]);
    let texts = "select string_agg(format('%s %s', source_key, target_id), ',' order by award_id) from awards";
    assert_eq!(value(&database, texts).await, "erased:10 ,erased:11 ");
    let code = "select (parent_code <> 'SECRET17')::text from invitations where user_id = 18";
    assert_eq!(value(&database, code).await, "true");
    database.assert_books_balance().await;
    // A copy has the child of the erased user too.
    let copy = TestDatabase::create().await;
    import(&copy, &super::export(&database).await).await.succeeded();
    assert_eq!(value(&copy, "select count(*)::text from invitation_links").await, "1");
    // The awards are found again.
    assert_eq!(
        import(&database, &lines.join("\n")).await.count("award", "unchanged"),
        2
    );
}

/// A user who has signed in on a day to come could not sign in on it.
#[tokio::test(flavor = "multi_thread")]
async fn awards_and_streaks_of_days_to_come_are_refused() {
    let database = TestDatabase::create().await;
    let lines = [
        user(1, ""),
        award(16, 1, "5").replace("1573985312", "\"9000-01-01T00:00:00Z\""),
        r#"{"type":"streak","userId":1,"lastDay":"9999-12-31","length":3}"#.to_owned(),
    ];
    let done = import(&database, &lines.join("\n")).await;
    assert_eq!((done.code, &done.report["refused"]), (Some(1), &serde_json::json!(2)));
    for part in [
        "line 2: award 16: The business day 9000-01-01 is in the future: today is 2",
        "line 3: streak 1: The business day 9999-12-31 is in the future: today is 2",
    ] {
        assert!(done.stderr.contains(part), "{part}: {}", done.stderr);
    }
}
