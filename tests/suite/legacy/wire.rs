//! Requests of the legacy API, and its replies.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use newbee::http::Router;
use reqwest::RequestBuilder;
use tower::ServiceExt;

use crate::support::app::{TestApp, TestUser};

impl TestApp {
    /// A POST to a method, still without a body.
    pub fn method(&self, method: &str) -> RequestBuilder {
        self.client.post(self.url(&format!("/customer/{method}")))
    }

    /// The reply to a form of nothing but a user's key.
    pub async fn call(&self, method: &str, user: &TestUser) -> String {
        self.call_with(method, user, &[]).await
    }

    /// The reply to a form of a user's key and further parameters.
    pub async fn call_with(&self, method: &str, user: &TestUser, parameters: &[(&str, &str)]) -> String {
        let mut form = vec![("session_key", user.key.as_str())];
        form.extend_from_slice(parameters);
        text_of(self.method(method).form(&form)).await
    }
}

/// The text of a reply, which comes as every reply of this app.
pub async fn text_of(request: RequestBuilder) -> String {
    let response = request.send().await.expect("the server answers");
    assert_is_of_this_wire(response.status(), response.headers());
    response.text().await.expect("the reply has a body")
}

/// [`text_of`] from a router that listens nowhere.
pub async fn text_from(router: &Router, request: axum::http::Request<Body>) -> String {
    let response = router.clone().oneshot(request).await.unwrap();
    assert_is_of_this_wire(response.status(), response.headers());
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn assert_is_of_this_wire(status: StatusCode, headers: &HeaderMap) {
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(headers["cache-control"], "private, no-store");
    assert!(!headers["x-request-id"].is_empty());
}

/// The reply of a status other than 1.
pub fn failure(status: u16, message: &str) -> String {
    format!(r#"{{"success":false,"status":{status},"msg":"{message}","data":null}}"#)
}

/// The reply with these data.
pub fn success(data: &str) -> String {
    format!(r#"{{"success":true,"status":1,"msg":"成功","data":{data}}}"#)
}

pub const BAD_PARAMETERS: (u16, &str) = (0, "参数不足");

pub const NO_SESSION: (u16, &str) = (2, "用户未登录");

pub const BAD_SESSION: (u16, &str) = (3, "session错误或用户不存在");

pub const INTERNAL: (u16, &str) = (5, "内部错误");

pub const UNKNOWN_METHOD: (u16, &str) = (6, "状态码不存在");

#[track_caller]
pub fn assert_fails(reply: &str, (status, message): (u16, &str)) {
    assert_eq!(reply, failure(status, message));
}
