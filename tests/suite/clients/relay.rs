//! Relay, compiled from the committed schema.

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_pages_signs_in_tells_errors_and_follows() {
    super::pass_on_a_new_demo(&[("relay/relay.test.mjs", 9)]).await;
}
