//! Long lists of operators, page by page.

use newbee::domain::api_key::Scope;
use newbee::domain::reservation::ReservationTerms;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::{reservations, words};

/// All rows of a list, read two at a time.
async fn all(app: &TestApp, key: &str, field: &str, arguments: &str, rows: &str, cursor: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let query = format!("{{ {field}({arguments}, first: 2 {after}) {{ {rows} }} }}");
        let page = app.admin(key, &query, json!({})).await[field]
            .as_array()
            .unwrap()
            .clone();
        let Some(last) = page.last() else { return found };
        after = format!("after: {}", last[cursor]);
        found.extend(page);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invitees_places_and_claims_are_listed_whole() {
    let app = TestApp::start().await;
    let key = app.api_key("looks", &[Scope::OpsRead]).await;
    let inviter = app.add_user(1).await;
    words::create(&app, &words::terms(&app, "moon", 3)).await;
    reservations::create(&app, "libra", ReservationTerms::default()).await;
    let do_all = format!(
        "mutation {{ setInvitation(parentCode: \"{}\") {{ userErrors {{ code }} }} submitWord(word: \"moon\") {{ userErrors {{ code }} }}
            reserve(key: \"libra\") {{ userErrors {{ code }} }} }}",
        inviter.code
    );
    for id in 2..=4 {
        let user = app.add_user(id).await;
        let done = app.ask(&user, &do_all).await;
        for field in ["setInvitation", "submitWord", "reserve"] {
            assert_eq!(done[field]["userErrors"], json!([]), "{done}");
        }
    }
    let users = |rows: &[Value]| -> Vec<String> {
        rows.iter()
            .map(|row| row["userId"].as_str().unwrap().to_owned())
            .collect()
    };
    let invitees = all(
        &app,
        &key,
        "invitees",
        "userId: 1",
        "userId awardStatus amount coinId",
        "userId",
    )
    .await;
    assert_eq!(users(&invitees), ["2", "3", "4"]);
    assert_eq!(
        (&invitees[0]["awardStatus"], &invitees[0]["amount"]),
        (&json!("PENDING"), &json!("20.0000"))
    );
    let places = all(
        &app,
        &key,
        "reservationPlaces",
        "key: \"Libra\"",
        "userId awardId reservedAt",
        "userId",
    )
    .await;
    assert_eq!(users(&places), ["2", "3", "4"]);
    assert_eq!(places[0]["awardId"], Value::Null);
    let claims = all(
        &app,
        &key,
        "wordClaims",
        "id: \"word_1\"",
        "number userId amount awardStatus",
        "number",
    )
    .await;
    assert_eq!(users(&claims), ["2", "3", "4"]);
    assert_eq!(
        claims
            .iter()
            .map(|claim| claim["number"].as_i64().unwrap())
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(
        all(&app, &key, "invitees", "userId: 2", "userId", "userId").await,
        Vec::<Value>::new()
    );
    app.stop().await;
}
