//! Comparison of the servers' replies: all must do the same work.

use serde_json::{Value, json};

use super::server::Server;
use super::work::{Kind, Work};

/// # Panics
/// If two servers answer a user differently, apart from the names of fields and the order of children.
pub async fn compare(servers: &[Server], users: u32) {
    for user in (1..=users).step_by(users as usize / 20) {
        let mut first: Option<Value> = None;
        for server in servers {
            let facts = facts(server, user).await;
            let expected = first.get_or_insert_with(|| facts.clone());
            assert_eq!(
                *expected, facts,
                "user {user}: {} and {} differ",
                servers[0].name, server.name
            );
        }
    }
}

async fn facts(server: &Server, user: u32) -> Value {
    let reply = async |kind: Kind| {
        let work = Work { kind, connections: 1 };
        let reply = server.ask(work.operation(server.api), user).await;
        reply.unwrap_or_else(|| panic!("{} does not answer user {user}", server.name))["me"].clone()
    };
    let (me, hub) = (reply(Kind::Me).await, reply(Kind::Children).await);
    let children = &me["children"];
    let total = number(&children["totalCount"]);
    json!({
        "newbeeAwards": awards(&me["newbeeAwards"]),
        "todayAwards": awards(&me["todayAwards"]),
        "code": me["invitation"]["code"],
        "parentCode": me["invitation"]["parentCode"],
        "totalCount": total,
        // Of more than a page, the servers show different children.
        "children": if total <= 20.0 { names(&children["nodes"]) } else { vec![] },
        "page": list(&hub["children"]["nodes"]).len(),
    })
}

fn awards(awards: &Value) -> Vec<String> {
    let fact = |award: &Value| {
        let item = award.get("item").or(award.get("awardItem"));
        format!(
            "{item:?} {} {} {}",
            number(&award["amount"]),
            number(&award["coinId"]),
            award["targetId"]
        )
    };
    let mut facts: Vec<String> = list(awards).iter().map(fact).collect();
    facts.sort();
    facts
}

fn names(children: &Value) -> Vec<String> {
    let name = |child: &Value| {
        let name = child.get("name").or(child.get("userName"));
        format!("{name:?} {}", child["portraitUri"])
    };
    let mut names: Vec<String> = list(children).iter().map(name).collect();
    names.sort();
    names
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list instead of {value}"))
}

fn number(value: &Value) -> f64 {
    let parsed = value.as_str().map_or(value.as_f64(), |text| text.parse().ok());
    parsed.unwrap_or_else(|| panic!("a number instead of {value}"))
}
