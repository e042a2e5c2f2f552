//! Probes at the address of the metrics, where no client competes with them for connections.

use serde_json::Value;

use super::Measured;
use crate::support::database::TestDatabase;
use crate::support::http_client;

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_the_metrics_answers_probes() {
    let database = TestDatabase::create().await;
    let measured = Measured::start(&database, &[]).await;
    let probe = async |path: &str| {
        let reply = http_client()
            .get(measured.url.replace("/metrics", path))
            .send()
            .await
            .unwrap();
        (reply.status().as_u16(), reply.json::<Value>().await.unwrap())
    };
    assert_eq!(probe("/healthz").await.0, 200);
    let (status, found) = probe("/readyz").await;
    assert_eq!((status, &found["checks"]["writes"]), (200, &"ok".into()), "{found:#}");
    measured.program.terminate().await;
}
