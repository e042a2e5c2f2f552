//! Checks of every reply, of the log and of the memory after malformed requests.

use super::connection::Reply;

/// No reply may be larger, in bytes of its body.
const MAX_REPLY_BYTES: usize = 64 * 1024;

/// Maximum growth of the process after its warm-up, in bytes.
const MAX_GROWTH: u64 = 50 * 1024 * 1024;

/// Fails for a fault of the server, in HTTP's, GraphQL's or the legacy wire's words, and for a reply that is too large.
pub fn judge_reply(reply: &Reply) -> Result<(), String> {
    let shown = || String::from_utf8_lossy(&reply.body[..reply.body.len().min(500)]).into_owned();
    if reply.status >= 500 {
        return Err(format!("status {}: {}", reply.status, shown()));
    }
    if reply.body.len() >= MAX_REPLY_BYTES {
        return Err(format!("a reply of {} bytes: {}", reply.body.len(), shown()));
    }
    let says = |words: &[u8]| reply.body.windows(words.len()).any(|window| window == words);
    if says(br#""code":"INTERNAL_SERVER_ERROR""#) {
        return Err(format!("an internal error: {}", shown()));
    }
    if reply.body.starts_with(br#"{"success":false,"status":5,"#) {
        return Err(format!("a legacy fault: {}", shown()));
    }
    Ok(())
}

/// Fails for a panic, an abort or an error of the process.
pub fn judge_log(log: &str) -> Result<(), String> {
    let is_bad = |line: &&str| {
        [
            "panicked",
            "overflowed its stack",
            "fatal runtime error",
            "\"level\":\"ERROR\"",
        ]
        .iter()
        .any(|word| line.contains(word))
    };
    match log.lines().find(is_bad) {
        Some(line) => Err(format!("the log says: {line}")),
        None => Ok(()),
    }
}

/// Fails when the process grew from one resident size to the other, in bytes.
pub fn judge_memory(warm: u64, after: u64) -> Result<(), String> {
    let growth = after.saturating_sub(warm);
    if growth > MAX_GROWTH {
        return Err(format!("the process grew by {growth} bytes, from {warm}"));
    }
    Ok(())
}

#[test]
fn it_notices_what_it_is_there_for() {
    let reply = |status: u16, body: &str| Reply {
        status,
        body: body.as_bytes().to_vec(),
    };
    for (status, body) in [
        (
            400,
            r#"{"errors":[{"message":"no","extensions":{"code":"BAD_REQUEST"}}]}"#,
        ),
        (200, r#"{"success":false,"status":3,"msg":"x","data":null}"#),
        (429, ""),
    ] {
        assert_eq!(judge_reply(&reply(status, body)), Ok(()), "{body}");
    }
    assert_eq!(judge_reply(&reply(200, &"x".repeat(MAX_REPLY_BYTES - 1))), Ok(()));
    for bad in [
        reply(500, ""),
        reply(503, r#"{"errors":[]}"#),
        reply(200, &"x".repeat(MAX_REPLY_BYTES)),
        reply(
            200,
            r#"{"data":null,"errors":[{"extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}"#,
        ),
        reply(200, r#"{"success":false,"status":5,"msg":"内部错误","data":null}"#),
    ] {
        assert!(judge_reply(&bad).is_err(), "{}", bad.status);
    }
    assert_eq!(judge_log("{\"level\":\"INFO\"}\n{\"level\":\"WARN\"}\n"), Ok(()));
    for bad in [
        "thread 'tokio-rt-worker' panicked at src/main.rs:1:1:",
        "thread 'main' has overflowed its stack",
        "{\"level\":\"ERROR\",\"fields\":{}}",
    ] {
        assert!(judge_log(&format!("{{\"level\":\"INFO\"}}\n{bad}\n")).is_err(), "{bad}");
    }
    assert_eq!(judge_memory(100 << 20, 140 << 20), Ok(()));
    assert!(judge_memory(100 << 20, 151 << 20).is_err());
}
