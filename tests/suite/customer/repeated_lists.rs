//! Lists without pages that a query selects many times: read once, or rejected by cost.

use serde_json::json;

use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_written_often_is_answered_once_or_refused() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    app.ask(&user, "mutation { signInToday { award { id } } }").await;
    let once = app
        .ask(&user, "{ me { todayAwards { id item } balances { coinId } } }")
        .await;
    assert_eq!(once["me"]["todayAwards"].as_array().map(Vec::len), Some(1));

    let often = "todayAwards { id } todayAwards { item } ".repeat(80) + &"balances { coinId } ".repeat(40);
    assert_eq!(app.ask(&user, &format!("{{ me {{ {often} }} }}")).await, once);

    for list in [
        "todayAwards { id }",
        "newbeeAwards { id }",
        "todayTasks { item }",
        "balances { coinId }",
    ] {
        let spreads: String = (0..50).map(|number| format!("...F{number} ")).collect();
        let fragments: String = (0..50)
            .map(|number| format!("fragment F{number} on Customer {{ {list} }} "))
            .collect();
        let query = format!("{{ me {{ {spreads} }} }} {fragments}");
        let expected = app.ask(&user, &format!("{{ me {{ {list} }} }}")).await;
        assert_eq!(app.ask(&user, &query).await, expected, "{list}");
    }

    let aliases: String = (0..30)
        .map(|number| format!("a{number}: todayAwards {{ id item amount status type }} "))
        .collect();
    let reply = app
        .reply(Some(&user.key), &format!("{{ me {{ {aliases} }} }}"), json!({}))
        .await;
    let error = &reply["errors"][0];
    assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{reply}");
    assert!(error["message"].as_str().unwrap().contains("too complex"), "{reply}");
    app.stop().await;
}
