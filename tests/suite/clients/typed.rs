//! Typed documents: written from the committed schema, checked by `tsc --strict`, then run.

use super::{demo, node, pass};
use crate::support::database::TestDatabase;
use crate::support::program::Program;

#[tokio::test(flavor = "multi_thread")]
async fn documents_typed_by_graphql_codegen_run() {
    let database = TestDatabase::create().await;
    let program = Program::start(demo(&database)).await;
    node(&database, &program, &["typed/codegen/build.mjs"]).await;
    pass(&database, &program, "typed/codegen/codegen.test.mjs", 3).await;
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_typed_by_gql_tada_run() {
    let database = TestDatabase::create().await;
    let program = Program::start(demo(&database)).await;
    node(&database, &program, &["typed/tada/build.mjs"]).await;
    pass(&database, &program, "typed/tada/tada.test.mjs", 2).await;
    program.terminate().await;
}
