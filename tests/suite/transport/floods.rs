//! Floods of requests, at small size: memory stays bounded, and others are served meanwhile.

use futures_util::StreamExt;
use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::Program;

const MIB: u64 = 1024 * 1024;

/// Sends concurrent queries without a key, and returns the number of replies with status 200.
async fn flood(program: &Program, at_once: usize, queries: impl Iterator<Item = String>) -> usize {
    let client = http_client();
    let url = format!("http://{}/graphql", program.address);
    let replies = futures_util::stream::iter(queries).map(|query| {
        let request = client.post(&url).json(&json!({ "query": query }));
        async move {
            // An overloaded server closes connections whose requests arrive too slowly.
            let Ok(reply) = request.send().await else { return 0 };
            let is_served = reply.status() == 200;
            usize::from(reply.bytes().await.is_ok() && is_served)
        }
    });
    replies
        .buffer_unordered(at_once)
        .fold(0, async |sum, one| sum + one)
        .await
}

async fn serve(database: &TestDatabase) -> Program {
    let program = Program::serve(database, &["--scheduler", "off", "--address-rate", "off"]).await;
    // What a process keeps once it has worked at all.
    flood(&program, 64, (0..200).map(|_| ten_draws())).await;
    program
}

fn ten_draws() -> String {
    let draw = "{ id amount coinId shareCount claimedCount split opensAt closesAt hash nonce }";
    let draws: String = (0..10)
        .map(|number| format!("d{number}: wordDraw(id: \"word_{number}\") {draw} "))
        .collect();
    format!("{{ {draws} }}")
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_sent_once_take_no_memory() {
    let database = TestDatabase::create().await;
    let program = serve(&database).await;
    let before = program.resident_bytes();
    let blanks = (0..6_000).map(|number| format!("{{me{{{}id}}}}", " ,".repeat(number)[..number].to_owned()));
    let fields: String = (0..9).map(|_| "clock { serverTime businessDay } ".to_owned()).collect();
    let large = (0..3_000).map(|number| format!("{{ a{number}: clock {{ timeZone }} {fields} }}"));
    let sent = 6_000 + 3_000;
    assert_eq!(flood(&program, 32, blanks.chain(large)).await, sent);
    let grown = program.resident_bytes().saturating_sub(before);
    assert!(grown < 24 * MIB, "{} MiB by {sent} documents", grown / MIB);
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_draws_is_bounded_and_holds_up_nobody() {
    let database = TestDatabase::create().await;
    let program = serve(&database).await;
    let before = program.resident_bytes();
    // Fewer connections than the 512 that one address may have, together with those of the warm-up that the server has
    // not seen closed yet: beyond them the oldest is closed without a reply.
    let burst = flood(&program, 400, (0..600).map(|_| ten_draws()));
    let other = async {
        let mut served = 0;
        for _ in 0..20 {
            let (status, _) = program.ask(None, "{ clock { serverTime } }").await;
            served += usize::from(status == 200);
        }
        served
    };
    let (served, others) = tokio::join!(burst, other);
    let grown = program.resident_bytes().saturating_sub(before);
    assert!(grown < 100 * MIB, "{} MiB by a burst", grown / MIB);
    // A slow machine serves few of the burst in time, and others of the same address wait behind it.
    assert!(
        served > 0 && others > 0,
        "{served} of the burst and {others} of 20 others are served"
    );
    let (status, _) = program.ask(None, "{ clock { serverTime } }").await;
    assert_eq!(status, 200, "places come back");
    program.terminate().await;
}
