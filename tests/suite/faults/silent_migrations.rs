//! Migrations whose connection falls silent: they may take as long as they need, but nobody waits for an answer that was lost.

use std::time::Duration;

use futures_util::FutureExt;
use newbee::store::migrations::{self, MigrationError};
use newbee::store::pools::PoolBounds;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;

use crate::support::database::TestDatabase;
use crate::support::proxy::{DatabaseProxy, Silence, Tampering};
use crate::support::{PATIENCE, wait_until};

const CHECK_EVERY: Duration = Duration::from_millis(200);

async fn migrate(options: &PgConnectOptions) -> Result<(), MigrationError> {
    let bounds = PoolBounds::standard(1).api;
    migrations::apply(options, &bounds, CHECK_EVERY).await
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_whose_answer_is_lost_end_with_a_message_and_leave_no_lock() {
    for silence in [Silence::FromServer, Silence::Both] {
        let database = TestDatabase::create().await;
        let proxy = DatabaseProxy::start(&database.options, Tampering::default()).await;
        let pool = database.pool();
        // Held up by another session, as a migration is that waits for a lock of a table.
        let mut holding = pool.begin().await.unwrap();
        sqlx::raw_sql("lock table _sqlx_migrations in access exclusive mode")
            .execute(&mut *holding)
            .await
            .unwrap();
        let options = proxy.options(&database.options);
        let mut migrating = Box::pin(migrate(&options).fuse());
        let waiting =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        let looked_at_often = async {
            wait_until("it waits", async || {
                sqlx::query_scalar::<_, i64>(waiting).fetch_one(&pool).await.unwrap() == 1
            })
            .await;
            wait_until("it was looked at", async || proxy.accepted() > 6).await;
        };
        tokio::select! {
            ended = &mut migrating => panic!("it works, as far as the server can tell: {ended:?}"),
            () = looked_at_often => {}
        }

        proxy.silence(silence);
        holding.rollback().await.unwrap();
        let ended = timeout(PATIENCE, migrating).await;
        let error = ended.expect("no wait for a lost answer").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("answer did not arrive") && text.contains("run newbee migrate again"),
            "{text}"
        );
        // The session that was lost holds nothing that the next attempt needs.
        let again = timeout(PATIENCE, migrate(&database.options)).await;
        again.expect("no lock is left").unwrap();
        pool.close().await;
    }
}
