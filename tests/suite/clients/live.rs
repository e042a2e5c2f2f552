//! Live updates by graphql-sse and graphql-ws alone.

#[tokio::test(flavor = "multi_thread")]
async fn awards_are_followed_over_events_and_sockets() {
    super::pass_on_a_new_demo(&[("live/live.test.mjs", 7)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_the_mobile_clients_are_answered() {
    super::pass_on_a_new_demo(&[("mobile/mobile.test.mjs", 7)]).await;
}
