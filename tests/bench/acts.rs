//! A thousand sign-ins in one call of `actForUsers`: the time of a call, and the CPU that it uses.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection};

use super::database::{Database, USERS};
use super::server::Server;

const ACTS: u32 = 1_000;
const WARM_UP: u32 = 20;
const CALLS: u32 = 80;
/// Maximum median time of a call, on a quiet machine.
const TARGET_MILLISECONDS: f64 = 100.0;
const KEY: &str = "nbk_bench-of-acts";

const ACT: &str = "mutation ($acts: [ActInput!]!) { actForUsers(acts: $acts) { results {
    award { id amount coinId businessDay } bonusAwards { id } repeated refused { code message } } } }";

pub async fn measure(program: &Path) {
    const { assert!((WARM_UP + CALLS) * ACTS <= USERS) }
    println!("filling a database with {USERS} users");
    let database = Database::fill().await;
    let options = database.postgres.connect_options("bench");
    let mut connection = options.connect().await.expect("Postgres answers");
    sqlx::query(
        "insert into api_keys (name, key_hash, scopes, created_by, created_at)
         values ('bot', sha256($1::bytea), '{ACT}', 'bench', now())",
    )
    .bind(KEY.as_bytes())
    .execute(&mut connection)
    .await
    .expect("a key");
    connection.close().await.expect("the connection closes");

    let server = Server::start(program, &database).await;
    let client = reqwest::Client::new();
    for call in 0..WARM_UP {
        sign_in(&client, &server, call).await;
    }
    let before = server.cpu_seconds(&database);
    let mut milliseconds = Vec::new();
    for call in WARM_UP..WARM_UP + CALLS {
        milliseconds.push(sign_in(&client, &server, call).await);
    }
    let after = server.cpu_seconds(&database);
    let per_call = |seconds: f64| seconds * 1e3 / f64::from(CALLS);
    milliseconds.sort_by(f64::total_cmp);
    let part = |tenths: usize| milliseconds[(milliseconds.len() * tenths / 10).min(milliseconds.len() - 1)];
    println!("\n{ACTS} sign-ins in one call, {CALLS} calls, in milliseconds.\n");
    println!("median {:.1} (at most {TARGET_MILLISECONDS})", part(5));
    println!(
        "from {:.1} to {:.1}, nine of ten up to {:.1}",
        part(0),
        part(10),
        part(9)
    );
    println!(
        "CPU of a call: server {:.1}, Postgres {:.1}",
        per_call(after.0 - before.0),
        per_call(after.1 - before.1)
    );
    server.stop();
    database.postgres.stop().await.expect("Postgres stops");
}

/// Signs the next thousand users in and returns the milliseconds from the request to the whole reply.
async fn sign_in(client: &reqwest::Client, server: &Server, call: u32) -> f64 {
    let users = call * ACTS + 1..=(call + 1) * ACTS;
    let acts: Vec<Value> = users
        .map(|user| json!({ "signIn": { "userId": user, "idempotencyKey": format!("message-{user}") } }))
        .collect();
    let request = client
        .post(format!("http://{}/admin/graphql", server.address))
        .bearer_auth(KEY)
        .json(&json!({ "query": ACT, "variables": { "acts": acts } }))
        .build()
        .expect("a request");
    let began = Instant::now();
    let reply = client.execute(request).await.expect("a reply");
    let text = reply.text().await.expect("the whole reply");
    let milliseconds = began.elapsed().as_secs_f64() * 1e3;
    let reply: Value = serde_json::from_str(&text).expect("JSON");
    let results = reply["data"]["actForUsers"]["results"].as_array();
    let results = results.unwrap_or_else(|| panic!("{reply}"));
    let performed = results.iter().filter(|result| result["refused"].is_null());
    assert_eq!(performed.count(), ACTS as usize, "{}", results[0]);
    milliseconds
}
