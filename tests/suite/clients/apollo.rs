//! Apollo Client.

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_pages_signs_in_and_tells_errors() {
    super::passes_on_a_new_demo("apollo/apollo.test.mjs", 8).await;
}
