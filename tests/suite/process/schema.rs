//! `newbee schema`, and the file that is made by it.

use crate::support::program::newbee;

#[tokio::test]
async fn the_schema_file_is_what_the_program_prints_without_a_database() {
    let printed = newbee()
        .arg("schema")
        .env("DATABASE_URL", "postgres://nobody@localhost:1/none")
        .output()
        .await
        .unwrap();
    assert!(printed.status.success());
    let file = std::fs::read_to_string("schema.graphql").expect("schema.graphql is there");
    assert!(
        file.as_bytes() == printed.stdout,
        "schema.graphql is not what this version prints. Look at the difference, then: cargo run -- schema > schema.graphql"
    );
}
