//! Valid operations, broken in one or several places.

use super::case::{Case, Http, Keys, graphql};
use super::random::Random;

pub const CUSTOMER: [&str; 14] = [
    "{ me { id name newbeeAwards { item amount status } invitation { code class } } }",
    "query Page($first: Int = 20, $after: String) { me { awards(first: $first, after: $after, type: DAILY, status: PENDING) { nodes { id item amount } pageInfo { hasNextPage endCursor } totalCount } } }",
    "{ me { children(last: 5, before: \"x\") { edges { cursor node { id name boundAt childrenCount } } } balances { coinId settled pending } } }",
    "{ me { todayTasks { item type amount done limit remaining state nextEligibleAt } signIn { streak award { id } } } clock { serverTime businessDay timeZone nextDayAt } }",
    "{ node(id: \"award_1\") { __typename ... on Award { amount } ... on Child { name } } }",
    "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
    "{ reservation(key: \"libra\") { count capacity state mine { reservedAt } } }",
    "{ previewInvitation(code: \"WALK501\") { inviter { name } canBind userErrors { code message } } }",
    "{ wordDraw(id: \"word_1\") { __typename } }",
    "mutation { signInToday { award { id amount status } me { signIn { streak } } userErrors { code message ... on AlreadySignedInError { nextSignInAt } } } }",
    "mutation Bind($code: String!) { setInvitation(parentCode: $code) { invitation { parentId class } userErrors { code message field legacyStatus } } }",
    "mutation { submitWord(word: \"口令\") { award { type amount } userErrors { code } } }",
    "mutation { reserve(key: \"libra\") { reservation { count } userErrors { code } } }",
    "query A($a: Boolean = true) { me @include(if: $a) { ...F @skip(if: false) } } fragment F on Customer { id }",
];

pub const ADMIN: [&str; 15] = [
    "{ viewer { name scopes } rules { item amount } }",
    "{ findUsers(text: \"walk\") { id awards(first: 1) { item status timeline { event actor } } } }",
    "{ user(id: \"1\") { id name } award(id: \"1\") { item } }",
    "{ awards(first: 5, below: \"9\", selection: { userId: \"1\" }) { id } parkedAwards { id } }",
    "query ($n: Int! = 3) { jobs { name } jobRuns(first: $n, job: \"close_day\", state: FAILED) { id } dueTimes(first: $n) { at } }",
    "{ auditLog(first: 5, actor: \"ops\", subject: \"x\") { action } ruleVersions(item: \"sign_in\") { version } }",
    "mutation { registerUsers(users: [{ userId: 501, name: \"Walker\", code: \"WALK501\" }, { userId: 502 }]) { registered refused { userId message } } }",
    "mutation { recordTasks(tasks: [{ userId: 501, item: \"join_group\", targetId: \"19\", idempotencyKey: \"g\" }]) { results { repeated refused { code } } } }",
    "mutation { actForUsers(acts: [{ signIn: { userId: 501, idempotencyKey: \"s\" } }, { submitWord: { userId: 501, idempotencyKey: \"w\", word: \"moon\" } }]) { results { award { id } repeated refused { code retryAt } } } }",
    "mutation ($u: ID!) { issueSession(userId: $u, lifetimeSeconds: 3600, idempotencyKey: \"k\") { repeated } }",
    "mutation { createWordCampaign(input: { word: \"walking\", amount: \"100\", coinId: \"1\", shareCount: 10, split: FIXED, closesAt: \"2099-01-01T00:00:00Z\", reason: \"r\" }) { campaign { hash } problems { message } } }",
    "mutation { createReservationCampaign(input: { key: \"walk\", capacity: 100, rewardAmount: \"7\", rewardCoinId: \"1\", reason: \"r\" }) { campaign { key } problems { message } } }",
    "mutation { runJob(job: \"close_day\", businessDay: \"2026-01-01\", dryRun: true, reason: \"r\") { problems { message } } }",
    "mutation { backfillJob(job: \"close_day\", from: \"2026-01-01\", to: \"2026-01-02\", reason: \"r\") { problems { message } } }",
    "mutation { voidAwards(selection: { ids: [\"1\"] }, reason: \"r\", dryRun: true) { problems { message } } }",
];

const VARIABLES: [&str; 6] = [
    "{}",
    "null",
    "{\"first\":1000000,\"after\":\"x\"}",
    "{\"ids\":[\"award_1\",\"child_9\",\"nonsense\",\"\"]}",
    "{\"code\":\"WALK501\",\"u\":\"501\",\"n\":-1,\"a\":false}",
    "{\"code\":null,\"u\":{},\"n\":\"x\",\"a\":[]}",
];

const PIECES: [&str; 24] = [
    "{", "}", "(", ")", "[", "]", "!", "$", "@", ":", "=", "|", "&", "...", "#", "\"", "\"\"\"", "\\", ",", "null",
    "true", "-1", "on", "\u{feff}",
];

/// A valid operation with up to eight changes, to letters or to tokens.
pub fn mutated(random: &mut Random, keys: &Keys) -> Case {
    let is_admin = random.one_in(3);
    let base = random.text(if is_admin { &ADMIN } else { &CUSTOMER });
    let mut query: Vec<char> = base.chars().collect();
    for _ in 0..random.between(0, 8) {
        change(random, &mut query);
    }
    let query: String = query.into_iter().collect();
    let target = if is_admin { "/admin/graphql" } else { "/graphql" };
    let body = graphql(&query, random.text(&VARIABLES));
    let mut body = body.into_bytes();
    if random.one_in(8) {
        // The JSON itself is broken as well.
        let at = random.below(body.len());
        body[at] = random.byte();
    }
    let request = Http::post_json(target, keys, body);
    let request = match random.below(4) {
        0 => request.header("accept", "application/graphql-response+json"),
        1 => request.header("accept-language", "zh-CN"),
        _ => request,
    };
    request.whole("mutated operation")
}

fn change(random: &mut Random, query: &mut Vec<char>) {
    if query.is_empty() {
        return;
    }
    let at = random.below(query.len());
    match random.below(6) {
        0 => {
            query.remove(at);
        }
        1 => query[at] = char::from(random.byte()),
        2 => {
            let piece: Vec<char> = random.text(&PIECES).chars().collect();
            query.splice(at..at, piece);
        }
        3 => {
            let end = random.between(at, query.len().min(at + 40));
            query.drain(at..end);
        }
        4 => {
            let end = random.between(at, query.len().min(at + 60));
            let part = query[at..end].to_vec();
            let times = random.between(1, 4);
            query.splice(at..at, part.repeat(times));
        }
        _ => {
            let other = random.below(query.len());
            query.swap(at, other);
        }
    }
}

/// Fragments that multiply, nest, contain themselves or are missing.
pub fn fragment_bomb(random: &mut Random, keys: &Keys) -> Case {
    let levels = random.between(1, 60);
    let width = random.between(1, 12);
    let back = random.one_in(3);
    let type_name = random.text(&["Query", "Mutation", "Customer", "Award", "Node", "Nothing", "Int"]);
    let mut query = match random.below(3) {
        0 => "{ ...F0 }".to_owned(),
        1 => "{ me { ...F0 ...F0 } } ".to_owned(),
        _ => "mutation { ...F0 signInToday { me { ...F0 } } }".to_owned(),
    };
    for level in 0..levels {
        let next = if back && level + 1 == levels { 0 } else { level + 1 };
        let spread = format!("...F{next} ");
        let around = match random.below(3) {
            0 => format!("... {{ {} }}", spread.repeat(width)),
            1 => format!("a{level}: me {{ {} }}", spread.repeat(width)),
            _ => spread.repeat(width),
        };
        query += &format!(" fragment F{level} on {type_name} {{ {around} }}");
    }
    if !random.one_in(3) {
        query += &format!(" fragment F{levels} on {type_name} {{ __typename }}");
    }
    if random.one_in(4) {
        query += " fragment F0 on Query { __typename }";
    }
    let target = random.text(&["/graphql", "/admin/graphql"]);
    Http::post_json(target, keys, graphql(&query, "{}")).whole("fragment bomb")
}

/// The same thing twice or a thousand times: fields, aliases, arguments, directives, variables, operations, JSON names.
pub fn repeated(random: &mut Random, keys: &Keys) -> Case {
    let times = random.between(2, 1_200);
    let many = |piece: &str| piece.repeat(times);
    let numbered = |text: fn(usize) -> String| (0..times).map(text).collect::<String>();
    let query = match random.below(10) {
        0 => format!("{{ {} }}", many("__typename ")),
        1 => format!("mutation {{ {} }}", many("signInToday { award { id } } ")),
        2 => format!(
            "{{ {} }}",
            numbered(|number| format!("a{number}: clock {{ timeZone }} "))
        ),
        3 => format!("{{ node({}) {{ id }} }}", many("id: \"award_1\" ")),
        4 => format!("{{ node({}) {{ id }} }}", numbered(|number| format!("a{number}: 1 "))),
        5 => format!("{{ __typename {} }}", many("@include(if: true) ")),
        6 => format!("query ({}) {{ __typename }}", many("$a: Int ")),
        7 => many("query A { __typename } "),
        8 => format!("{{ nodes(ids: [{}]) {{ id }} }}", many("\"award_1\" ")),
        _ => format!(
            "query ({}) {{ __typename }}",
            numbered(|number| format!("$a{number}: [Int!]! = [1] "))
        ),
    };
    let body = match random.below(3) {
        0 => graphql(&query, "{}"),
        1 => format!(
            "{{{}\"query\":{}}}",
            many("\"query\":1,"),
            serde_json::Value::from(query)
        ),
        _ => graphql(&query, &format!("{{{}\"a\":1}}", many("\"a\":[1,2,3],"))),
    };
    let target = random.text(&["/graphql", "/admin/graphql"]);
    Http::post_json(target, keys, body).whole("repetition")
}
