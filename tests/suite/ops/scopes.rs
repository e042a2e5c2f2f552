//! Every field at the root of the admin API × every kind of key, against a declared table.

use std::collections::{BTreeMap, BTreeSet};

use newbee::domain::api_key::Scope;
use serde_json::{Value, json};

use crate::support::app::TestApp;

/// The scope that each field needs; `None`: any API key will do.
pub const TABLE: &[(&str, Option<Scope>)] = &[
    ("Query.viewer", None),
    ("Query.clock", None),
    ("Query.rules", Some(Scope::OpsRead)),
    ("Query.ruleVersions", Some(Scope::OpsRead)),
    ("Query.wordCampaigns", Some(Scope::OpsRead)),
    ("Query.previewWordCampaign", Some(Scope::OpsRead)),
    ("Query.reservationCampaigns", Some(Scope::OpsRead)),
    ("Query.award", Some(Scope::OpsRead)),
    ("Query.awards", Some(Scope::OpsRead)),
    ("Query.parkedAwards", Some(Scope::OpsRead)),
    ("Query.parkedAwardCount", Some(Scope::OpsRead)),
    ("Query.invitees", Some(Scope::OpsRead)),
    ("Query.reservationPlaces", Some(Scope::OpsRead)),
    ("Query.wordClaims", Some(Scope::OpsRead)),
    ("Query.budgets", Some(Scope::OpsRead)),
    ("Query.grants", Some(Scope::OpsRead)),
    ("Query.grant", Some(Scope::OpsRead)),
    ("Query.user", Some(Scope::OpsRead)),
    ("Query.userExport", Some(Scope::OpsRead)),
    ("Query.findUsers", Some(Scope::OpsRead)),
    ("Query.auditLog", Some(Scope::OpsRead)),
    ("Query.jobs", Some(Scope::OpsRead)),
    ("Query.dueTimes", Some(Scope::OpsRead)),
    ("Query.jobRuns", Some(Scope::OpsRead)),
    ("Query.jobRun", Some(Scope::OpsRead)),
    ("Query.businessDays", Some(Scope::OpsRead)),
    ("Query.bridgedDays", Some(Scope::OpsRead)),
    ("Query.books", Some(Scope::OpsRead)),
    ("Query.bookAudits", Some(Scope::OpsRead)),
    ("Query.processes", Some(Scope::OpsRead)),
    ("Query.changes", Some(Scope::Host)),
    ("Query.endpoints", Some(Scope::OpsRead)),
    ("Mutation.registerUsers", Some(Scope::Host)),
    ("Mutation.eraseUser", Some(Scope::Host)),
    ("Mutation.issueSession", Some(Scope::Host)),
    ("Mutation.registerSession", Some(Scope::Host)),
    ("Mutation.revokeSession", Some(Scope::Host)),
    ("Mutation.revokeSessions", Some(Scope::Host)),
    ("Mutation.recordTasks", Some(Scope::Host)),
    ("Mutation.actForUsers", Some(Scope::Act)),
    ("Mutation.setRule", Some(Scope::OpsWrite)),
    ("Mutation.createWordCampaign", Some(Scope::OpsWrite)),
    ("Mutation.enterWordBeacon", Some(Scope::OpsWrite)),
    ("Mutation.endWordCampaign", Some(Scope::OpsWrite)),
    ("Mutation.createReservationCampaign", Some(Scope::OpsWrite)),
    ("Mutation.changeReservationCampaign", Some(Scope::OpsWrite)),
    ("Mutation.launchReservations", Some(Scope::OpsWrite)),
    ("Mutation.voidAwards", Some(Scope::OpsWrite)),
    ("Mutation.reverseAwards", Some(Scope::OpsWrite)),
    ("Mutation.retryAwards", Some(Scope::OpsWrite)),
    ("Mutation.grantAwards", Some(Scope::OpsGrant)),
    ("Mutation.approveGrant", Some(Scope::OpsGrant)),
    ("Mutation.rejectGrant", Some(Scope::OpsGrant)),
    ("Mutation.bridgeDay", Some(Scope::OpsWrite)),
    ("Mutation.runJob", Some(Scope::OpsWrite)),
    ("Mutation.backfillJob", Some(Scope::OpsWrite)),
    ("Mutation.cancelJobRun", Some(Scope::OpsWrite)),
    ("Mutation.pauseJob", Some(Scope::OpsWrite)),
    ("Mutation.resumeJob", Some(Scope::OpsWrite)),
    ("Mutation.reopenDays", Some(Scope::OpsWrite)),
    ("Mutation.createEndpoint", Some(Scope::OpsWrite)),
    ("Mutation.rotateEndpointSecret", Some(Scope::OpsWrite)),
    ("Mutation.disableEndpoint", Some(Scope::OpsWrite)),
    ("Mutation.enableEndpoint", Some(Scope::OpsWrite)),
    ("Mutation.redeliver", Some(Scope::OpsWrite)),
    ("Mutation.testEndpoint", Some(Scope::OpsWrite)),
];

const INTROSPECTION: &str = "{ __schema { types { kind name isOneOf
    fields { name type { ...type } args { name type { ...type } } }
    inputFields { name defaultValue type { ...type } }
    enumValues { name } } } }
    fragment type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// The types of the schema, by name.
pub struct Schema(pub BTreeMap<String, Value>);

impl Schema {
    pub async fn read(app: &TestApp, key: &str) -> Self {
        let mut data = app.admin(key, INTROSPECTION, json!({})).await;
        let Value::Array(types) = data["__schema"]["types"].take() else {
            panic!("no types")
        };
        Self(
            types
                .into_iter()
                .map(|kind| (kind["name"].as_str().unwrap().to_owned(), kind))
                .collect(),
        )
    }

    pub fn fields<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Value> {
        self.0[name]["fields"].as_array().into_iter().flatten()
    }

    /// A value of a type, as it is written in a document.
    fn value(&self, kind: &Value) -> String {
        match kind["kind"].as_str().unwrap() {
            "NON_NULL" => self.value(&kind["ofType"]),
            "LIST" => format!("[{}]", self.value(&kind["ofType"])),
            "ENUM" => self.0[kind["name"].as_str().unwrap()]["enumValues"][0]["name"]
                .as_str()
                .unwrap()
                .to_owned(),
            "INPUT_OBJECT" => {
                let input = &self.0[kind["name"].as_str().unwrap()];
                let fields = input["inputFields"].as_array().unwrap();
                let is_one_of = input["isOneOf"] == true;
                let is_needed = |field: &Value| field["type"]["kind"] == "NON_NULL" && field["defaultValue"].is_null();
                let needed = fields
                    .iter()
                    .enumerate()
                    .filter(|(place, field)| is_needed(field) || (is_one_of && *place == 0))
                    .map(|(_, field)| field);
                let written =
                    needed.map(|field| format!("{}: {}", field["name"].as_str().unwrap(), self.value(&field["type"])));
                format!("{{ {} }}", written.collect::<Vec<_>>().join(", "))
            }
            _ => match kind["name"].as_str().unwrap() {
                "Boolean" => "true".to_owned(),
                "Int" | "Float" => "1".to_owned(),
                "Decimal" => "\"1.0000\"".to_owned(),
                "Date" => "\"2026-11-20\"".to_owned(),
                "DateTime" => "\"2026-11-20T00:00:00Z\"".to_owned(),
                _ => "\"17\"".to_owned(),
            },
        }
    }

    /// A request for one field of the root, with whatever arguments it must have.
    fn request(&self, root: &str, field: &Value) -> String {
        let arguments = field["args"].as_array().unwrap().iter();
        let written: Vec<_> = arguments
            .filter(|argument| argument["type"]["kind"] == "NON_NULL")
            .map(|argument| {
                format!(
                    "{}: {}",
                    argument["name"].as_str().unwrap(),
                    self.value(&argument["type"])
                )
            })
            .collect();
        let arguments = if written.is_empty() {
            String::new()
        } else {
            format!("({})", written.join(", "))
        };
        let selection = if self.objects(&field["type"]).is_some() {
            "{ __typename }"
        } else {
            ""
        };
        format!(
            "{} {{ {}{arguments} {selection} }}",
            root.to_lowercase(),
            field["name"].as_str().unwrap()
        )
    }

    /// The object type behind lists and non-nulls, where it is one.
    pub fn objects<'a>(&self, kind: &'a Value) -> Option<&'a str> {
        let mut kind = kind;
        while !kind["ofType"].is_null() {
            kind = &kind["ofType"];
        }
        ["OBJECT", "INTERFACE", "UNION"]
            .contains(&kind["kind"].as_str().unwrap())
            .then(|| kind["name"].as_str().unwrap())
    }

    /// Every object type that can be reached from a type.
    fn reachable(&self, from: &Value, found: &mut BTreeSet<String>) {
        if let Some(name) = self.objects(from)
            && found.insert(name.to_owned())
        {
            for field in self.fields(name) {
                self.reachable(&field["type"], found);
            }
        }
    }
}

pub fn codes(reply: &Value) -> Vec<&str> {
    let errors = reply["errors"].as_array().into_iter().flatten();
    errors
        .filter_map(|error| error["extensions"]["code"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_refused_without_its_scope() {
    let app = TestApp::start().await;
    let user = app.add_user(17).await;
    let mut keys = Vec::new();
    for (name, scope) in [
        ("chat", Scope::Host),
        ("looks", Scope::OpsRead),
        ("writes", Scope::OpsWrite),
        ("acts", Scope::Act),
        ("grants", Scope::OpsGrant),
    ] {
        keys.push((scope, app.api_key(name, &[scope]).await));
    }
    let schema = Schema::read(&app, &keys[0].1).await;
    let table: BTreeMap<&str, Option<Scope>> = TABLE.iter().copied().collect();
    let mut walked = BTreeSet::new();
    for root in ["Query", "Mutation"] {
        for field in schema.fields(root) {
            let path = format!("{root}.{}", field["name"].as_str().unwrap());
            let Some(&needed) = table.get(path.as_str()) else {
                panic!("{path} has no row in the table of scopes")
            };
            let request = schema.request(root, field);
            for stranger in [None, Some(user.key.as_str())] {
                let (status, reply) = app.admin_reply(stranger, &request, json!({})).await;
                assert_eq!((status, codes(&reply)), (401, vec!["UNAUTHENTICATED"]), "{path}");
                assert!(reply["data"].is_null());
            }
            for (scope, key) in &keys {
                let may = needed.is_none_or(|needed| {
                    let reads = matches!(scope, Scope::OpsWrite | Scope::OpsGrant);
                    *scope == needed || reads && needed == Scope::OpsRead
                });
                let (status, reply) = app.admin_reply(Some(key), &request, json!({})).await;
                assert_eq!(status, 200, "{request}: {reply}");
                if may {
                    let codes = codes(&reply);
                    let is_fine = codes.iter().all(|code| *code == "BAD_USER_INPUT");
                    assert!(is_fine, "{request} with {scope:?}: {reply}");
                } else {
                    assert_eq!(codes(&reply), ["FORBIDDEN"], "{request} with {scope:?}");
                    assert!(reply["data"][field["name"].as_str().unwrap()].is_null());
                    let message = reply["errors"][0]["message"].as_str().unwrap();
                    assert!(message.contains(needed.unwrap().name()), "{message}");
                }
            }
            walked.insert(path);
        }
    }
    let declared: BTreeSet<String> = table.keys().map(|path| (*path).to_owned()).collect();
    assert_eq!(walked, declared, "the table has rows that are no fields");
    app.stop().await;
}

/// The host's answers and those of ops have no type in common, so nothing that ops see hangs below a field of the host's.
#[tokio::test(flavor = "multi_thread")]
async fn what_ops_see_is_out_of_the_hosts_reach() {
    let app = TestApp::start().await;
    let key = app.api_key("chat", &[Scope::Host]).await;
    let schema = Schema::read(&app, &key).await;
    let mut reached: BTreeMap<bool, BTreeSet<String>> = BTreeMap::new();
    for (path, scope) in TABLE.iter().filter_map(|(path, scope)| Some((path, (*scope)?))) {
        let (root, name) = path.split_once('.').unwrap();
        let field = schema.fields(root).find(|field| field["name"] == name).unwrap();
        let is_hosts = matches!(scope, Scope::Host | Scope::Act);
        schema.reachable(&field["type"], reached.entry(is_hosts).or_default());
    }
    assert!(reached.values().all(|types| types.len() > 3));
    let shared: Vec<_> = reached[&true].intersection(&reached[&false]).collect();
    assert_eq!(shared, Vec::<&String>::new());
    app.stop().await;
}
