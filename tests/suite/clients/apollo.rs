//! Apollo Client.

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_pages_signs_in_tells_errors_follows_and_persists() {
    let files = [
        ("apollo/apollo.test.mjs", 8),
        ("apollo/live.test.mjs", 3),
        ("apollo/persisted.test.mjs", 2),
    ];
    super::pass_on_a_new_demo(&files).await;
}
