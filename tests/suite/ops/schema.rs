//! The admin API's SDL is the file beside its sources.

use newbee::graphql::admin_sdl;

#[test]
fn the_schema_file_is_what_the_program_prints() {
    let kept = std::fs::read_to_string("src/graphql/admin.graphql").expect("the admin API's SDL");
    assert!(
        kept == admin_sdl(),
        "run: newbee schema --admin > src/graphql/admin.graphql"
    );
}
