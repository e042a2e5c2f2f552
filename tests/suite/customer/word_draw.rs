//! The query `wordDraw`: many draws in one statement, shares and claims page by page.

use futures_util::future::join_all;
use newbee::domain::audit::Author;
use newbee::service::word_campaigns::end_word_campaign;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::words::{create, submit, terms};

#[tokio::test(flavor = "multi_thread")]
async fn draws_of_one_request_are_read_in_one_statement() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for word in ["moon", "sun", "star"] {
        ids.push(create(&app, &terms(&app, word, 2)).await.id);
    }
    let query: String = [ids[2], ids[0], ids[1], ids[0], 999_999]
        .iter()
        .enumerate()
        .map(|(place, id)| format!("d{place}: wordDraw(id: \"word_{id}\") {{ id }} "))
        .collect();
    let before = app.word_draws.statements();
    let reply = app.reply(None, &format!("{{ {query} }}"), json!({})).await;
    let id = |place: usize| json!({ "id": format!("word_{}", ids[place]) });
    assert_eq!(
        reply["data"],
        json!({ "d0": id(2), "d1": id(0), "d2": id(1), "d3": id(0), "d4": null })
    );
    assert_eq!(app.word_draws.statements() - before, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_of_many_draws_share_statements() {
    let app = TestApp::start().await;
    let (first, second) = (app.add_user(1).await, app.add_user(2).await);
    let words = ["moon", "sun", "star"];
    for word in words {
        create(&app, &terms(&app, word, 2)).await;
        submit(&app, &first, word).await;
    }
    // All shares of the first two are claimed, so their claims are published.
    for word in &words[..2] {
        submit(&app, &second, word).await;
    }
    let fields = "claimedCount claims(first: 10) { number } myClaim { number }";
    let query: String = (0..30)
        .map(|place| format!("d{place}: wordDraw(id: \"word_{}\") {{ ...D }} ", place % 3 + 1))
        .collect();
    let query = format!("{{ {query} }} fragment D on WordDraw {{ {fields} }}");
    let draws = &app.word_draws;
    let before = draws.statements();
    let data = app.ask(&second, &query).await;
    assert_eq!(draws.statements() - before, 3, "draws, pages of claims, and own claims");
    for place in 0..30 {
        let expected = match place % 3 {
            2 => json!({ "claimedCount": 1, "claims": null, "myClaim": null }),
            _ => json!({
                "claimedCount": 2, "claims": [{ "number": 1 }, { "number": 2 }], "myClaim": { "number": 2 },
            }),
        };
        assert_eq!(data[format!("d{place}")], expected, "{place}");
    }

    let before = draws.statements();
    let looks = (0..100).map(|number| {
        let key = [Some(&first.key), Some(&second.key), None][number % 3];
        let query = format!("{{ wordDraw(id: \"word_1\") {{ {fields} }} }}");
        let app = &app;
        async move { app.reply(key.map(String::as_str), &query, json!({})).await }
    });
    for (number, mut reply) in join_all(looks).await.into_iter().enumerate() {
        let draw = reply["data"]["wordDraw"].take();
        assert_eq!(draw["claims"].as_array().map(Vec::len), Some(2), "{reply}");
        let mine = [json!({ "number": 1 }), json!({ "number": 2 }), Value::Null];
        assert_eq!(draw["myClaim"], mine[number % 3]);
    }
    let statements = draws.statements() - before;
    assert!(
        statements < 150,
        "{statements} statements for 100 looks at three things"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_read_page_by_page() {
    let app = TestApp::start().await;
    let campaign = create(&app, &terms(&app, "moon", 2)).await;
    for id in [1, 2] {
        submit(&app, &app.add_user(id).await, "moon").await;
    }
    let query = "query ($id: ID!, $first: Int, $after: Int) {
        wordDraw(id: $id) { claims(first: $first, after: $after) { number } } }";
    let page = async |variables: Value| {
        let mut all = json!({ "id": format!("word_{}", campaign.id) });
        let given = variables.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(given);
        app.reply(None, query, all).await
    };
    for (variables, numbers) in [
        // Variables that are not sent leave the defaults.
        (json!({}), &[1, 2][..]),
        (json!({ "first": 1 }), &[1]),
        (json!({ "first": 1000, "after": 1 }), &[2]),
        (json!({ "after": 2 }), &[]),
    ] {
        let reply = page(variables.clone()).await;
        let claims: Vec<Value> = numbers.iter().map(|number| json!({ "number": number })).collect();
        assert_eq!(
            reply["data"]["wordDraw"]["claims"],
            json!(claims),
            "{variables}: {reply}"
        );
    }
    for first in [0, 1_001, -1] {
        let reply = page(json!({ "first": first })).await;
        assert_eq!(reply["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{reply}");
    }
    // A page costs what its rows cost.
    let ten = |first: u16| -> String {
        let page = format!("wordDraw(id: \"word_1\") {{ claims(first: {first}) {{ number claimant place amount }} }}");
        (0..10).map(|number| format!("d{number}: {page} ")).collect()
    };
    let reply = app.reply(None, &format!("{{ {} }}", ten(10)), json!({})).await;
    assert!(reply["errors"].is_null(), "{reply}");
    let reply = app.reply(None, &format!("{{ {} }}", ten(1_000)), json!({})).await;
    assert_eq!(
        reply["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED",
        "{reply}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_read_page_by_page() {
    let app = TestApp::start().await;
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
