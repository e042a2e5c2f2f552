//! Requests to the server of an app.

use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::service::api_keys::make_api_key;
use serde_json::{Value, json};

use super::{TestApp, TestUser};
use crate::support::post_graphql;

impl TestApp {
    pub fn url(&self, path: &str) -> String {
        self.server.as_ref().expect("an app with a server").url(path)
    }

    /// The `data` of a reply that must have no errors.
    pub async fn ask(&self, user: &TestUser, query: &str) -> Value {
        self.ask_with(user, query, json!({})).await
    }

    /// [`TestApp::ask`] with variables.
    pub async fn ask_with(&self, user: &TestUser, query: &str, variables: Value) -> Value {
        data(query, self.reply(Some(&user.key), query, variables).await)
    }

    /// A whole reply.
    pub async fn reply(&self, key: Option<&str>, query: &str, variables: Value) -> Value {
        post_graphql(&self.client, &self.url("/graphql"), key, query, variables)
            .await
            .1
    }

    /// A new API key.
    pub async fn api_key(&self, name: &str, scopes: &[Scope]) -> String {
        let author = Author::at_the_command_line(self.clock.now());
        let key = make_api_key(self.pool(), name, scopes, &author).await.unwrap();
        key.reveal().to_owned()
    }

    /// A whole reply of the admin API, and its HTTP status.
    pub async fn admin_reply(&self, key: Option<&str>, query: &str, variables: Value) -> (u16, Value) {
        post_graphql(&self.client, &self.url("/admin/graphql"), key, query, variables).await
    }

    /// The `data` of a reply of the admin API that must have no errors.
    pub async fn admin(&self, key: &str, query: &str, variables: Value) -> Value {
        data(query, self.admin_reply(Some(key), query, variables).await.1)
    }
}

fn data(query: &str, mut reply: Value) -> Value {
    assert!(reply["errors"].is_null(), "{query}: {reply:#}");
    reply["data"].take()
}
