//! The service in the process of a test, on a database and a clock of its own: in process, or over HTTP.
//! `program` has it as a process of its own.

mod jobs;
mod requests;
mod server;

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use newbee::app::App;
use newbee::clock::Clock;
use newbee::config::AccessSettings;
use newbee::domain::audit::Author;
use newbee::domain::business_day::{BusinessTime, Calendar};
use newbee::domain::draw_keys::DrawKeys;
use newbee::domain::grant::ApprovalLimit;
use newbee::domain::id::UserId;
use newbee::domain::user::UserReport;
use newbee::http::{RequestLimits, ServeLimits};
use newbee::service::register_user::register_user;
use newbee::service::sessions;
use newbee::state::AppState;
use newbee::store::bounded::PgPool;
use newbee::store::pools::Pools;
use sqlx::AssertSqlSafe;

pub use self::jobs::*;
pub use self::server::Server;
use super::database::TestDatabase;
use super::http_client;

/// Noon of 20 November 2026 in Shanghai.
pub const NOON: &str = "2026-11-20T04:00:00Z";

/// Key of word draws in tests.
pub const TEST_DRAW_KEY: &str = "7e57000000000000000000000000000000000000000000000000000000000001";

/// One replica; [`TestApp::replica`] makes more of them.
pub struct TestApp {
    pub app: App,
    pub client: reqwest::Client,
    server: Option<Server>,
    /// Checked and dropped with the last replica.
    database: Option<Arc<TestDatabase>>,
}

/// A user who is signed in.
#[derive(Clone)]
pub struct TestUser {
    pub key: String,
    pub code: String,
}

/// Settings of a [`TestApp`]: by default at noon in Shanghai, on a new database, with the standard limits and rates.
pub struct TestAppBuilder {
    database: Option<Arc<TestDatabase>>,
    pools: Option<Pools>,
    time_zone: chrono_tz::Tz,
    clock: Clock,
    access: AccessSettings,
    approval_limit: ApprovalLimit,
}

impl TestAppBuilder {
    /// Uses this database, which others may use too.
    pub fn database(mut self, database: &Arc<TestDatabase>) -> Self {
        self.database = Some(Arc::clone(database));
        self
    }

    pub fn zone(mut self, name: &str) -> Self {
        self.time_zone = name.parse().expect("a time zone");
        self
    }

    pub fn at(self, now: &str) -> Self {
        self.clock(Clock::manual(instant(now)))
    }

    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub fn access(mut self, access: AccessSettings) -> Self {
        self.access = access;
        self
    }

    pub fn approval_limit(mut self, limit: ApprovalLimit) -> Self {
        self.approval_limit = limit;
        self
    }

    /// Uses these pools; their database belongs to the test.
    pub fn pools(mut self, pools: Pools) -> Self {
        self.pools = Some(pools);
        self
    }

    /// Starts it without a server.
    pub async fn in_process(self) -> TestApp {
        let (database, pools) = match (self.database, self.pools) {
            (None, Some(pools)) => (None, pools),
            (database, _) => {
                let database = match database {
                    Some(database) => database,
                    None => Arc::new(TestDatabase::create().await),
                };
                let pools = database.pools(8);
                (Some(database), pools)
            }
        };
        let app = App::with_pools(pools, self.clock, Calendar::new(self.time_zone), None);
        TestApp {
            app: app
                .expect("the built-in manifests")
                .with_draw_keys(DrawKeys::parse(TEST_DRAW_KEY).expect("a key"))
                .with_approval_limit(self.approval_limit),
            client: http_client(),
            server: None,
            database,
        }
    }

    /// Starts it with a server on a free port.
    pub async fn start(mut self) -> TestApp {
        let access = std::mem::take(&mut self.access);
        let mut app = self.in_process().await;
        app.server = Some(Server::start(&app.app, RequestLimits::default(), &access, ServeLimits::default()).await);
        app
    }
}

impl TestApp {
    pub fn builder() -> TestAppBuilder {
        TestAppBuilder {
            database: None,
            pools: None,
            time_zone: chrono_tz::Asia::Shanghai,
            clock: Clock::manual(instant(NOON)),
            access: AccessSettings::default(),
            approval_limit: ApprovalLimit::default(),
        }
    }

    /// Starts a server with the default settings.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// [`TestApp::start`] without a server.
    pub async fn in_process() -> Self {
        Self::builder().in_process().await
    }

    /// Starts another process, as far as the database can tell, with the same clock.
    pub async fn replica(&self) -> Self {
        let builder = TestAppBuilder {
            database: self.database.clone(),
            time_zone: self.calendar.time_zone,
            clock: self.clock.clone(),
            approval_limit: self.approval_limit,
            ..Self::builder()
        };
        builder.start().await
    }

    pub fn database(&self) -> &TestDatabase {
        self.database.as_ref().expect("a database of its own")
    }

    pub fn pool(&self) -> &PgPool {
        &self.pools.api
    }

    pub fn draw_keys(&self) -> &DrawKeys {
        &self.draw_keys
    }

    pub fn now(&self) -> BusinessTime {
        self.calendar.moment(self.clock.now())
    }

    pub async fn sql(&self, statements: impl Into<String>) {
        sqlx::raw_sql(AssertSqlSafe(statements.into()))
            .execute(self.pool())
            .await
            .unwrap();
    }

    pub async fn add_user(&self, id: i64) -> TestUser {
        let id = UserId(id);
        let user = UserReport {
            user_id: id,
            name: Some(Some(format!("User {}", id.0))),
            ..UserReport::default()
        };
        let author = Author::at_the_command_line(self.clock.now());
        let invitation = register_user(self.pool(), &user, &author).await.unwrap();
        let lifetime = TimeDelta::days(365);
        let issued = sessions::issue(self.pool(), id, lifetime, None, &author).await.unwrap();
        TestUser {
            key: issued.key.reveal().to_owned(),
            code: invitation.code,
        }
    }

    /// Ends the server in order, and checks and drops the database.
    pub async fn stop(self) {
        if let Some(server) = self.server {
            server.stop().await;
        }
        self.app.state.pools.close().await;
    }
}

impl Deref for TestApp {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.app.state
    }
}

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}
