//! Postgres: a few connections that all requests share, with statements prepared once. tokio-postgres pipelines them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement};

#[derive(Clone, Copy)]
pub enum Sql {
    UserOfSession,
    NewbeeAwards,
    TodayAwards,
    Invitations,
    ChildCounts,
    Children,
    SignIn,
}

macro_rules! award_columns {
    () => {
        "user_id, id, award_item, amount::text, coin_id, target_id, status, created_at"
    };
}

/// In the order of [`Sql`].
const STATEMENTS: [&str; 7] = [
    "select u.user_id, u.user_name, u.portrait_uri from rewards.sessions s join rewards.users u using (user_id)
     where s.token_hash = $1 and s.expires_at > now()",
    concat!(
        "select ",
        award_columns!(),
        " from rewards.newbee_awards where user_id = any($1) order by id"
    ),
    concat!(
        "select ",
        award_columns!(),
        " from rewards.daily_awards where user_id = any($1) and award_day = rewards.today() order by id"
    ),
    "select user_id, code, class, parent_id, parent_code from rewards.invitations where user_id = any($1)",
    "select parent_id, count(*) from rewards.users where parent_id = any($1) group by parent_id",
    "select p.id, c.user_id, c.user_name, c.portrait_uri from unnest($1::bigint[]) p(id) cross join lateral
     (select * from rewards.users u where u.parent_id = p.id order by u.user_id limit $2) c",
    concat!(
        "insert into rewards.daily_awards (user_id, award_item, award_day, amount, coin_id, status)
         values ($1, 'sign_in', rewards.today(), 1, 1, 'granted')
         on conflict (user_id, award_day, award_item) do nothing returning ",
        award_columns!()
    ),
];

pub struct Database {
    connections: Vec<(Client, Vec<Statement>)>,
    next: AtomicUsize,
}

impl Database {
    pub async fn connect(connections: u64) -> Self {
        let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is set"));
        let mut config = Config::new();
        config
            .host(variable("PGHOST"))
            .port(variable("PGPORT").parse().expect("PGPORT is a port"))
            .user(variable("PGUSER"))
            .dbname(variable("PGDATABASE"));
        let mut open = Vec::new();
        for _ in 0..connections {
            let (client, connection) = config.connect(NoTls).await.expect("Postgres answers");
            tokio::spawn(connection);
            let mut statements = Vec::new();
            for sql in STATEMENTS {
                statements.push(client.prepare(sql).await.expect("the statement is sound"));
            }
            open.push((client, statements));
        }
        Self {
            connections: open,
            next: AtomicUsize::new(0),
        }
    }

    pub async fn query(&self, sql: Sql, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Arc<Error>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        let (client, statements) = &self.connections[turn];
        client
            .query(&statements[sql as usize], parameters)
            .await
            .map_err(Arc::new)
    }
}
