//! The legacy wire: forms and JSON that old clients would never send.

use super::case::{Case, End, Http, Keys};
use super::random::Random;

const METHODS: [&str; 10] = [
    "get_newbee_award",
    "get_today_award",
    "get_invitation",
    "set_invitation",
    "sign_in_today",
    "get_children",
    "submit_word",
    "subscribe_counts",
    "no_such_method",
    "%67et_invitation/../x",
];

const VALUES: [&str; 16] = [
    "",
    "WALK501",
    "%E5%8F%A3%E4%BB%A4",
    "%",
    "%zz",
    "%00",
    "%ff%fe",
    "%ED%A0%80",
    "+++",
    "a=b=c",
    "1e999",
    "%F0%9F%91%A8%E2%80%8D",
    "%E2%80%AE",
    "-99999999999999999999",
    "' or '1'='1",
    "null",
];

/// One request to any method.
pub fn requests(random: &mut Random, keys: &Keys) -> Case {
    let target = format!("/customer/{}", random.text(&METHODS));
    let key = match random.below(4) {
        0 => random.text(&VALUES).to_string(),
        1 => "k".repeat(random.between(1, 3_000)),
        _ => keys.session.clone(),
    };
    let name = random.text(&["parent_code", "word", "key", "session_key", "", "%00"]);
    let value = random.text(&VALUES);
    let form = match random.below(5) {
        0 => format!("session_key={key}&{name}={value}"),
        1 => format!(
            "session_key={key}&{}",
            format!("{name}={value}&").repeat(random.between(1, 2_000))
        ),
        2 => format!(
            "{name}={}&session_key={key}",
            value.repeat(random.magnitude().min(5_000))
        ),
        3 => format!("session_key={key}&{name}={value}").replace(['&', '='], random.text(&["&&", ";", "==", "%26"])),
        _ => String::new(),
    };
    let json = match random.below(6) {
        0 => format!(
            "{{\"session_key\":\"{key}\",\"{name}\":{}}}",
            random.text(&["null", "1", "[]", "{}", "1e999", "\"\\ud800\""])
        ),
        1 => format!(
            "{{\"session_key\":{},\"word\":\"x\"}}",
            random.text(&["[]", "{}", "null", "12345678901234567890123", "true"])
        ),
        2 => format!(
            "{{\"session_key\":\"{key}\",\"deep\":{}}}",
            "[".repeat(random.magnitude())
        ),
        3 => format!(
            "{{{}\"session_key\":\"{key}\"}}",
            "\"session_key\":\"x\",".repeat(random.between(1, 3_000))
        ),
        4 => format!(
            "{{{}\"session_key\":\"{key}\"}}",
            (0..random.between(1, 3_000))
                .map(|n| format!("\"p{n}\":1,"))
                .collect::<String>()
        ),
        _ => format!("[{{\"session_key\":\"{key}\"}}]"),
    };
    let (media_type, body) = match random.below(5) {
        0 | 1 => ("application/x-www-form-urlencoded", form),
        2 | 3 => ("application/json", json),
        _ => (
            random.text(&[
                "text/plain",
                "multipart/form-data; boundary=x",
                "application/json;charset=x",
                "\"",
                ";",
            ]),
            form,
        ),
    };
    let method = if random.one_in(10) { "GET" } else { "POST" };
    let mut case = Http::new(method, &target)
        .header("content-type", media_type)
        .body(body)
        .whole("legacy request");
    if case.bytes.len() > 100_000 {
        case.end = End::Anyhow;
    }
    case
}
