//! Typed documents: written from the committed schema, checked by `tsc --strict`, then run.

use super::{FOLDER, demo, node, pass, pass_on_a_new_demo, succeed};
use crate::support::database::TestDatabase;
use crate::support::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn documents_typed_by_graphql_codegen_run_and_are_an_allow_list() {
    succeed(node(&["typed/codegen/build.mjs"])).await;
    pass_on_a_new_demo(&[("typed/codegen/codegen.test.mjs", 3)]).await;

    let database = TestDatabase::create().await;
    let mut only_these = demo(&database);
    only_these
        .arg("--allowed-operations")
        .arg(format!("{FOLDER}/typed/codegen/build/gql/persisted-documents.json"));
    let program = Program::start(only_these).await;
    pass(&database, &program, "typed/codegen/allowed.test.mjs", 4).await;
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_typed_by_gql_tada_run() {
    succeed(node(&["typed/tada/build.mjs"])).await;
    pass_on_a_new_demo(&[("typed/tada/tada.test.mjs", 2)]).await;
}
