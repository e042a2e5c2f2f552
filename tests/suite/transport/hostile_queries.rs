//! Queries made to kill or to occupy a server are refused by the optimised build, which lives on.

use crate::support::database::TestDatabase;
use crate::support::program::Program;

/// Fragments that each spread the next one twice: 2^30 selections in less than a kilobyte and a half.
fn fragment_bomb() -> String {
    let fragments: String = (0..30)
        .map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1))
        .collect();
    format!("{{ ...f0 }} {fragments} fragment f30 on Query {{ __typename }}")
}

#[tokio::test]
async fn five_hostile_queries_are_refused_for_less_than_a_second_of_cpu() {
    let database = TestDatabase::create().await;
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let hostile = [
        (
            "lists in lists",
            format!("{{ a(z: {}1{}) }}", "[".repeat(2_000), "]".repeat(2_000)),
        ),
        (
            "objects in objects",
            format!("{{ a(z: {}1{}) }}", "{a:".repeat(2_000), "}".repeat(2_000)),
        ),
        ("nested fragments", fragment_bomb()),
        (
            "deep selections",
            format!("{}me{}", "{ me ".repeat(1_000), " }".repeat(1_000)),
        ),
        (
            "thousands of directives",
            format!("query {} {{ __typename }}", "@x ".repeat(5_000)),
        ),
    ];
    let before = program.cpu_seconds();
    for (what, query) in &hostile {
        let (status, reply) = program.ask(None, query).await;
        assert!(
            (400..500).contains(&status) || reply["errors"].is_array(),
            "{what}: {status} {reply}"
        );
        assert!(reply["data"].is_null(), "{what}: {reply}");
        assert!(
            reply.to_string().len() < 64 * 1024,
            "{what}: a reply of {} bytes",
            reply.to_string().len()
        );
    }
    let used = program.cpu_seconds() - before;
    assert!(used < 1.0, "{used} s of CPU");
    let (status, alive) = program.ask(None, "{ clock { timeZone } }").await;
    assert_eq!(
        (status, alive["data"]["clock"]["timeZone"].as_str()),
        (200, Some("Asia/Shanghai"))
    );
    program.terminate().await;
}
