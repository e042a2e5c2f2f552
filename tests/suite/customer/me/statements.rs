//! The number of statements does not grow with the number of rows.

use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::support::app::{NOON, TestApp};
use crate::support::citus;

/// The same lists selected by several fragments.
const ME_BY_FRAGMENTS: &str = "{ me { ...A ...B } ...C }

    fragment A on Customer { todayAwards { id } children(first: 3) { totalCount } }

    fragment B on Customer { todayAwards { amount } children(first: 3) { nodes { name } } }

    fragment C on Query { me { todayAwards { status } } }";

const WHOLE_ME: &str = "{ me {
    id name portraitUri newbeeAwards { id } todayAwards { id } awards(first: 100) { totalCount nodes { id } }
    todayTasks { item done title link } signIn { streak award { id } } balances { coinId pending } invitation { code }
    children(first: 100) { totalCount nodes { name childrenCount state } pageInfo { hasNextPage } } } }";

/// Children of user 1, each with three of their own, and that many awards of user 1.
async fn furnish(app: &TestApp, children: i64) {
    let statements = format!(
        "insert into users (user_id, created_at, updated_at) select n, '{NOON}', '{NOON}' from generate_series(2, 1 + 4 * {children}) n;
         insert into invitations (user_id, code, parent_id, parent_code, bound_at, created_at, updated_at)
             select n, 'N' || n, case when n <= 1 + {children} then 1 else 2 + (n - 2 - {children}) / 3 end, 'X',
                    timestamptz '{NOON}' + n * interval '1 second', '{NOON}', '{NOON}'
             from generate_series(2, 1 + 4 * {children}) n;
         insert into invitation_children (parent_id, bound_at, user_id)
             select parent_id, bound_at, user_id from invitations where parent_id is not null;
         update users u set children_count = (select count(*) from invitation_children c where c.parent_id = u.user_id);
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                             created_at, updated_at)
             select 1, 'import', n::text, 'join_group', 'DAILY', 1, 10, '1', '2026-11-20', '{NOON}', '{NOON}', '{NOON}'
             from generate_series(1, {children}) n"
    );
    sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(app.pool())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_me_takes_one_statement_with_three_rows_and_with_a_hundred() {
    if citus::skips("it counts statements, and there are more") {
        return;
    }
    for children in [3, 100] {
        let app = TestApp::start().await;
        let user = app.add_user(1).await;
        furnish(&app, children).await;
        let statements = || app.reads.statements() + app.sessions.statements();
        let before = statements();
        let me = app.ask(&user, WHOLE_ME).await["me"].take();
        assert_eq!(statements() - before, 1, "for the session key and everything below me");
        assert_eq!(me["children"]["totalCount"], children);
        let listed = me["children"]["nodes"].as_array().unwrap();
        assert_eq!(listed.len() as i64, children);
        assert!(listed.iter().all(|child| child["childrenCount"] == 3));
        assert_eq!(me["todayAwards"].as_array().unwrap().len() as i64, children);
        assert_eq!(
            me["balances"],
            json!([{ "coinId": "1", "pending": format!("{}.0000", children * 10) }])
        );
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_several_fragments_are_merged() {
    if citus::skips("it counts statements, and there are more") {
        return;
    }
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    furnish(&app, 3).await;
    let statements = || app.reads.statements() + app.sessions.statements();
    for _ in 0..3 {
        let before = statements();
        let me = app.ask(&user, ME_BY_FRAGMENTS).await["me"].take();
        assert_eq!(statements() - before, 1);
        let award = |id: u8| json!({ "id": format!("award_{id}"), "amount": "10.0000", "status": "PENDING" });
        assert_eq!(me["todayAwards"], json!([award(1), award(2), award(3)]));
        assert_eq!(me["children"]["totalCount"], 3);
        assert_eq!(me["children"]["nodes"].as_array().unwrap().len(), 3);
    }
    app.stop().await;
}
