//! Values that no type expects: deep, huge, of the wrong kind, in letters that hurt.

use super::case::{Case, Http, Keys, graphql};
use super::random::Random;

/// Values nested 10 to 100,000 deep, in the query, in variables, in what is ignored.
pub fn deep(random: &mut Random, keys: &Keys) -> Case {
    let depth = random.magnitude();
    let (open, close) = *random.pick(&[
        ("[", "]"),
        ("{a:", "}"),
        ("{\"a\":", "}"),
        ("(", ")"),
        ("{a", "}"),
        ("[", ""),
    ]);
    let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let body = match random.below(6) {
        0 => graphql(&format!("{{ node(id: {nested}) {{ id }} }}"), "{}"),
        1 => graphql(&format!("query ($a: [Int] = {nested}) {{ __typename }}"), "{}"),
        2 => graphql(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            &format!("{{\"ids\":{nested}}}"),
        ),
        3 => format!("{{\"query\":\"{{ __typename }}\",\"extensions\":{{\"a\":{nested}}}}}"),
        4 => graphql(
            &format!(
                "query ($a: {}Int{}) {{ __typename }}",
                "[".repeat(depth),
                "]".repeat(depth)
            ),
            "{}",
        ),
        _ => nested,
    };
    let target = random.text(&["/graphql", "/admin/graphql"]);
    let request = Http::post_json(target, keys, body);
    large_or_whole(request, "deep nesting")
}

/// A body above the limit is refused while it is still coming, and the refusal may be lost with the connection.
fn large_or_whole(request: Http, kind: &'static str) -> Case {
    let mut case = request.whole(kind);
    if case.bytes.len() > 100_000 {
        case.end = super::case::End::Anyhow;
    }
    case
}

const LETTERS: [&str; 22] = [
    "\0",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{2066}",
    "\u{200b}",
    "\u{feff}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{1f468}\u{200d}\u{1f469}",
    "a\u{301}\u{301}\u{301}",
    "ß",
    "İ",
    "ﷺ",
    "口令",
    "\r\n",
    "'; drop table users; --",
    "%00%s%n",
    "${jndi:ldap://x}",
];

/// As they stand inside a JSON or GraphQL string, right or wrong.
const ESCAPES: [&str; 14] = [
    "\\u0000",
    "\\ud800",
    "\\udc00\\ud800",
    "\\ud83d\\ude00",
    "\\uZZZZ",
    "\\u12",
    "\\x41",
    "\\",
    "\\\\\\\"",
    "\\u{1F600}",
    "\\uDBFF\\uDFFF",
    "\\b\\f\\n\\r\\t",
    "\\u202e",
    "\\\"",
];

/// Invalid UTF-8: overlong, cut short, surrogates.
const NO_UTF8: [&[u8]; 5] = [
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xe4\xbd",
];

/// Texts of odd letters and escapes in whatever takes a text.
pub fn letters(random: &mut Random, keys: &Keys) -> Case {
    let mut text = String::new();
    for _ in 0..random.between(1, 30) {
        let is_escape = random.one_in(3);
        let piece = random.text(if is_escape { &ESCAPES[..] } else { &LETTERS[..] });
        // Now and then a thousand times.
        text += &piece.repeat(if random.one_in(20) { 1_000 } else { 1 });
    }
    let body = match random.below(6) {
        // Escaped properly, so that the letters themselves arrive.
        0 => graphql(
            "mutation ($w: String!) { submitWord(word: $w) { userErrors { code message } } }",
            &serde_json::json!({ "w": text }).to_string(),
        ),
        1 => graphql(
            "query ($c: String!) { previewInvitation(code: $c) { canBind userErrors { message } } reservation(key: $c) { count } }",
            &serde_json::json!({ "c": text }).to_string(),
        ),
        2 => graphql(&format!("{{ node(id: \"{text}\") {{ id }} }}"), "{}"),
        3 => graphql(&format!("{{ {text} }}"), &format!("{{\"{text}\":1}}")),
        4 => format!("{{\"query\":\"{{ node(id: \\\"{text}\\\") {{ id }} }}\"}}"),
        _ => format!(
            "{{\"query\":\"{{ __typename }}\",\"operationName\":\"{text}\",\"variables\":{{\"{text}\":\"{text}\"}}}}"
        ),
    };
    let mut body = body.into_bytes();
    if random.one_in(5) {
        let at = random.below(body.len());
        let bad = *random.pick(&NO_UTF8);
        body.splice(at..at, bad.iter().copied());
    }
    large_or_whole(Http::post_json("/graphql", keys, body), "odd letters")
}

/// Numbers too large, too small, too long or not quite numbers.
pub fn numbers(random: &mut Random, keys: &Keys) -> Case {
    let digits = random.between(1, 400);
    let number = match random.below(14) {
        0 => "9".repeat(digits),
        1 => format!("-{}", "9".repeat(digits)),
        2 => format!("0.{}1", "0".repeat(digits)),
        3 => format!("1e{}", random.between(0, 99_999)),
        4 => format!("-1E-{}", random.between(0, 99_999)),
        5 => "9223372036854775808".to_owned(),
        6 => "-9223372036854775809".to_owned(),
        7 => "18446744073709551616".to_owned(),
        8 => "2147483648".to_owned(),
        9 => "-0".to_owned(),
        10 => "00012".to_owned(),
        11 => "NaN".to_owned(),
        12 => "1.5.2".to_owned(),
        _ => format!(
            "{}.{}e{}",
            random.below(1_000),
            random.below(1_000),
            random.between(0, 400)
        ),
    };
    let (target, query) = *random.pick(&[
        (
            "/graphql",
            "query ($n: Int) { me { awards(first: $n) { totalCount } } }",
        ),
        ("/graphql", "query ($n: ID!) { node(id: $n) { id } }"),
        (
            "/admin/graphql",
            "query ($n: ID!) { user(id: $n) { id } award(id: $n) { item } jobRun(id: $n) { id } }",
        ),
        ("/admin/graphql", "query ($n: Int!) { auditLog(first: $n) { action } }"),
        (
            "/admin/graphql",
            "mutation ($n: ID!) { registerUsers(users: [{ userId: $n, class: 1 }]) { registered } }",
        ),
        (
            "/admin/graphql",
            "mutation ($n: Int) { issueSession(userId: \"1\", lifetimeSeconds: $n) { repeated } }",
        ),
    ]);
    let body = match random.below(3) {
        0 => graphql(query, &format!("{{\"n\":{number}}}")),
        1 => graphql(query, &format!("{{\"n\":\"{number}\"}}")),
        _ => graphql(
            &format!("{{ me {{ awards(first: {number}) {{ totalCount }} }} a: node(id: {number}) {{ id }} }}"),
            "{}",
        ),
    };
    Http::post_json(target, keys, body).whole("odd numbers")
}

const WRONG: [&str; 12] = [
    "null",
    "true",
    "0",
    "-1.5",
    "\"\"",
    "\"x\"",
    "[]",
    "{}",
    "[null]",
    "[[[\"a\"]]]",
    "{\"a\":{\"b\":[1,{\"c\":null}]}}",
    "\"2026-13-45T99:99:99Z\"",
];

/// Values of any type for variables and parameters of any other.
pub fn wrong_types(random: &mut Random, keys: &Keys) -> Case {
    let value = random.text(&WRONG);
    if random.one_in(3) {
        let name = random.text(&["query", "variables", "operationName", "extensions"]);
        let other = random.text(&WRONG);
        let body = format!("{{\"query\":\"{{ __typename }}\",\"{name}\":{value},\"more\":{other}}}");
        return Http::post_json(random.text(&["/graphql", "/admin/graphql"]), keys, body).whole("wrong type");
    }
    let (target, query) = *random.pick(&[
        ("/graphql", "query ($v: [ID!]!) { nodes(ids: $v) { id } }"),
        ("/graphql", "query ($v: AwardType) { me { awards(type: $v) { totalCount } } }"),
        ("/graphql", "mutation ($v: String!) { setInvitation(parentCode: $v) { userErrors { code } } }"),
        ("/graphql", "query ($v: Boolean!) { me @include(if: $v) { id } }"),
        ("/graphql", "query ($v: Customer) { __typename }"),
        ("/graphql", "query ($v: Nothing!) { node(id: $v) { id } }"),
        ("/admin/graphql", "mutation ($v: [UserInput!]!) { registerUsers(users: $v) { registered } }"),
        ("/admin/graphql", "mutation ($v: [TaskInput!]!) { recordTasks(tasks: $v) { results { repeated } } }"),
        ("/admin/graphql", "mutation ($v: [ActInput!]!) { actForUsers(acts: $v) { results { repeated } } }"),
        ("/admin/graphql", "mutation ($v: RuleInput!) { setRule(input: $v) { problems { message } } }"),
        ("/admin/graphql", "mutation ($v: WordCampaignInput!) { createWordCampaign(input: $v) { problems { message } } }"),
        ("/admin/graphql", "query ($v: AwardSelectionInput) { awards(selection: $v) { id } }"),
        ("/admin/graphql", "mutation ($v: Date!) { backfillJob(job: \"close_day\", from: $v, to: $v, reason: \"r\") { problems { message } } }"),
    ]);
    let value = match random.below(3) {
        0 => format!("[{value},{}]", random.text(&WRONG)),
        1 => format!(
            "{{\"userId\":{value},\"item\":{},\"amount\":{value}}}",
            random.text(&WRONG)
        ),
        _ => value.to_owned(),
    };
    Http::post_json(target, keys, graphql(query, &format!("{{\"v\":{value}}}"))).whole("wrong type")
}

/// Lists with very many values.
pub fn long_lists(random: &mut Random, keys: &Keys) -> Case {
    let items = random.magnitude().min(60_000);
    let item = random.text(&["1", "\"\"", "[]", "{}", "null", "{\"userId\":1}", "[1,2]"]);
    let list = format!("[{}]", vec![item; items].join(","));
    let (target, query) = *random.pick(&[
        ("/graphql", "query ($v: [ID!]!) { nodes(ids: $v) { id } }"),
        ("/graphql", "{ __typename }"),
        (
            "/admin/graphql",
            "mutation ($v: [UserInput!]!) { registerUsers(users: $v) { registered } }",
        ),
        (
            "/admin/graphql",
            "mutation ($v: [TaskInput!]!) { recordTasks(tasks: $v) { results { repeated } } }",
        ),
    ]);
    let body = graphql(query, &format!("{{\"v\":{list}}}"));
    large_or_whole(Http::post_json(target, keys, body), "long list")
}
