//! The whole service in this process, on a database, a port and a clock of its own.

use std::net::SocketAddr;

use chrono::{DateTime, TimeDelta, Utc};
use newbee::app::{App, ClientRules, DemoKeys};
use newbee::clock::Clock;
use newbee::config::AccessSettings;
use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::domain::business_day::{BusinessTime, Calendar};
use newbee::domain::draw_keys::DrawKeys;
use newbee::domain::id::UserId;
use newbee::domain::user::UserReport;
use newbee::http::{self, RequestLimits, ServeLimits};
use newbee::scheduler::Scheduler;
use newbee::scheduler::one_run::RunOutcome;
use newbee::service::api_keys::make_api_key;
use newbee::service::register_user::register_user;
use newbee::service::sessions;
use newbee::store::bounded::PgPool;
use newbee::store::pools::Pools;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::database::TestDatabase;

/// Noon of 20 November 2026 in Shanghai.
pub const NOON: &str = "2026-11-20T04:00:00Z";

/// Key of word draws in tests.
pub const TEST_DRAW_KEY: &str = "7e57000000000000000000000000000000000000000000000000000000000001";

/// One replica; [`TestApp::replica`] makes more of them.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub scheduler: Scheduler,
    address: SocketAddr,
    client: reqwest::Client,
    shutdown: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
}

/// A user who is signed in.
#[derive(Clone)]
pub struct TestUser {
    pub key: String,
    pub code: String,
}

impl TestApp {
    pub async fn start(database: &TestDatabase, time_zone: &str, now: &str) -> Self {
        let clock = Clock::manual(instant(now));
        Self::start_with(database, time_zone, clock, &AccessSettings::default()).await
    }

    /// At noon in Shanghai, with endpoints that let in what the settings say.
    pub async fn with_access(database: &TestDatabase, access: &AccessSettings) -> Self {
        let clock = Clock::manual(instant(NOON));
        Self::start_with(database, "Asia/Shanghai", clock, access).await
    }

    /// Another process, as far as the database can tell, with the same clock.
    pub async fn replica(&self, database: &TestDatabase) -> Self {
        Self::start_with(
            database,
            self.app.calendar.time_zone.name(),
            self.clock.clone(),
            &AccessSettings::default(),
        )
        .await
    }

    async fn start_with(database: &TestDatabase, time_zone: &str, clock: Clock, access: &AccessSettings) -> Self {
        let calendar = Calendar::new(time_zone.parse().expect("a zone of the database"));
        let app = App::start(&database.options, 8, clock.clone(), calendar, None).expect("the built-in manifests");
        Self::serve(app, clock, access).await
    }

    /// At noon in Shanghai, on pools of the test's own.
    pub async fn on_pools(pools: Pools) -> Self {
        let (clock, calendar) = (Clock::manual(instant(NOON)), Calendar::new(chrono_tz::Asia::Shanghai));
        let app = App::with_pools(pools, clock.clone(), calendar, None).expect("the built-in manifests");
        Self::serve(app, clock, &AccessSettings::default()).await
    }

    async fn serve(app: App, clock: Clock, access: &AccessSettings) -> Self {
        let app = app.with_draw_keys(DrawKeys::parse(TEST_DRAW_KEY).expect("a key"));
        let shutdown = CancellationToken::new();
        let router = app.router(
            DemoKeys::Refused,
            shutdown.clone(),
            RequestLimits::default(),
            access,
            ClientRules::default(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let server = tokio::spawn(http::serve(listener, router, shutdown.clone(), ServeLimits::default()));
        Self {
            scheduler: app.jobs.clone(),
            app,
            clock,
            address,
            client: reqwest::Client::new(),
            shutdown,
            server,
        }
    }

    pub fn pool(&self) -> &PgPool {
        &self.app.pools.api
    }

    pub fn draw_keys(&self) -> &DrawKeys {
        &self.app.backend.draw_keys
    }

    pub fn now(&self) -> BusinessTime {
        self.app.calendar.moment(self.clock.now())
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub async fn add_user(&self, id: i64) -> TestUser {
        let id = UserId(id);
        let user = UserReport {
            user_id: id,
            name: Some(Some(format!("User {}", id.0))),
            ..UserReport::default()
        };
        let author = Author::at_the_command_line(self.clock.now());
        let invitation = register_user(self.pool(), &user, &author).await.unwrap().unwrap();
        let lifetime = TimeDelta::days(365);
        let issued = sessions::issue(self.pool(), id, lifetime, None, &author)
            .await
            .unwrap()
            .unwrap();
        TestUser {
            key: issued.key.reveal().to_owned(),
            code: invitation.code,
        }
    }

    /// The `data` of a reply that must have no errors.
    pub async fn ask(&self, user: &TestUser, query: &str) -> Value {
        self.ask_with(user, query, json!({})).await
    }

    /// [`TestApp::ask`] with variables.
    pub async fn ask_with(&self, user: &TestUser, query: &str, variables: Value) -> Value {
        let mut reply = self.reply(Some(&user.key), query, variables).await;
        assert!(reply["errors"].is_null(), "{query}: {reply:#}");
        reply["data"].take()
    }

    /// A whole reply.
    pub async fn reply(&self, key: Option<&str>, query: &str, variables: Value) -> Value {
        let mut request = self
            .client
            .post(self.url("/graphql"))
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        request
            .send()
            .await
            .expect("the server answers")
            .json()
            .await
            .expect("with JSON")
    }

    /// A new API key.
    pub async fn api_key(&self, name: &str, scopes: &[Scope]) -> String {
        let author = Author::at_the_command_line(self.clock.now());
        let key = make_api_key(self.pool(), name, scopes, &author).await.unwrap().unwrap();
        key.reveal().to_owned()
    }

    /// A whole reply of the admin API, and its HTTP status.
    pub async fn admin_reply(&self, key: Option<&str>, query: &str, variables: Value) -> (u16, Value) {
        let mut request = self
            .client
            .post(self.url("/admin/graphql"))
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let reply = request.send().await.expect("the server answers");
        (reply.status().as_u16(), reply.json().await.expect("with JSON"))
    }

    /// The `data` of a reply of the admin API that must have no errors.
    pub async fn admin(&self, key: &str, query: &str, variables: Value) -> Value {
        let (_, mut reply) = self.admin_reply(Some(key), query, variables).await;
        assert!(reply["errors"].is_null(), "{query}: {reply:#}");
        reply["data"].take()
    }

    /// Runs whatever is due at the clock's time.
    pub async fn run_due_jobs(&self) -> Vec<RunOutcome> {
        self.scheduler.tick().await.expect("the scheduler looks")
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        self.server.await.expect("the server ends").expect("in order");
        self.app.pools.close().await;
    }
}

pub fn instant(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}
