//! Keys that are revoked during a long poll.

use serde_json::json;

use super::{CHANGES, Host};
use crate::support::{wait_until, within};

async fn revoke_keys(host: &Host) {
    host.app
        .sql("update api_keys set revoked_at = now(), revoked_by = 'test'")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_while_it_waits_gets_no_changes() {
    let host = Host::new().await;
    let begin = host.position().await;
    let user = host.app.add_user(1).await;
    let poll = host.app.admin_reply(
        Some(&host.key),
        CHANGES,
        json!({ "after": begin, "waitSeconds": 25, "first": 1 }),
    );
    let revoke = async {
        wait_until("the poll waits", async || host.app.award_changes.waiting() == 1).await;
        revoke_keys(&host).await;
        host.sign_in(&user).await;
    };
    let ((_, reply), ()) = tokio::join!(within("the poll ends", poll), revoke);
    assert_eq!(reply["errors"][0]["extensions"]["code"], "FORBIDDEN", "{reply}");
    host.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_revoked_before_the_first_read_gets_no_changes() {
    let host = Host::new().await;
    let begin = host.position().await;
    let user = host.app.add_user(1).await;
    host.sign_in(&user).await;
    let mut lock = host.app.pool().begin().await.unwrap();
    sqlx::raw_sql("lock table host_feed in access exclusive mode")
        .execute(&mut *lock)
        .await
        .unwrap();
    let poll = host
        .app
        .admin_reply(Some(&host.key), CHANGES, json!({ "after": begin, "waitSeconds": 25 }));
    let revoke = async {
        wait_until("the poll reads", async || {
            host.app
                .count("select count(*) from pg_locks where not granted and relation = 'host_feed'::regclass")
                .await
                > 0
        })
        .await;
        revoke_keys(&host).await;
        lock.rollback().await.unwrap();
    };
    let ((_, reply), ()) = tokio::join!(within("the poll ends", poll), revoke);
    assert_eq!(reply["errors"][0]["extensions"]["code"], "FORBIDDEN", "{reply}");
    host.app.stop().await;
}
