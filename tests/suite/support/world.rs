//! The customer schema in process: requests to it, and rows written past the services, so that IDs and times are known.

use std::ops::Deref;
use std::sync::Arc;

use async_graphql::{Request, Response, Value, Variables};
use async_graphql_value::RAW_VALUE_TOKEN;
use axum::http::{HeaderMap, HeaderValue};
use newbee::batcher::BatcherLimits;
use newbee::domain::id::UserId;
use newbee::domain::language::Language;
use newbee::graphql::{CustomerSchema, RequestContext, customer_schema};
use newbee::http::{REQUEST_ID_HEADER, RequestId};
use newbee::loaders::{Reads, Viewer};
use newbee::state::AppState;

use crate::support::app::TestApp;

/// The moment of all tests: 22 November 2026, 11:00 in Shanghai.
pub const NOW: &str = "2026-11-22T03:00:00Z";

/// The user that most tests look at.
pub const VIEWER: UserId = UserId(17);

pub struct World {
    app: TestApp,
    pub state: AppState,
    pub schema: CustomerSchema,
}

impl World {
    /// A new database with the viewer in it. Reads are one batch at a time, so that tests can count statements.
    pub async fn new() -> Self {
        let app = TestApp::builder().at(NOW).in_process().await;
        let limits = BatcherLimits {
            batches_in_flight: 1,
            ..BatcherLimits::default()
        };
        let mut state = app.app.state.clone();
        state.reads = Reads::start(app.pool().clone(), limits);
        let world = Self {
            app,
            state,
            schema: customer_schema().finish(),
        };
        world.add_user(VIEWER, "小明").await;
        world
    }

    /// A user with the code `CODE<id>`.
    pub async fn add_user(&self, user: UserId, name: &str) {
        let id = user.0;
        self.sql(format!(
            "insert into users values ({id}, '{name}', null, 'host', '{NOW}', '{NOW}');
             insert into invitations (user_id, code, created_at, updated_at) values ({id}, 'CODE{id}', '{NOW}', '{NOW}');
             insert into invitation_codes values ('C0DE{id}', {id})"
        ))
        .await;
    }

    /// Binds a child at a time of 22 November, UTC.
    pub async fn bind(&self, child: UserId, parent: UserId, time: &str) {
        self.sql(format!(
            "update invitations set parent_id = {0}, parent_code = 'CODE{0}', bound_at = '2026-11-22T{time}Z', class = 1
             where user_id = {1};
             insert into invitation_children values ({0}, '2026-11-22T{time}Z', {1});
             insert into invitation_links values ({1}, {0});
             update users set children_count = children_count + 1 where user_id = {0}",
            parent.0, child.0
        ))
        .await;
    }

    /// A pending award of an item on a day.
    pub async fn award(&self, user: UserId, item: &str, day: &str, target: Option<&str>) {
        let key = target.unwrap_or_default();
        let target = target.map_or("null".to_owned(), |target| format!("'{target}'"));
        self.sql(format!(
            "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                                 business_day, settles_at, created_at, updated_at)
             select {}, item, '{key}', item, award_type, version, amount, coin_id, {target}, '{day}', '{NOW}', '{NOW}', '{NOW}'
             from current_rules where item = '{item}'",
            user.0
        ))
        .await;
    }

    pub fn scope(&self, viewer: Option<UserId>) -> RequestContext {
        let at = NOW.parse().unwrap();
        let viewer = viewer.map(Viewer::known);
        RequestContext::new(
            Arc::new(self.state.clone()),
            viewer,
            at,
            Language::English,
            "request-1".into(),
        )
    }

    pub async fn run(&self, viewer: Option<UserId>, request: Request) -> Response {
        let mut response = self.schema.execute(request.data(self.scope(viewer))).await;
        parse_raw(&mut response.data);
        let headers = HeaderMap::from_iter([(REQUEST_ID_HEADER, HeaderValue::from_static("request-1"))]);
        let request_id = RequestId::from_headers(&headers);
        // Errors of validation take another way through the HTTP layer.
        if response.errors.iter().any(|error| !error.path.is_empty()) {
            response.errors = newbee::http::finish_errors(response.errors, &request_id, Language::English);
        }
        response
    }

    /// The viewer's reply to a query.
    pub async fn ask(&self, query: &str) -> Response {
        self.run(Some(VIEWER), Request::new(query)).await
    }

    /// The same with variables, which are given as JSON.
    pub async fn ask_with(&self, query: &str, variables: serde_json::Value) -> Response {
        self.run(
            Some(VIEWER),
            Request::new(query).variables(Variables::from_json(variables)),
        )
        .await
    }

    /// Number of statements of the reads so far.
    pub fn statements(&self) -> u64 {
        self.state.reads.statements()
    }
}

impl Deref for World {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

/// Parses the lists in a reply that are JSON texts.
fn parse_raw(value: &mut Value) {
    match value {
        Value::Object(fields) => match fields.get(RAW_VALUE_TOKEN) {
            Some(Value::String(text)) => *value = serde_json::from_str(text).expect("JSON"),
            _ => fields.values_mut().for_each(parse_raw),
        },
        Value::List(items) => items.iter_mut().for_each(parse_raw),
        _ => {}
    }
}

/// A reply as its clients see it.
pub fn json(response: &Response) -> String {
    let text = serde_json::to_string(response).unwrap();
    // Lists in it are JSON texts, which are not indented as such.
    let value: Value = serde_json::from_str(&text).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

/// Value in a reply at a path such as `me.children.totalCount`.
pub fn at(response: &Response, path: &str) -> Value {
    path.split('.').fold(response.data.clone(), |value, name| {
        match (value, name.parse::<usize>()) {
            (Value::Object(mut object), _) => object.swap_remove(name).unwrap_or_default(),
            (Value::List(mut list), Ok(index)) => list.swap_remove(index),
            (other, _) => panic!("{path}: no {name} in {other}"),
        }
    })
}
