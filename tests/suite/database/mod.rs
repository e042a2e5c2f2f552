//! The schema, its guards and migrations, and the Postgres of the demo and the tests.

mod bench_data;
mod guards;
mod migrations;
mod placement;
mod pools;
pub mod private_postgres;
mod sane_values;
mod statements;
mod text_forms;
