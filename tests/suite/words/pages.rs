//! Draws as anybody may read them: many in one statement, and shares page by page.

use newbee::domain::audit::Author;
use newbee::service::word_campaigns::end_word_campaign;
use serde_json::{Value, json};

use super::{create, terms};
use crate::support::app::{NOON, TestApp};
use crate::support::database::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn draws_of_one_request_are_read_in_one_statement() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let mut ids = Vec::new();
    for word in ["moon", "sun", "star"] {
        ids.push(create(&app, &terms(&app, word, 2)).await.id);
    }
    let query: String = [ids[2], ids[0], ids[1], ids[0], 999_999]
        .iter()
        .enumerate()
        .map(|(place, id)| format!("d{place}: wordDraw(id: \"word_{id}\") {{ id }} "))
        .collect();
    let before = app.app.backend.word_draws.statements();
    let reply = app.reply(None, &format!("{{ {query} }}"), json!({})).await;
    let id = |place: usize| json!({ "id": format!("word_{}", ids[place]) });
    assert_eq!(
        reply["data"],
        json!({ "d0": id(2), "d1": id(0), "d2": id(1), "d3": id(0), "d4": null })
    );
    assert_eq!(app.app.backend.word_draws.statements() - before, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_read_page_by_page() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let campaign = create(&app, &terms(&app, "moon", 2_345)).await;
    let author = Author::at_the_command_line(app.clock.now());
    end_word_campaign(app.pool(), campaign.id, "a test", &author)
        .await
        .unwrap();
    let page = async |arguments: &str| -> Value {
        let query = format!(
            "{{ wordDraw(id: \"word_{}\") {{ shareCount shares{arguments} }} }}",
            campaign.id
        );
        app.reply(None, &query, json!({})).await
    };
    let shares = |reply: &Value| {
        reply["data"]["wordDraw"]["shares"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let mut all = shares(&page("").await);
    assert_eq!(all.len(), 1_000, "no more at once");
    all.extend(shares(&page("(after: 1000)").await));
    all.extend(shares(&page("(first: 400, after: 2000)").await));
    assert_eq!(all.len(), 2_345);
    let sum: rust_decimal::Decimal = all
        .iter()
        .map(|share| share.as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap())
        .sum();
    assert_eq!(sum, 100.into());
    assert_eq!(shares(&page("(first: 3, after: 2344)").await), all[2_344..]);
    assert_eq!(shares(&page("(first: 0)").await), [] as [Value; 0]);
    assert_eq!(shares(&page("(after: 2345)").await), [] as [Value; 0]);
    for refused in ["(first: 1001)", "(first: -1)", "(after: -1)"] {
        let reply = page(refused).await;
        assert_eq!(reply["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{reply}");
    }
    app.stop().await;
}
