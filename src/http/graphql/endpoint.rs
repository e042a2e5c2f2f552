//! One GraphQL API as the endpoint serves it: its schema, its callers, and what its resolvers find in a request.

use async_graphql::{ObjectType, Request, SubscriptionType};

use super::documents::allow_list::AllowedOperations;
use super::documents::cache::DocumentCache;
use super::documents::persisted::Persisted;
use super::executor::{Executor, Schemas};
use super::query_text;
use crate::domain::language::Language;
use crate::http::auth::authenticator::Authenticator;
use crate::http::request_id::RequestId;

/// What is known of a request when it is about to be executed.
#[derive(Clone, Debug)]
pub struct RequestInfo<Caller> {
    /// Whom the key stands for; `None` when no key was sent.
    pub caller: Option<Caller>,
    /// The name of the request in logs and replies.
    pub request_id: RequestId,
    /// The language in which to speak to the caller.
    pub language: Language,
}

type RequestData<Caller> = Box<dyn Fn(RequestInfo<Caller>, Request) -> Request + Send + Sync>;

/// A GraphQL API that can be given a path. The customers' and the admin's are two of these.
pub struct GraphqlEndpoint<A: Authenticator> {
    pub executor: Box<dyn Executor>,
    pub authenticator: A,
    pub request_data: RequestData<A::Caller>,
    pub documents: DocumentCache,
    pub introspection: bool,
    pub persisted: Persisted,
}

impl<A: Authenticator> GraphqlEndpoint<A> {
    /// `request_data` is called once per request, right before execution, and puts into the request whatever resolvers
    /// look for: the caller, loaders of this request, its id, its language.
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

    /// Whether callers may ask for the schema; where they may not, the schema's builder should have introspection and
    /// suggestions disabled as well.
    pub fn with_introspection(self, introspection: bool) -> Self {
        Self { introspection, ..self }
    }

    /// Makes it execute nothing but the operations of a list, if there is one.
    pub fn allowing_only(mut self, list: Option<AllowedOperations>) -> Self {
        if let Some(list) = list {
            self.persisted = Persisted::Allowed(list);
        }
        self
    }

    /// Whether the document of a query text has been validated and is executed without validating it again. For tests and
    /// metrics.
    pub fn knows(&self, query: &str) -> bool {
        query_text::normalise(query).is_ok_and(|tokens| self.documents.get(&tokens).is_some())
    }
}
