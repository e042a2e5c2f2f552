//! The way of one GraphQL request: read, guard, parse, choose the operation, check its variables, find the caller,
//! execute, answer. Nothing that costs more than its own bytes happens before the guard has seen them.

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Extensions, Variables};
use axum::extract::Request;
use axum::http::header::ALLOW;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::admission::Admission;
use super::authenticator::Authenticator;
use super::document;
use super::door::{GraphqlDoor, RequestContext};
use super::errors::{code, request_error};
use super::executor::Validation;
use super::graphql_request::{self, METHODS};
use super::graphql_response::{self, Answer};
use super::language;
use super::media_type::MediaType;
use super::operation;
use super::operation_log::OperationLog;
use super::refusal::Refusal;
use super::request_id::RequestId;
use super::session;
use super::stop::Stop;
use crate::domain::language::Language;
use crate::messages::Message;

/// Answers one request at a GraphQL door, and writes one line about it into the log.
pub(super) async fn answer<A: Authenticator>(
    door: &GraphqlDoor<A>,
    admission: &Admission,
    request_id: &RequestId,
    request: Request,
) -> Response {
    if request.method() == Method::OPTIONS {
        return (StatusCode::NO_CONTENT, [(ALLOW, METHODS)]).into_response();
    }
    let mut log = OperationLog::start(request_id);
    let language = language::from_headers(request.headers());
    let (response, codes) = match MediaType::negotiate(request.headers()) {
        Ok(media_type) => match run(door, admission, request_id, language, request, &mut log).await {
            Ok(executed) => graphql_response::render(Answer::Executed(executed), media_type, request_id, language),
            Err(Stop::Error(error)) => {
                graphql_response::render(Answer::RequestError(error), media_type, request_id, language)
            }
            Err(Stop::Refusal(refusal)) => graphql_response::render_refusal(refusal, request_id, language),
        },
        Err(refusal) => graphql_response::render_refusal(refusal, request_id, language),
    };
    log.answered(response.status(), &codes);
    response
}

async fn run<A: Authenticator>(
    door: &GraphqlDoor<A>,
    admission: &Admission,
    request_id: &RequestId,
    language: Language,
    request: Request,
    log: &mut OperationLog<'_>,
) -> Result<async_graphql::Response, Stop> {
    let method = request.method().clone();
    let key = session::bearer_key(request.headers())?.map(str::to_owned);
    if key.is_none()
        && let Some(message) = A::MISSING_KEY
    {
        return Err(Refusal::unauthenticated(message).into());
    }
    let parameters = graphql_request::read(request, admission.limits()).await?;

    let document = document::find(door, parameters.document)?;
    let chosen = operation::choose(&document.parsed, parameters.operation_name.as_deref())?;
    let kind = chosen.definition.ty;
    log.name_operation(chosen.name, kind);
    check_kind(kind, &method)?;
    let variables = Variables::from_json(parameters.variables.into());
    if let Err(message) = door.executor.input_types().check(chosen.definition, &variables) {
        return Err(request_error(code::BAD_USER_INPUT, message).into());
    }

    let mut request = async_graphql::Request::new(&*document.text).variables(variables);
    request.operation_name = parameters.operation_name;
    request.extensions = Extensions(parameters.extensions.into_iter().filter_map(graphql_entry).collect());
    request.set_parsed_query(ExecutableDocument::clone(&document.parsed));

    let execution = async {
        let caller = find_caller(door, key.as_deref(), request_id).await?;
        let context = RequestContext {
            caller,
            request_id: request_id.clone(),
            language,
        };
        Ok::<_, Refusal>(
            door.executor
                .execute((door.request_data)(context, request), document.validation)
                .await,
        )
    };
    let response = admission.execute(request_id, execution).await??;
    if document.validation == Validation::Strict {
        door.documents.remember(&document.text, &document.parsed, &response);
    }
    Ok(response)
}

fn check_kind(kind: OperationType, method: &Method) -> Result<(), Stop> {
    match kind {
        OperationType::Query => Ok(()),
        // A link or an image on a foreign page must not be able to change anything.
        _ if method != Method::POST => Err(Refusal::method_not_allowed("POST", "Send mutations by POST.").into()),
        OperationType::Mutation => Ok(()),
        OperationType::Subscription => Err(request_error(
            code::OPERATION_RESOLUTION,
            "Subscriptions are not offered here. Send a query.",
        )
        .into()),
    }
}

async fn find_caller<A: Authenticator>(
    door: &GraphqlDoor<A>,
    key: Option<&str>,
    request_id: &RequestId,
) -> Result<Option<A::Caller>, Refusal> {
    let Some(key) = key else { return Ok(None) };
    match door.authenticator.authenticate(key).await {
        Ok(Some(caller)) => Ok(Some(caller)),
        Ok(None) => Err(Refusal::unauthenticated(A::UNKNOWN_KEY)),
        Err(unavailable) => {
            tracing::error!(%request_id, cause = %unavailable, "a caller could not be looked up");
            Err(Refusal::try_again(Message::KeysNotChecked))
        }
    }
}

fn graphql_entry((name, value): (String, serde_json::Value)) -> Option<(String, async_graphql::Value)> {
    Some((name, async_graphql::Value::from_json(value).ok()?))
}
