//! The view `word_violations` finds every kind of contradiction.

use crate::support::app::TestApp;
use crate::support::words::{create, submit, terms};

async fn seen(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("select distinct violation from invariant_violations order by 1")
        .fetch_all(app.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_view_sees_every_kind_of_violation() {
    let app = TestApp::start().await;
    app.database().books_may_be_wrong();
    create(&app, &terms(&app, "moon", 4)).await;
    let user = app.add_user(1).await;
    submit(&app, &user, "moon").await;
    assert_eq!(seen(&app).await, Vec::<String>::new());
    // What the triggers refuse has to be done behind their back.
    for (damage, violation) in [
        (
            "update word_shares set amount = amount + 1 where user_id is not null",
            "word campaign differs from its shares",
        ),
        (
            "update word_campaigns set used_count = 0, used_amount = 0",
            "word campaign differs from its shares",
        ),
        (
            "update word_shares set award_id = 999 where user_id is not null",
            "claimed share without its award",
        ),
        (
            "delete from word_shares where user_id is not null",
            "word award without its share",
        ),
    ] {
        let refused = sqlx::raw_sql(damage).execute(app.pool()).await;
        let done = format!("begin; set local session_replication_role = replica; {damage}; commit");
        sqlx::raw_sql(sqlx::AssertSqlSafe(done))
            .execute(app.pool())
            .await
            .unwrap();
        assert!(seen(&app).await.iter().any(|seen| seen == violation), "{damage}");
        assert!(refused.is_err(), "{damage} is refused by the database itself");
    }
    app.stop().await;
}
