//! Envelope of all legacy replies.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use super::status::Status;
use crate::http::error::PRIVATE;

/// Fields in wire order.
#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    status: u16,
    msg: &'static str,
    data: Option<&'a RawValue>,
}

/// Renders status 1 and the data of a method.
pub fn success(data: &RawValue) -> Response {
    render(&Envelope {
        success: true,
        status: 1,
        msg: "成功",
        data: Some(data),
    })
}

/// Renders any other status; `data` is null.
pub fn failure(status: Status) -> Response {
    render(&Envelope {
        success: false,
        status: status.number(),
        msg: status.message(),
        data: None,
    })
}

fn render(envelope: &Envelope<'_>) -> Response {
    let body = serde_json::to_vec(envelope).expect("an envelope is plain JSON: text, numbers and JSON made before");
    let content_type = HeaderValue::from_static("application/json; charset=utf-8");
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, PRIVATE)], body).into_response()
}
