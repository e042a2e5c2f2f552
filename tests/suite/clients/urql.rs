//! urql with its normalised cache.

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_pages_signs_in_tells_errors_follows_and_persists() {
    let files = [
        ("urql/urql.test.mjs", 8),
        ("urql/live.test.mjs", 2),
        ("urql/persisted.test.mjs", 2),
    ];
    super::pass_on_a_new_demo(&files).await;
}
