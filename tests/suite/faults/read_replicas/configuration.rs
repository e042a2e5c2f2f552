//! Settings of replicas, of the primary and of the role that do not work.

use serde_json::Value;
use sqlx::AssertSqlSafe;
use tokio::process::Command;

use super::{Observed, serve};
use crate::support::primary_and_standby::PrimaryAndStandby;
use crate::support::program::newbee;

async fn end_of(mut command: Command) -> (Option<i32>, String) {
    let output = command.args(["--listen", "127.0.0.1:0"]).output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_refused_or_reported() {
    let servers = PrimaryAndStandby::start().await;
    let pool = servers.primary_pool();
    let [primary, replica] = servers.urls();
    let on_primary = async |sql: &str| {
        for statement in sql.split(';') {
            let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
            statement.execute(&pool).await.unwrap();
        }
    };
    on_primary(
        "create role app login; grant select, insert, update, delete on all tables in schema public to app;
         grant usage, select on all sequences in schema public to app",
    )
    .await;
    let as_app = |url: &str| url.replace("//postgres@", "//app@");
    let (code, errors) = end_of(serve(&as_app(&primary), &as_app(&replica))).await;
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("grant pg_read_all_stats to app"), "{errors}");
    let (code, errors) = end_of(serve(&primary, &replica.replace("/newbee", "/postgres"))).await;
    assert_eq!(code, Some(1), "{errors}");
    assert!(
        errors.contains("not a copy of the database in DATABASE_URL"),
        "{errors}"
    );
    let (code, errors) = end_of(serve(&primary, "mysql://db")).await;
    assert_eq!(code, Some(2), "{errors}");
    assert!(
        errors.contains("NEWBEE_READ_DATABASE_URL: expected postgres://"),
        "{errors}"
    );

    // With the right that the message names it works.
    on_primary("grant pg_read_all_stats to app").await;
    let observed = Observed::start(serve(&as_app(&primary), &as_app(&replica))).await;
    observed.reads_from_replicas().await;
    let status = async || {
        let mut command = newbee();
        command.args(["status", "--json"]).env("DATABASE_URL", &primary);
        let output = command
            .env("NEWBEE_READ_DATABASE_URL", &replica)
            .output()
            .await
            .unwrap();
        let mut status: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (status["readReplicas"][0].take(), status["attention"].to_string())
    };
    let (replica_status, attention) = status().await;
    assert_eq!(replica_status["state"], "USED", "{replica_status}");
    assert!(!attention.contains("replica"), "{attention}");

    // What a fail-over can bring about is reported, and passes by itself.
    let name = sqlx::query_scalar::<_, String>("select application_name from pg_stat_replication");
    let name = name.fetch_one(&pool).await.unwrap();
    for (names, expected) in [
        (String::new(), "synchronous_standby_names of the primary is ''"),
        (
            format!("ANY 1 (\"{name}\", other)"),
            "commits wait for only some replicas",
        ),
    ] {
        on_primary(&format!(
            "alter system set synchronous_standby_names = '{names}'; select pg_reload_conf()"
        ))
        .await;
        observed.says(expected).await;
    }
    let (replica_status, attention) = status().await;
    assert_eq!(replica_status["state"], "UNUSED", "{replica_status}");
    let reason = replica_status["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("only some replicas") && attention.contains("is not used"),
        "{reason}, {attention}"
    );
    let all = format!("alter system set synchronous_standby_names = '\"{name}\"'; select pg_reload_conf()");
    on_primary(&all).await;
    observed.reads_from_replicas().await;
    observed.program.terminate().await;
    pool.close().await;
    servers.stop().await;
}
