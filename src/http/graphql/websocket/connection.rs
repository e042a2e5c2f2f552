//! Server side of a WebSocket connection: messages of the client, its operations, and their results.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::operation::{Outgoing, Sink, run};
use super::protocol;
use super::protocol::{Close, Protocol, Step};
use crate::http::auth::authenticator::Authenticator;
use crate::http::auth::bearer;
use crate::http::auth::requester::Requester;
use crate::http::error::HttpError;
use crate::http::graphql::endpoint::GraphqlEndpoint;
use crate::http::graphql::response::{Answer, finish};
use crate::http::graphql::subscriptions::KeyCheck;
use crate::http::limits::LiveLimits;
use crate::http::limits::admission::Admission;
use crate::http::limits::socket_places::SocketPlace;

/// Maximum number of unsent results of all operations on a socket; further ones wait.
const MAX_UNSENT_RESULTS: usize = 16;

/// End of a connection: closed with a reason, or `None` if the client is gone.
type End = Option<Close>;

/// Connection to one client.
pub struct Peer<A: Authenticator> {
    endpoint: Arc<GraphqlEndpoint<A>>,
    admission: Arc<Admission>,
    draining: CancellationToken,
    requester: Requester,
    limits: LiveLimits,
    protocol: Protocol,
    operations: HashMap<String, AbortOnDropHandle<()>>,
    sender: mpsc::Sender<Outgoing>,
    outgoing: mpsc::Receiver<Outgoing>,
    place: SocketPlace,
    /// Time since when a client without a session key has had no operation; `None` for others.
    visitor_idle_since: Option<Instant>,
    /// True if anything was received since the last ping.
    was_heard: bool,
}

impl<A: Authenticator> Peer<A> {
    pub fn new(
        endpoint: Arc<GraphqlEndpoint<A>>,
        admission: Arc<Admission>,
        draining: CancellationToken,
        requester: Requester,
        place: SocketPlace,
    ) -> Self {
        let (sender, outgoing) = mpsc::channel(MAX_UNSENT_RESULTS);
        Self {
            limits: admission.limits().live,
            protocol: Protocol::new(admission.limits().json_values),
            endpoint,
            admission,
            draining,
            requester,
            operations: HashMap::new(),
            sender,
            outgoing,
            place,
            visitor_idle_since: None,
            was_heard: true,
        }
    }

    /// Serves the socket until one of the sides ends it.
    pub async fn serve(mut self, socket: &mut WebSocket) -> End {
        let (Ok(end) | Err(end)) = self.serve_messages(socket).await.map(|never| match never {});
        end
    }

    async fn serve_messages(&mut self, socket: &mut WebSocket) -> Result<std::convert::Infallible, End> {
        let began = Instant::now();
        let every = |period| {
            let mut ticks = interval_at(began + period, period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        };
        let mut pings = every(self.limits.keep_alive);
        let mut key_check = KeyCheck::new(&self.limits);
        let draining = self.draining.clone();
        loop {
            let idle_until = self.visitor_idle_until();
            tokio::select! {
                () = draining.cancelled() => return Err(Some(Close::SERVICE_RESTART)),
                () = sleep_until(began + self.limits.init_timeout), if self.protocol.waits_for_init() => {
                    return Err(Some(Close::INIT_TIMEOUT));
                }
                Some(outgoing) = self.outgoing.recv() => self.send_result(socket, outgoing).await?,
                message = socket.recv() => {
                    self.was_heard = true;
                    match message {
                        Some(Ok(Message::Text(text))) => self.receive(socket, text.as_str()).await?,
                        Some(Ok(Message::Binary(_))) => return Err(Some(Close::BINARY)),
                        // The library answers pings. Nothing follows a close.
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => {}
                        Some(Err(error)) => return Err(is_too_big(&error).then_some(Close::TOO_BIG)),
                        None => return Err(None),
                    }
                }
                _ = pings.tick() => {
                    if !std::mem::take(&mut self.was_heard) {
                        tracing::debug!(request_id = %self.requester.request_id, "closing a WebSocket: nothing received since the last ping");
                        return Err(None);
                    }
                    self.send(socket, Message::Ping(Vec::new().into())).await?;
                }
                () = sleep_until(idle_until.unwrap_or(began)), if idle_until.is_some() => {
                    return Err(Some(Close::IDLE_VISITOR));
                }
                () = key_check.due() => {
                    if let Err(refusal) = key_check.run(&self.endpoint, &self.requester).await {
                        return Err(self.end_all(socket, refusal).await?);
                    }
                }
            }
        }
    }

    async fn receive(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), End> {
        self.requester
            .admit_message()
            .map_err(|_too_often| Some(Close::RATE_LIMITED))?;
        match self.protocol.receive(text).map_err(Some)? {
            Step::Nothing => Ok(()),
            Step::Reply(text) => self.send(socket, text).await,
            Step::Initialise(payload) => {
                self.authenticate(&payload).await.map_err(Some)?;
                let acknowledgement = self.protocol.acknowledge();
                self.send(socket, acknowledgement).await
            }
            Step::Begin { id, number, payload } => self.begin(socket, id, number, payload).await,
            Step::Stop(id) => {
                self.operations.remove(&id);
                self.operation_ended();
                Ok(())
            }
        }
    }

    /// Authenticates the client by the key in the payload, else by that of the handshake. Without a key it is
    /// anonymous.
    async fn authenticate(&mut self, payload: &Map<String, Value>) -> Result<(), Close> {
        let authorization = payload.get("Authorization").or_else(|| payload.get("authorization"));
        match authorization {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                let key = bearer::key_of(text).ok_or(Close::FORBIDDEN)?;
                self.requester
                    .take_key::<A>(key)
                    .map_err(|_too_often| Close::RATE_LIMITED)?;
            }
            Some(_) => return Err(Close::FORBIDDEN),
        }
        if self.requester.key().is_none() && A::MISSING_KEY.is_some() {
            return Err(Close::FORBIDDEN);
        }
        match self.requester.find_caller(&self.endpoint.authenticator).await {
            Ok(_) => self.take_place(),
            Err(refusal) if refusal.code() == "UNAUTHENTICATED" => Err(Close::FORBIDDEN),
            Err(refusal) if refusal.code() == "RATE_LIMITED" => Err(Close::RATE_LIMITED),
            Err(_) => Err(Close::TRY_AGAIN),
        }
    }

    fn take_place(&mut self) -> Result<(), Close> {
        let is_kept = match self.requester.key_hash() {
            Some(key) => self.place.keep_for_session(key),
            None => {
                self.visitor_idle_since = Some(Instant::now());
                self.place.keep_for_visitor()
            }
        };
        is_kept.then_some(()).ok_or(Close::TOO_MANY_SOCKETS)
    }

    fn visitor_idle_until(&self) -> Option<Instant> {
        let since = self.visitor_idle_since.filter(|_| self.protocol.running() == 0)?;
        Some(since + self.limits.visitor_idle_timeout)
    }

    fn operation_ended(&mut self) {
        if let Some(since) = &mut self.visitor_idle_since {
            *since = Instant::now();
        }
    }

    async fn begin(&mut self, socket: &mut WebSocket, id: String, number: u64, payload: Value) -> Result<(), End> {
        let most = self.limits.operations_per_socket;
        if self.protocol.running() > most {
            self.protocol.end(&id);
            let refusal = HttpError::too_many(format!(
                "This socket has {most} operations in progress. Complete one of them first."
            ));
            let text = self.error(&id, refusal);
            return self.send(socket, text).await;
        }
        // For the log and the rate limits, each operation is a separate request with the same key.
        let requester = match self.requester.for_next_operation::<A>() {
            Ok(requester) => requester,
            Err(too_often) => {
                self.protocol.end(&id);
                let text = self.error(&id, too_often.into());
                return self.send(socket, text).await;
            }
        };
        let max_bytes = self.admission.limits().reply_bytes;
        let sink = Sink::new(
            id.clone(),
            number,
            requester.request_id.clone(),
            max_bytes,
            self.sender.clone(),
        );
        let running = run(
            Arc::clone(&self.endpoint),
            Arc::clone(&self.admission),
            requester,
            payload,
            sink,
        );
        self.operations
            .insert(id, AbortOnDropHandle::new(tokio::spawn(running)));
        Ok(())
    }

    /// Sends a result, if the client still waits for it.
    async fn send_result(&mut self, socket: &mut WebSocket, outgoing: Outgoing) -> Result<(), End> {
        if !self.protocol.runs(&outgoing.id, outgoing.number) {
            return Ok(());
        }
        if outgoing.is_last {
            self.protocol.end(&outgoing.id);
            self.operations.remove(&outgoing.id);
            self.operation_ended();
        }
        self.send(socket, outgoing.text).await
    }

    /// Sends each operation the reason for its end, then closes the socket.
    async fn end_all(&mut self, socket: &mut WebSocket, refusal: HttpError) -> Result<End, End> {
        self.operations.clear();
        let ids: Vec<_> = self.protocol.ids().map(str::to_owned).collect();
        let close = match refusal.code() {
            "UNAUTHENTICATED" => Close::FORBIDDEN,
            _ => Close::TRY_AGAIN,
        };
        let errors = self.errors(refusal);
        for id in ids {
            self.send(socket, protocol::error(&id, &errors)).await?;
        }
        Ok(Some(close))
    }

    fn error(&self, id: &str, refusal: HttpError) -> String {
        protocol::error(id, &self.errors(refusal))
    }

    fn errors(&self, refusal: HttpError) -> Vec<u8> {
        let answer = Answer::from(refusal.into_error(self.requester.language));
        finish(answer, &self.requester.request_id, self.requester.language).errors_to_json()
    }

    async fn send(&mut self, socket: &mut WebSocket, message: impl Into<Message>) -> Result<(), End> {
        match timeout(self.limits.send_timeout, socket.send(message.into())).await {
            Ok(Ok(())) => Ok(()),
            // The client is gone or does not read, so no close message can be sent.
            Ok(Err(_)) | Err(_) => Err(None),
        }
    }
}

/// The library reports this only in its error text.
fn is_too_big(error: &axum::Error) -> bool {
    error.to_string().contains("too long")
}
