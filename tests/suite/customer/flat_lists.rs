//! Lists and pages that are written as JSON in one pass, compared with their derived types over generated selections.

use std::fmt::Write;
use std::sync::Arc;

use async_graphql::{Request, Value, Variables};
use newbee::domain::id::UserId;
use newbee::domain::language::Language;
use newbee::graphql::{RequestContext, customer_schema};
use newbee::loaders::Viewer;
use serde_json::json;

use crate::support::app::{TestApp, TestUser};
use crate::support::citus;
use crate::support::world::NOW;

const DOCUMENTS: u64 = 400;
const CONDITIONS: &str = "query ($t: Boolean!, $f: Boolean!)";

/// Object fields of the types below `me`, each with its type. The other fields are read from the schema.
const OBJECTS: [(&str, &[(&str, &str)]); 7] = [
    (
        "Customer",
        &[
            ("newbeeAwards", "Award"),
            ("todayAwards", "Award"),
            ("invitation", "Invitation"),
            ("awards", "AwardConnection"),
            ("children", "ChildConnection"),
        ],
    ),
    (
        "AwardConnection",
        &[("edges", "AwardEdge"), ("nodes", "Award"), ("pageInfo", "PageInfo")],
    ),
    (
        "ChildConnection",
        &[("edges", "ChildEdge"), ("nodes", "Child"), ("pageInfo", "PageInfo")],
    ),
    ("AwardEdge", &[("node", "Award")]),
    ("ChildEdge", &[("node", "Child")]),
    ("Award", &[]),
    ("Child", &[]),
];

/// Names of the fields without selections, by type.
type Leaves = Vec<(&'static str, Vec<String>)>;

struct Generator<'a> {
    state: u64,
    leaves: &'a Leaves,
    fragments: u32,
}

/// A selection set in two texts: as a client writes it, and with each set in an inline fragment, which only the derived
/// types resolve.
#[derive(Default)]
struct Texts {
    sent: String,
    derived: String,
    fragments: [String; 2],
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.sent += text;
        self.derived += text;
    }

    fn take_fragments(&mut self, of: &mut Self) {
        for (all, more) in self.fragments.iter_mut().zip(&mut of.fragments) {
            all.push_str(&std::mem::take(more));
        }
    }

    fn push_set(&mut self, mut set: Self) {
        self.take_fragments(&mut set);
        let _ = write!(self.sent, " {{ {} }} ", set.sent);
        let _ = write!(self.derived, " {{ ... {{ {} }} }} ", set.derived);
    }
}

impl Generator<'_> {
    fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn condition(&mut self) -> &'static str {
        if !self.one_in(10) {
            return "";
        }
        let all = [
            " @skip(if: $t)",
            " @skip(if: $f)",
            " @include(if: $t)",
            " @include(if: $f)",
            " @include(if: true)",
            " @skip(if: $f) @include(if: $t)",
        ];
        all[self.below(all.len() as u64) as usize]
    }

    fn set(&mut self, of: &'static str, depth: u32) -> Texts {
        let objects = OBJECTS
            .iter()
            .find(|(name, _)| *name == of)
            .map_or(&[][..], |(_, fields)| *fields);
        let mut set = Texts::default();
        for _ in 0..=self.below(4) {
            match self.below(10) {
                0 => set.push(" __typename "),
                1 if depth < 4 => {
                    let condition = ["", " on "][self.below(2) as usize];
                    let on = if condition.is_empty() { "" } else { of };
                    set.push(&format!(" ...{condition}{on}{}", self.condition()));
                    let below = self.set(of, depth + 1);
                    set.push_set(below);
                }
                2 if depth < 4 => {
                    self.fragments += 1;
                    let name = format!("F{}", self.fragments);
                    set.push(&format!(" ...{name}{} ", self.condition()));
                    let mut below = self.set(of, depth + 1);
                    set.take_fragments(&mut below);
                    let _ = write!(set.fragments[0], " fragment {name} on {of} {{ {} }}", below.sent);
                    let _ = write!(
                        set.fragments[1],
                        " fragment {name} on {of} {{ ... {{ {} }} }}",
                        below.derived
                    );
                }
                3..=5 if !objects.is_empty() => {
                    let (field, below) = objects[self.below(objects.len() as u64) as usize];
                    self.object(field, below, depth, &mut set);
                }
                _ => self.leaf(of, &mut set),
            }
        }
        if set.sent.is_empty() {
            set.push(" __typename ");
        }
        set
    }

    fn object(&mut self, field: &str, below: &'static str, depth: u32, set: &mut Texts) {
        let alias = self.below(3);
        if alias > 0 {
            set.push(&format!(" {field}_{alias}:"));
        }
        let is_page = below.ends_with("Connection");
        let arguments = match alias {
            _ if !is_page => String::new(),
            0 => "(first: 2)".to_owned(),
            other => format!("(last: {other})"),
        };
        set.push(&format!(" {field}{arguments}{}", self.condition()));
        let selected = self.set(below, depth + 1);
        set.push_set(selected);
    }

    fn leaf(&mut self, of: &str, set: &mut Texts) {
        let (_, leaves) = self.leaves.iter().find(|(name, _)| *name == of).expect("a known type");
        if leaves.is_empty() {
            return;
        }
        let field = &leaves[self.below(leaves.len() as u64) as usize];
        if self.one_in(8) {
            set.push(&format!(" {field}_{}:", self.below(2)));
        }
        set.push(&format!(" {field}{} ", self.condition()));
    }
}

async fn leaves(app: &TestApp, user: &TestUser) -> Leaves {
    let mut leaves = Vec::new();
    for name in OBJECTS
        .map(|(name, _)| name)
        .into_iter()
        .chain(["Invitation", "PageInfo"])
    {
        let query = format!(
            "{{ __type(name: \"{name}\") {{ fields {{ name type {{ kind ofType {{ kind ofType {{ kind }} }} }} }} }} }}"
        );
        let reply = app.ask(user, &query).await;
        let fields = reply["__type"]["fields"].as_array().expect("a type of the schema");
        let is_leaf = |field: &&serde_json::Value| {
            let kinds = field["type"].to_string();
            !kinds.contains("OBJECT") && !kinds.contains("LIST")
        };
        let names = fields
            .iter()
            .filter(is_leaf)
            .map(|field| field["name"].as_str().unwrap().to_owned());
        leaves.push((name, names.collect()));
    }
    leaves
}

async fn with_data() -> (TestApp, TestUser) {
    let app = TestApp::builder().at(NOW).start().await;
    app.database().books_may_be_wrong();
    let user = app.add_user(17).await;
    for child in 1..=4 {
        app.add_user(child).await;
    }
    app.sql(format!(
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                             business_day, settles_at, created_at, updated_at)
         select 17, item, 'key ' || n, item, award_type, version, amount + n / 3.0, coin_id, 'a \"target\" \\ 目标',
                '2026-11-22', '{NOW}', '{NOW}'::timestamptz + n * interval '0.0123 seconds', '{NOW}'
         from current_rules cross join generate_series(1, 3) n where item in ('join_group', 'set_fomo_id') and (n = 1 or item = 'join_group');
         update users set name = '\"小\\明 <b>' where user_id = 2;
         update invitations set parent_id = 17, parent_code = (select code from invitations where user_id = 17), class = 1,
                bound_at = '{NOW}'::timestamptz - user_id * interval '1.001 second' where user_id < 5"
    ))
    .await;
    (app, user)
}

#[tokio::test(flavor = "multi_thread")]
async fn written_lists_equal_those_of_the_derived_types() {
    if citus::skips("its data are written by a statement that Citus refuses") {
        return;
    }
    let (app, user) = with_data().await;
    let leaves = leaves(&app, &user).await;
    let schema = customer_schema()
        .limit_complexity(usize::MAX)
        .limit_depth(usize::MAX)
        .finish();
    let variables = json!({ "t": true, "f": false });
    let (mut compared, mut bytes) = (0, 0);
    for seed in 0..DOCUMENTS {
        let mut generator = Generator {
            state: seed,
            leaves: &leaves,
            fragments: 0,
        };
        let set = generator.set("Customer", 0);
        let [sent_fragments, derived_fragments] = &set.fragments;
        let use_all = "a: clock @skip(if: $t) { timeZone } b: clock @include(if: $f) { timeZone }";
        let sent = format!("{CONDITIONS} {{ {use_all} me {{ {} }} }} {sent_fragments}", set.sent);
        let derived = format!(
            "{CONDITIONS} {{ {use_all} me {{ ... {{ {} }} }} }} {derived_fragments}",
            set.derived
        );

        let request = app.client.post(app.url("/graphql")).bearer_auth(&user.key);
        let body = json!({ "query": sent, "variables": variables });
        let reply = request.json(&body).send().await.unwrap().text().await.unwrap();
        if reply.contains("The query has more than") || reply.contains("too complex") {
            continue;
        }
        let context = RequestContext::new(
            Arc::new(app.app.state.clone()),
            Some(Viewer::known(UserId(17))),
            NOW.parse().unwrap(),
            Language::English,
            "id".into(),
        );
        let request = Request::new(&derived)
            .variables(Variables::from_json(variables.clone()))
            .data(context);
        let expected = serde_json::to_string(&schema.execute(request).await).unwrap();
        assert!(!expected.contains("\"errors\""), "seed {seed}: {derived}: {expected}");
        assert_eq!(reply, expected, "seed {seed}: {sent}");
        compared += 1;
        bytes += reply.len();
    }
    println!(
        "seeds 0 to {}: {compared} documents compared, {bytes} bytes of replies",
        DOCUMENTS - 1
    );
    assert!(compared > DOCUMENTS / 2, "{compared} documents");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_plain_fields_are_written() {
    if citus::skips("its data are written by a statement that Citus refuses") {
        return;
    }
    let (app, _) = with_data().await;
    let leaves = "newbeeAwards { id } todayAwards { a: amount __typename } invitation { code }
        awards { edges { cursor node { id } } pageInfo { endCursor } } children { totalCount nodes { id childrenCount } }";
    let context = RequestContext::new(
        Arc::new(app.app.state.clone()),
        Some(Viewer::known(UserId(17))),
        NOW.parse().unwrap(),
        Language::English,
        "id".into(),
    );
    let request = Request::new(format!("{{ me {{ {leaves} }} }}")).data(context);
    let reply = customer_schema().finish().execute(request).await;
    let Value::Object(data) = &reply.data else {
        panic!("{reply:?}")
    };
    let Value::Object(me) = &data["me"] else {
        panic!("{reply:?}")
    };
    for (field, value) in me {
        assert!(format!("{value:?}").contains("RawValue"), "{field}: {value:?}");
    }
    assert_eq!(me.len(), 5);
    app.stop().await;
}
