//! `newbee word …` by the real program.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::support::database::TestDatabase;
use crate::support::program::{newbee, run};

/// `newbee word verify`, without a database.
pub(super) async fn verify(draw: &Value, arguments: &[&str]) -> (Option<i32>, String) {
    verify_text(&draw.to_string(), arguments).await
}

async fn verify_text(draw: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut child = newbee()
        .args(["word", "verify"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("newbee runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(draw.as_bytes()).await.expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

const CREATE: [&str; 15] = [
    "word",
    "create",
    "口令",
    "--amount",
    "100",
    "--coin",
    "1",
    "--count",
    "50",
    "--split",
    "random",
    "--closes-at",
    "2999-01-01T00:00:00+08:00",
    "--reason",
    "a test",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_looked_at_made_ended_and_checked() {
    let database = TestDatabase::create().await;
    let (code, preview, _) = run(&database, &[CREATE.as_slice(), &["--dry-run"]].concat()).await;
    assert!(
        code == Some(0) && preview.contains("100.0000") && preview.contains("Nothing was created"),
        "{preview}"
    );
    let (_, none, _) = run(&database, &["word", "list"]).await;
    assert!(none.contains("There are no word campaigns"), "{none}");

    let (code, made, _) = run(&database, &CREATE).await;
    assert!(code == Some(0) && made.contains("no public randomness"), "{made}");
    let (_, list, _) = run(&database, &["word", "list"]).await;
    assert!(
        list.contains("口令") && list.contains("open") && list.contains("0 of 50"),
        "{list}"
    );
    let (code, _, twice) = run(&database, &CREATE).await;
    assert!(
        code == Some(1) && twice.contains("A campaign with this word already exists"),
        "{twice}"
    );

    let show = async || -> Value {
        let (_, text, _) = run(&database, &["word", "show", "1", "--json"]).await;
        serde_json::from_str(&text).expect("JSON")
    };
    let before = show().await;
    assert!(before["seed"].is_null() && before["shares"].is_null() && before["claims"].is_null());
    assert!(made.contains(before["hash"].as_str().unwrap()), "{made}");
    let (code, text) = verify(&before, &[]).await;
    assert!(code == Some(1) && text.contains("not published"), "{text}");

    assert_eq!(
        run(&database, &["word", "end", "1", "--reason", "enough"]).await.0,
        Some(0)
    );
    let (code, again, _) = run(&database, &["word", "end", "1", "--reason", "enough"]).await;
    assert!(code == Some(0) && again.contains("already over"), "{again}");
    let draw = show().await;
    let (code, text) = verify(&draw, &[]).await;
    assert!(code == Some(3) && text.contains("50 shares, 100.0000"), "{text}");
    let (code, text) = verify(&json!({ "data": { "wordDraw": draw } }), &[]).await;
    assert_eq!(code, Some(3), "a whole reply will do: {text}");
    let (code, text) = verify_text(&format!("\u{feff}{draw}"), &[]).await;
    assert_eq!(code, Some(3), "also with a byte order mark: {text}");

    for (field, value, part) in [
        ("shareCount", json!(51), "hash"),
        ("amount", json!("101.0000"), "hash"),
        ("hash", json!("0".repeat(64)), "hash"),
        ("seed", json!("0".repeat(96)), "chosen"),
        ("split", json!("FIXED"), "hash"),
        ("beacon", json!({ "round": 1000, "signature": null }), "hash"),
        ("claimedCount", json!(1), "1 were counted"),
        ("split", json!("FAIR"), "FIXED or RANDOM"),
        ("shares", json!(["100.0000"]), "there are 1 shares"),
        ("hash", json!("abc"), "64 hexadecimal digits"),
    ] {
        let mut tampered = draw.clone();
        tampered[field] = value;
        let (code, text) = verify(&tampered, &[]).await;
        assert!(code == Some(1) && text.contains(part), "{field}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_is_a_plain_decimal() {
    let database = TestDatabase::create().await;
    for amount in ["+5", ".5", "5.", "1_000", "1e3", "1,000", " 5", "５", "0.00001", ""] {
        let mut arguments = CREATE.to_vec();
        arguments[4] = amount;
        let (code, _, error) = run(&database, &arguments).await;
        assert!(
            code == Some(2) && error.contains("write digits 0-9"),
            "{amount}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_said_at_once() {
    let database = TestDatabase::create().await;
    let wrong = [
        "word",
        "create",
        "thirteen char",
        "--amount",
        "0",
        "--coin",
        "1",
        "--count",
        "200000",
        "--split",
        "fixed",
        "--closes-at",
        "2020-01-01T00:00:00Z",
        "--reason",
        " ",
    ];
    for dry_run in [&[][..], &["--dry-run"]] {
        let (code, _, error) = run(&database, &[wrong.as_slice(), dry_run].concat()).await;
        assert_eq!(code, Some(1));
        for part in [
            "1-12 visible characters",
            "greater than 0",
            "1 to 100000 shares",
            "in the past",
            "A reason is required",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
    for (arguments, part) in [
        (
            ["word", "end", "9", "--reason", "none"].as_slice(),
            "no word campaign 9",
        ),
        (&["word", "show", "9"], "newbee word list"),
        (&["word", "verify", "no/such/file"], "Cannot read"),
    ] {
        let (code, _, error) = run(&database, arguments).await;
        assert!(code == Some(1) && error.contains(part), "{error}");
    }
}
