//! A GraphQL API: its schema, its authenticator, and the data provided to its resolvers.

use async_graphql::{ObjectType, Request, SubscriptionType};

use super::documents::allow_list::AllowedOperations;
use super::documents::cache::DocumentCache;
use super::documents::persisted::Persisted;
use super::executor::{Executor, Schemas};
use super::query_text;
use crate::domain::language::Language;
use crate::http::auth::authenticator::Authenticator;
use crate::http::request_id::RequestId;

/// Properties of a request, known before its execution.
#[derive(Clone, Debug)]
pub struct RequestInfo<Caller> {
    /// The caller identified by the key; `None` if no key was sent.
    pub caller: Option<Caller>,
    /// Request ID, for logs and replies.
    pub request_id: RequestId,
    /// Language of messages to the caller.
    pub language: Language,
    /// True for a mutation.
    pub is_mutation: bool,
}

type RequestData<Caller> = Box<dyn Fn(RequestInfo<Caller>, Request) -> Request + Send + Sync>;

/// A GraphQL API that can be mounted at a path, such as the customer API or the admin API.
pub struct GraphqlEndpoint<A: Authenticator> {
    pub executor: Box<dyn Executor>,
    pub authenticator: A,
    pub request_data: RequestData<A::Caller>,
    pub documents: DocumentCache,
    pub introspection: bool,
    pub persisted: Persisted,
}

impl<A: Authenticator> GraphqlEndpoint<A> {
    /// Creates an endpoint. `request_data` is called once per request, right before execution, and attaches the data
    /// that resolvers use: caller, loaders, request ID and language.
    pub fn new<Query, Mutation, Subscription>(
        schemas: Schemas<Query, Mutation, Subscription>,
        authenticator: A,
        request_data: impl Fn(RequestInfo<A::Caller>, Request) -> Request + Send + Sync + 'static,
    ) -> Self
    where
        Query: ObjectType + 'static,
        Mutation: ObjectType + 'static,
        Subscription: SubscriptionType + 'static,
    {
        Self {
            executor: Box::new(schemas),
            authenticator,
            request_data: Box::new(request_data),
            documents: DocumentCache::new(),
            introspection: true,
            persisted: Persisted::automatic(),
        }
    }

    /// Sets whether introspection is allowed. If it is not, the schema should be built with introspection and
    /// suggestions disabled as well.
    pub fn with_introspection(self, introspection: bool) -> Self {
        Self { introspection, ..self }
    }

    /// Restricts the endpoint to the operations of a list, if there is one.
    pub fn allowing_only(mut self, list: Option<AllowedOperations>) -> Self {
        if let Some(list) = list {
            self.persisted = Persisted::Allowed(list);
        }
        self
    }

    /// Returns true if the document of a query text is cached, so that it is executed without another validation. For
    /// tests and metrics.
    pub fn knows(&self, query: &str) -> bool {
        query_text::normalise(query).is_ok_and(|tokens| self.documents.get(&tokens).is_some())
    }
}
