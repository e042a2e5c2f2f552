//! Handling of a GraphQL request: read, guard, parse, select the operation, check its variables, find the caller,
//! execute, answer. Nothing that costs more than linear time in the request runs before the guard. At endpoints that
//! require a key, the caller is found first: requests of others take no place, and their bodies are not read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::registry::Registry;
use async_graphql::{Extensions, ServerError, Variables};
use axum::extract::Request;
use axum::http::header::ALLOW;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::documents;
use super::documents::Document;
use super::documents::cost::Cost;
use super::endpoint::{GraphqlEndpoint, RequestInfo};
use super::errors::{code, request_error};
use super::guard;
use super::operation;
use super::request;
use super::request::{METHODS, Parameters};
use super::request_error::RequestError;
use super::response;
use super::response::Answer;
use super::subscriptions;
use super::subscriptions::{EventStream, Events, sse};
use crate::domain::language::Language;
use crate::http::auth::authenticator::Authenticator;
use crate::http::auth::bearer;
use crate::http::auth::requester::Requester;
use crate::http::error::HttpError;
use crate::http::headers::media_type::MediaType;
use crate::http::limits::admission::{Admission, RequestPlace};
use crate::http::limits::operation_places::Claim;
use crate::http::middleware::access_log::AccessLog;
use crate::http::middleware::language;
use crate::http::middleware::rate_limit::{ClientAddress, ClientQuota};
use crate::http::request_id::RequestId;

/// Time for which a lookup of the caller before the body is reused, in place of another one.
const LOOKUP_LIFETIME: Duration = Duration::from_millis(500);

/// Answers a request at a GraphQL endpoint and logs it in one line.
pub async fn answer<A: Authenticator>(
    endpoint: &Arc<GraphqlEndpoint<A>>,
    admission: &Admission,
    draining: &CancellationToken,
    request_id: &RequestId,
    request: Request,
) -> Response {
    if request.method() == Method::OPTIONS {
        return (StatusCode::NO_CONTENT, [(ALLOW, METHODS)]).into_response();
    }
    let mut log = AccessLog::start(request_id, ClientQuota::of(&request).log_sampler());
    let language = language::from_headers(request.headers());
    let events = EventStream::wish(request.headers());
    let media_type = match MediaType::negotiate(request.headers()) {
        Ok(media_type) => media_type,
        // A rejection is then sent as an event, too.
        Err(_) if events == EventStream::Preferred => MediaType::Json,
        Err(refusal) => {
            let (response, codes) = response::render_refusal(refusal, request_id, language);
            log.answered(response.status(), &codes);
            return response;
        }
    };
    let mut place = None;
    let ran = run(
        endpoint, admission, request_id, language, events, request, &mut log, &mut place,
    )
    .await;
    let max_bytes = admission.limits().reply_bytes;
    let (response, codes) = match ran {
        Ok(Run::Answered(answer)) if events == EventStream::Preferred => {
            sse::once(answer, max_bytes, request_id, language)
        }
        Ok(Run::Answered(answer)) => response::render(answer, media_type, max_bytes, request_id, language),
        Ok(Run::SubscriptionStarted(events, requester)) => (
            sse::follow(endpoint, events, requester, admission.limits(), draining),
            Vec::new(),
        ),
        Err(refusal) => response::render_refusal(refusal, request_id, language),
    };
    log.answered(response.status(), &codes);
    match place {
        Some(place) => place.reply(response),
        None => response,
    }
}

/// Outcome of a request.
enum Run {
    Answered(Answer),
    /// A subscription has started.
    SubscriptionStarted(Events, Requester),
}

#[allow(clippy::too_many_arguments)]
async fn run<'a, A: Authenticator>(
    endpoint: &Arc<GraphqlEndpoint<A>>,
    admission: &'a Admission,
    request_id: &RequestId,
    language: Language,
    events: EventStream,
    request: Request,
    log: &mut AccessLog<'_>,
    place: &mut Option<RequestPlace<'a>>,
) -> Result<Run, HttpError> {
    let method = request.method().clone();
    let key = bearer::bearer_key(request.headers())?.map(str::to_owned);
    if key.is_none()
        && let Some(message) = A::MISSING_KEY
    {
        return Err(HttpError::unauthenticated(message));
    }
    let mut requester = Requester::new(ClientQuota::of(&request), request_id.clone(), language);
    if let Some(key) = key {
        requester.take_key::<A>(&key)?;
    }
    let address = requester.address();
    let mut found = None;
    if A::MISSING_KEY.is_some() {
        found = Some((
            Instant::now(),
            requester
                .find_caller_first(&endpoint.authenticator, admission)
                .boxed()
                .await?,
        ));
    }
    *place = Some(admission.request(address).await?);
    let arriving = admission.body(address)?;
    let parameters = request::read(request, admission.limits()).await?;
    drop(arriving);
    // The key may have been revoked while the body arrived or the request waited.
    let found = found
        .filter(|(at, _)| at.elapsed() < LOOKUP_LIFETIME)
        .map(|(_, caller)| caller);
    let answered = async {
        let operation = prepare(endpoint, &requester, parameters, log)?;
        check_kind(operation.kind, &method, endpoint.executor.is_live(), events)?;
        if operation.kind == OperationType::Subscription {
            let events = subscriptions::begin(endpoint, admission, &requester, operation)
                .boxed()
                .await?;
            return Ok(Run::SubscriptionStarted(events, requester));
        }
        let executed = execute(endpoint, admission, &requester, operation, found).await?;
        Ok::<_, RequestError>(Run::Answered(Answer::Executed(executed)))
    };
    match answered.await {
        Ok(run) => Ok(run),
        Err(RequestError::Errors(errors)) => Ok(Run::Answered(Answer::RequestErrors(errors))),
        Err(RequestError::HttpError(refusal)) => Err(refusal),
    }
}

/// An operation ready for execution.
pub struct Operation {
    pub kind: OperationType,
    /// Number of root fields of a mutation; 0 for other operations.
    mutations: u32,
    pub document: Document,
    cost: Cost,
    name: Option<String>,
    variables: Variables,
    extensions: Extensions,
}

impl Operation {
    /// Returns the places that the operation needs.
    pub fn claim(&self, requester: &Requester) -> Claim<ClientAddress> {
        Claim::new(self.cost.fields, requester.visitor())
    }

    /// Returns the request that validates the document, if it is not yet validated.
    pub fn take_validation(&mut self) -> Option<async_graphql::Request> {
        let unvalidated = self.document.unvalidated.take()?;
        let (name, variables) = (self.name.clone(), self.variables.clone());
        Some(request(name, variables, Extensions::default(), unvalidated))
    }

    /// Returns the request for the executor, with a copy of the document. Call it only when the operation has its
    /// places.
    pub fn into_request(self, registry: &Registry) -> (async_graphql::Request, Document) {
        let checked = &self.document.checked;
        let parsed = checked.for_execution(registry, self.name.as_deref(), &self.variables);
        (
            request(self.name, self.variables, self.extensions, parsed),
            self.document,
        )
    }
}

fn request(
    name: Option<String>,
    variables: Variables,
    extensions: Extensions,
    parsed: ExecutableDocument,
) -> async_graphql::Request {
    // The executor gets the parsed document and needs no text.
    let mut request = async_graphql::Request::new("").variables(variables);
    request.operation_name = name;
    request.extensions = extensions;
    request.set_parsed_query(parsed);
    request
}

/// Resolves the document, selects the operation and checks its variables.
///
/// # Errors
/// [`RequestError`] if the operation cannot be executed.
pub fn prepare<A: Authenticator>(
    endpoint: &GraphqlEndpoint<A>,
    requester: &Requester,
    parameters: Parameters,
    log: &mut AccessLog<'_>,
) -> Result<Operation, RequestError> {
    let document = documents::find(endpoint, parameters.document)?;
    let chosen = operation::choose(&document.checked.merged, parameters.operation_name.as_deref())?;
    let kind = chosen.definition.ty;
    log.name_operation(chosen.name, kind);
    if kind == OperationType::Subscription {
        operation::check_single_root(chosen.definition)?;
    }
    let mutations = match kind {
        OperationType::Mutation => operation::root_fields(&document.checked.merged, chosen.definition),
        OperationType::Query | OperationType::Subscription => 0,
    };
    let variables = Variables::from_json(parameters.variables.into());
    let types = endpoint.executor.input_types();
    if let Err(message) = types.check_variables(chosen.definition, &variables) {
        return Err(request_error(code::BAD_USER_INPUT, message).into());
    }
    let cost = document.checked.cost(chosen.name);
    if requester.key().is_none() && cost.root_fields > guard::MAX_ROOT_FIELDS_WITHOUT_KEY {
        let refused = guard::Refused::TooManyRootFieldsWithoutKey;
        return Err(request_error(code::VALIDATION_FAILED, refused.to_string()).into());
    }
    Ok(Operation {
        kind,
        document,
        mutations,
        cost,
        name: parameters.operation_name,
        variables,
        extensions: Extensions(parameters.extensions.into_iter().filter_map(graphql_entry).collect()),
    })
}

/// Executes a query or a mutation. `found` is the caller, if it was just looked up.
///
/// # Errors
/// [`HttpError`] if the key is invalid or cannot be looked up, the operation finds no places, times out or panics, or a
/// mutation exceeds the rate of the key.
pub async fn execute<A: Authenticator>(
    endpoint: &GraphqlEndpoint<A>,
    admission: &Admission,
    requester: &Requester,
    mut operation: Operation,
    found: Option<Option<A::Caller>>,
) -> Result<async_graphql::Response, HttpError> {
    let (claim, kind) = (operation.claim(requester), operation.kind);
    let (mutations, validation) = (operation.mutations, operation.take_validation());
    // A query or mutation looks its caller up by its first statement, which takes one statement less.
    let deferred = match operation.kind {
        OperationType::Query if found.is_none() => requester.defer(&endpoint.authenticator),
        OperationType::Mutation if found.is_none() && mutations == 1 => requester.defer(&endpoint.authenticator),
        _ => None,
    };
    // Only keys that were found valid count by a rate of their own: see `charge_mutations`.
    let charge_later = deferred.is_some() && !requester.is_known();
    // Boxed, so that it is not copied into each future around it.
    let execution = Box::pin(async {
        let (request, document) = operation.into_request(endpoint.executor.input_types().registry());
        let found = found.or_else(|| deferred.clone().map(Some));
        let request = attach_context(endpoint, requester, request, found, kind).await?;
        if !charge_later {
            requester.charge_mutations(mutations)?;
        }
        let errors = validate(endpoint, validation, &document).await;
        let response = match errors.is_empty() {
            true => endpoint.executor.execute(request).await,
            false => async_graphql::Response::from_errors(errors),
        };
        if let Some(caller) = deferred {
            requester.check_deferred(&endpoint.authenticator, &caller).await?;
            if charge_later {
                // The first mutation of a key in this process, which is within its rate.
                let _ = requester.charge_mutations(mutations);
            }
        }
        Ok::<_, HttpError>((response, document))
    });
    let (mut response, document) = admission.execute(&requester.request_id, claim, execution).await??;
    document.relocate(&mut response.errors);
    Ok(response)
}

/// Validates the document of an operation if it is not known to be valid, remembers it if it is, and returns the errors.
pub async fn validate<A: Authenticator>(
    endpoint: &GraphqlEndpoint<A>,
    validation: Option<async_graphql::Request>,
    document: &Document,
) -> Vec<ServerError> {
    let Some(validation) = validation else {
        return Vec::new();
    };
    let errors = endpoint.executor.validate(validation).await;
    if errors.is_empty() {
        endpoint.documents.remember(&document.tokens, &document.checked);
    }
    errors
}

/// Attaches the data that resolvers use to a request: the caller, looked up unless already found, and the requester's
/// data.
///
/// # Errors
/// [`HttpError`] if the key is invalid or cannot be looked up.
pub async fn attach_context<A: Authenticator>(
    endpoint: &GraphqlEndpoint<A>,
    requester: &Requester,
    request: async_graphql::Request,
    found: Option<Option<A::Caller>>,
    kind: OperationType,
) -> Result<async_graphql::Request, HttpError> {
    let caller = match found {
        Some(caller) => caller,
        None => requester.find_caller(&endpoint.authenticator).await?,
    };
    let context = RequestInfo {
        caller,
        request_id: requester.request_id.clone(),
        language: requester.language,
        is_mutation: kind == OperationType::Mutation,
    };
    Ok((endpoint.request_data)(context, request))
}

fn check_kind(kind: OperationType, method: &Method, is_live: bool, events: EventStream) -> Result<(), RequestError> {
    match kind {
        OperationType::Query => Ok(()),
        OperationType::Subscription if !is_live => Err(request_error(
            code::OPERATION_RESOLUTION,
            "Subscriptions are not supported here. Send a query.",
        )
        .into()),
        OperationType::Subscription if events == EventStream::Unwanted => Err(request_error(
            code::OPERATION_RESOLUTION,
            "A subscription returns multiple results: send it with the header Accept: text/event-stream, or over a \
             WebSocket at this path with the subprotocol graphql-transport-ws.",
        )
        .into()),
        OperationType::Subscription if method == Method::HEAD => Err(HttpError::method_not_allowed(
            "GET, POST",
            "A subscription returns a stream of results: send it by GET or POST.",
        )
        .into()),
        // Read-only, and `EventSource` in browsers can only send GET.
        OperationType::Subscription => Ok(()),
        // A link or image on another site must not be able to change data.
        OperationType::Mutation if method != Method::POST => {
            Err(HttpError::method_not_allowed("POST", "Send mutations by POST.").into())
        }
        OperationType::Mutation => Ok(()),
    }
}

fn graphql_entry((name, value): (String, serde_json::Value)) -> Option<(String, async_graphql::Value)> {
    Some((name, async_graphql::Value::from_json(value).ok()?))
}
