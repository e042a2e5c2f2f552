//! The legacy wire: `POST /customer/<method>`, for the chat's old mobile clients.
//!
//! These clients ignore HTTP statuses and `errors`. Every reply is HTTP 200 with `{"success","status","msg","data"}`,
//! in that order; `data` is null on failure, and `msg` is in Chinese because clients display it unchanged. A method is
//! one small file in `methods` and one line in its table.

mod call;
mod methods;
pub mod parameters;
mod reply;
mod status;

use axum::extract::Request;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use serde_json::value::RawValue;

use self::call::{Call, CallError, Callers};
pub use self::methods::{METHODS, SESSION_KEY};
use self::parameters::Parameters;
pub use self::status::Status;
use super::auth::authenticator::Authenticator;
use super::error::HttpError;
use super::limits::admission::{Admission, RequestPlace};
use super::limits::operation_places::Claim;
use super::middleware::access_log::AccessLog;
use super::middleware::rate_limit::{ClientQuota, TooOften};
use super::request_id::RequestId;
use crate::domain::id::UserId;
use crate::state::AppState;

/// Dependencies of the legacy methods: the same keys, loaders and services as the GraphQL API.
pub struct LegacyEndpoint {
    callers: Box<dyn Callers>,
    state: AppState,
}

impl LegacyEndpoint {
    pub fn new(authenticator: impl Authenticator<Caller = UserId>, state: AppState) -> Self {
        Self {
            callers: Box::new(authenticator),
            state,
        }
    }
}

/// Answers a request under `/customer`, and logs it in one line.
pub async fn answer(
    endpoint: &LegacyEndpoint,
    admission: &Admission,
    request_id: &RequestId,
    request: Request,
) -> Response {
    let mut log = AccessLog::start(request_id, ClientQuota::of(&request).log_sampler());
    let mut place = None;
    let (response, codes) = match run(endpoint, admission, request_id, request, &mut log, &mut place).await {
        Ok(data) => (reply::success(&data), Vec::new()),
        Err(stop) => stop.into_reply(),
    };
    log.answered(response.status(), &codes);
    match place {
        Some(place) => place.reply(response),
        None => response,
    }
}

/// Returns the reply to a client that exceeds its rate, without reading the request, and its codes for the log.
pub fn refuse_asked_too_often(too_often: TooOften) -> (Response, Vec<String>) {
    RequestError::from(too_often).into_reply()
}

/// Reason why a request has no data: status for the client, and a more specific code for the log if there is one.
struct RequestError {
    status: Status,
    code: Option<&'static str>,
    /// Seconds after which the client may retry.
    retry_after: Option<u64>,
}

impl RequestError {
    /// Returns the reply, and its codes for the log.
    fn into_reply(self) -> (Response, Vec<String>) {
        let mut response = reply::failure(self.status);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        let number = self.status.number().to_string();
        let codes = [Some(number), self.code.map(str::to_owned)];
        (response, codes.into_iter().flatten().collect())
    }
}

impl From<Status> for RequestError {
    fn from(status: Status) -> Self {
        Self {
            status,
            code: None,
            retry_after: None,
        }
    }
}

impl From<TooOften> for RequestError {
    fn from(too_often: TooOften) -> Self {
        Self {
            retry_after: Some(too_often.retry_after),
            ..stop(Status::AskedTooOften, "RATE_LIMITED")
        }
    }
}

async fn run<'a>(
    endpoint: &LegacyEndpoint,
    admission: &'a Admission,
    request_id: &RequestId,
    request: Request,
    log: &mut AccessLog<'_>,
    place: &mut Option<RequestPlace<'a>>,
) -> Result<Box<RawValue>, RequestError> {
    let method = methods::find(request.uri().path()).ok_or(Status::UnknownMethod)?;
    log.name_legacy_method(method.name);
    if request.method() != Method::POST {
        // The method exists, but accepts parameters only in a POST body. Query strings are not read: keys in URLs end up in
        // proxy logs, and following a link must not sign a user in.
        return Err(Status::BadParameters.into());
    }
    let caller = ClientQuota::of(&request);
    let unavailable = |refusal: HttpError| stop(Status::Internal, refusal.code());
    *place = Some(admission.request(caller.address()).await.map_err(unavailable)?);
    let arriving = admission.body(caller.address()).map_err(unavailable)?;
    let mut parameters = Parameters::read(request, admission.limits())
        .await
        .map_err(|unreadable| match unreadable.is_utf_16() {
            true => stop(Status::Utf16, unreadable.code),
            false => stop(Status::BadParameters, unreadable.code),
        })?;
    drop(arriving);
    parameters.keep(method.parameters);
    let call = Call::new(endpoint, caller, parameters);
    let claim = Claim::new(0, None);
    let outcome = admission.execute(request_id, claim, (method.run)(&call)).await;
    match outcome.map_err(|refusal| stop(Status::Internal, refusal.code()))? {
        Ok(data) => Ok(data),
        Err(CallError::Status(Status::Rejected(status)))
            if !method.rejection_statuses().any(|known| known == status) =>
        {
            let status = status.number;
            tracing::error!(%request_id, method = method.name, status, "a legacy method does not declare this status");
            Err(Status::Internal.into())
        }
        Err(CallError::Status(status)) => Err(status.into()),
        Err(CallError::TooOften(too_often)) => Err(too_often.into()),
        Err(CallError::Fault(cause)) => {
            tracing::error!(%request_id, method = method.name, cause, "a legacy method failed");
            Err(Status::Internal.into())
        }
    }
}

fn stop(status: Status, code: &'static str) -> RequestError {
    RequestError {
        code: Some(code),
        ..status.into()
    }
}
