//! The feed of changes: `changes` of the admin API.

mod order;
mod revoked;

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::audit::Author;
use newbee::domain::reservation::ReservationTerms;
use newbee::service::jobs::AnyJob;
use newbee::service::jobs::prune_history::PruneHistory;
use newbee::service::launch_reservations::launch_reservations;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::reservations::{CANCEL, RESERVE, act, create, reward};
use crate::support::{wait_until, within, words};

const CHANGES: &str = "query ($after: ID, $first: Int, $kinds: [ChangeKind!], $waitSeconds: Int) {
    changes(after: $after, first: $first, kinds: $kinds, waitSeconds: $waitSeconds) {
        position hasMore
        changes { id kind userId occurredAt award { id item type amount coinId targetId businessDay } parentId
            campaign { id key } day { day totals { item coinId awards amount } } } } }";

/// A host application that reads the feed.
struct Host {
    app: TestApp,
    key: String,
}

impl Host {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let key = app.api_key("chat", &[Scope::Host]).await;
        Self { app, key }
    }

    async fn page(&self, arguments: Value) -> Value {
        self.app.admin(&self.key, CHANGES, arguments).await["changes"].take()
    }

    /// The feed's position now. The first call puts it into use.
    async fn position(&self) -> Value {
        let mut page = self.page(json!({ "first": 1000 })).await;
        assert_eq!(page["hasMore"], false);
        page["position"].take()
    }

    async fn after(&self, position: &Value) -> Vec<Value> {
        let mut page = self.page(json!({ "after": position, "first": 1000 })).await;
        let Value::Array(changes) = page["changes"].take() else {
            panic!("no list: {page}")
        };
        changes
    }

    async fn refused(&self, arguments: Value) -> String {
        let (_, reply) = self.app.admin_reply(Some(&self.key), CHANGES, arguments).await;
        assert_eq!(reply["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{reply}");
        reply["errors"][0]["message"].as_str().unwrap().to_owned()
    }

    async fn sign_in(&self, user: &TestUser) {
        let reply = self.app.ask(user, "mutation { signInToday { award { id } } }").await;
        assert!(reply["signInToday"]["award"]["id"].is_string(), "{reply}");
    }

    async fn correct(&self, operation: &str, award: &Value) {
        let ops = self.app.api_key(&operation.to_lowercase(), &[Scope::OpsWrite]).await;
        let mutation = format!(
            "mutation ($ids: [ID!]) {{ {operation}(selection: {{ ids: $ids }}, reason: \"a test\") {{ problems {{ code }} }} }}"
        );
        self.app.admin(&ops, &mutation, json!({ "ids": [award] })).await;
    }

    async fn settle(&self) {
        self.app.run_due_jobs().await;
        self.app.clock.advance(TimeDelta::minutes(1));
        self.app.run_due_jobs().await;
    }
}

fn kinds_of(changes: &[Value], user: &str) -> Vec<String> {
    let of_user = changes.iter().filter(|change| change["userId"] == user);
    of_user
        .map(|change| change["kind"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_change_is_reported_once() {
    let host = Host::new().await;
    let app = &host.app;
    let (inviter, user) = (app.add_user(1).await, app.add_user(2).await);
    let begin = host.position().await;
    assert_eq!(begin, "event_0");

    host.sign_in(&user).await;
    let code = &inviter.code;
    app.ask(
        &user,
        &format!("mutation {{ setInvitation(parentCode: \"{code}\") {{ userErrors {{ code }} }} }}"),
    )
    .await;
    words::create(app, &words::terms(app, "芝麻开门", 1)).await;
    words::submit(app, &user, "芝麻开门").await;
    let terms = ReservationTerms {
        reward: reward(3),
        ..ReservationTerms::default()
    };
    create(app, "libra", terms).await;
    for action in [RESERVE, CANCEL, RESERVE] {
        act(app, &user, action, "libra").await;
    }
    let author = Author::at_the_command_line(app.clock.now());
    launch_reservations(app.pool(), "libra", "a test", &author)
        .await
        .unwrap();
    // Pays and settles, and closes the day.
    host.settle().await;
    host.settle().await;
    app.clock.set("2026-11-20T16:06:00Z".parse().unwrap());
    app.run_due_jobs().await;

    let changes = host.after(&begin).await;
    let mut found = kinds_of(&changes, "2");
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "AWARD_MADE",
            "AWARD_MADE",
            "AWARD_MADE",
            "AWARD_SETTLED",
            "AWARD_SETTLED",
            "AWARD_SETTLED",
            "INVITATION_BOUND",
            "PLACE_CANCELLED",
            "PLACE_RESERVED",
            "PLACE_RESERVED",
            "WORD_CLAIMED"
        ]
    );
    assert_eq!(kinds_of(&changes, "1"), ["AWARD_MADE"], "the invitation is held");
    let of_kind = |kind: &str| changes.iter().find(|change| change["kind"] == kind).unwrap();
    assert_eq!(of_kind("INVITATION_BOUND")["parentId"], "1");
    assert_eq!(
        of_kind("WORD_CLAIMED")["campaign"],
        json!({ "id": "word_1", "key": null })
    );
    assert_eq!(of_kind("WORD_CLAIMED")["award"]["amount"], "100.0000");
    let campaign = json!({ "id": "reservation_1", "key": "libra" });
    assert_eq!(of_kind("PLACE_RESERVED")["campaign"], campaign);
    assert_eq!(of_kind("CAMPAIGN_LAUNCHED")["campaign"], campaign);
    assert!(of_kind("CAMPAIGN_LAUNCHED")["userId"].is_null());
    let signed_in = changes
        .iter()
        .find(|change| change["award"]["item"] == "sign_in")
        .unwrap();
    assert_eq!(
        signed_in["award"],
        json!({ "id": signed_in["award"]["id"], "item": "sign_in", "type": "DAILY", "amount": "5.0000", "coinId": "1",
                "targetId": null, "businessDay": "2026-11-20" })
    );
    // The totals of the closed day are the sums of the awards that were reported.
    let day = &of_kind("DAY_CLOSED")["day"];
    assert_eq!(day["day"], "2026-11-20");
    assert_eq!(
        day["totals"],
        json!([
            { "item": "invite_friend", "coinId": "1", "awards": 1, "amount": "20.0000" },
            { "item": "reservation", "coinId": "7", "awards": 1, "amount": "3.0000" },
            { "item": "sign_in", "coinId": "1", "awards": 1, "amount": "5.0000" },
            { "item": "word", "coinId": "1", "awards": 1, "amount": "100.0000" },
        ])
    );

    // Nothing is reported twice, whichever process is asked.
    let replica = app.replica().await;
    let again = replica
        .admin(&host.key, CHANGES, json!({ "after": begin, "first": 1000 }))
        .await["changes"]["changes"]
        .take();
    assert_eq!(again, Value::Array(changes));
    replica.stop().await;
    app.assert_sound().await;
    host.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn states_that_follow_each_other_between_two_looks_are_all_reported() {
    let host = Host::new().await;
    let (one, two) = (host.app.add_user(1).await, host.app.add_user(2).await);
    let begin = host.position().await;
    host.sign_in(&one).await;
    host.settle().await;
    let made = host.after(&begin).await;
    assert_eq!(kinds_of(&made, "1"), ["AWARD_MADE", "AWARD_SETTLED"]);
    host.sign_in(&two).await;
    let seen = host.after(&begin).await;
    host.correct("reverseAwards", &made[0]["award"]["id"]).await;
    host.correct("voidAwards", &seen[2]["award"]["id"]).await;
    let changes = host.after(&begin).await;
    assert_eq!(changes[..3], seen[..], "what was reported stays as it was");
    assert_eq!(
        kinds_of(&changes, "1"),
        ["AWARD_MADE", "AWARD_SETTLED", "AWARD_REVERSED"]
    );
    assert_eq!(kinds_of(&changes, "2"), ["AWARD_MADE", "AWARD_VOIDED"]);
    host.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_begins_with_its_first_use() {
    let host = Host::new().await;
    let user = host.app.add_user(1).await;
    host.sign_in(&user).await;
    host.app.clock.advance(TimeDelta::minutes(1));
    let begin = host.position().await;
    assert_eq!(host.after(&begin).await, Vec::<Value>::new());
    assert_eq!(host.app.count("select count(*) from host_event_queue").await, 0);
    // What happens to older awards is reported from then on.
    host.settle().await;
    assert_eq!(kinds_of(&host.after(&begin).await, "1"), ["AWARD_SETTLED"]);
    host.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_kinds_advance_the_position() {
    let host = Host::new().await;
    host.position().await;
    for id in 1..=5 {
        host.sign_in(&host.app.add_user(id).await).await;
    }
    host.settle().await;
    let first = host.page(json!({ "first": 3 })).await;
    assert_eq!(
        (&first["hasMore"], &first["position"]),
        (&json!(true), &json!("event_3"))
    );
    let rest = host.page(json!({ "after": first["position"], "first": 100 })).await;
    assert_eq!(
        (&rest["hasMore"], &rest["position"]),
        (&json!(false), &json!("event_10"))
    );
    assert_eq!(rest["changes"].as_array().unwrap().len(), 7);
    let settled = host.page(json!({ "kinds": ["AWARD_SETTLED", "DAY_CLOSED"] })).await;
    assert_eq!(settled["changes"].as_array().unwrap().len(), 5);
    let none = host.page(json!({ "kinds": ["DAY_CLOSED"] })).await;
    assert_eq!((&none["changes"], &none["position"]), (&json!([]), &json!("event_10")));
    host.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_ends_with_the_change() {
    let host = Host::new().await;
    let user = host.app.add_user(1).await;
    let begin = host.position().await;
    let replica = host.app.replica().await;
    let poll = async {
        let asked = json!({ "after": begin, "waitSeconds": 25, "kinds": ["AWARD_MADE"] });
        replica.admin(&host.key, CHANGES, asked).await["changes"].take()
    };
    let sign_in = async {
        wait_until("the poll waits", async || replica.award_changes.waiting() == 1).await;
        host.sign_in(&user).await;
    };
    let (page, ()) = tokio::join!(within("the poll ends", poll), sign_in);
    assert_eq!(page["changes"][0]["userId"], "1");
    assert_eq!(replica.award_changes.waiting(), 0);
    let nothing = host.page(json!({ "after": page["position"], "waitSeconds": 1 })).await;
    assert_eq!(
        (&nothing["changes"], &nothing["position"]),
        (&json!([]), &page["position"])
    );
    replica.stop().await;
    host.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_changes_are_deleted_and_a_position_before_them_is_refused() {
    let host = Host::new().await;
    let user = host.app.add_user(1).await;
    let begin = host.position().await;
    host.sign_in(&user).await;
    assert_eq!(host.after(&begin).await.len(), 1);
    host.app.clock.advance(TimeDelta::days(20));
    host.sign_in(&user).await;
    assert_eq!(host.after(&begin).await.len(), 2);
    host.app.clock.advance(TimeDelta::days(11));
    PruneHistory.run(host.app.context("prune", 1).await).await.unwrap();
    assert_eq!(
        host.refused(json!({ "after": begin })).await,
        "The changes after event_0 were deleted: changes are kept for 30 days. Compare your data with newbee's \
         (businessDays, user), then continue after event_1, from which on all changes are there."
    );
    let kept = host.page(json!({})).await;
    assert_eq!(kept["changes"].as_array().unwrap().len(), 1);
    // The award of a deleted change is reported again only when it changes.
    let award = host.app.count("select min(award_id) from awards").await;
    host.correct("voidAwards", &json!(format!("award_{award}"))).await;
    assert_eq!(kinds_of(&host.after(&json!("event_2")).await, "1"), ["AWARD_VOIDED"]);
    host.app.stop().await;
}

/// Requests that wait do nothing, so they must not take the places of others.
#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_changes_holds_up_no_other_request() {
    let host = Host::new().await;
    let position = host.position().await;
    let user = host.app.add_user(1).await;
    let page = |wait: &str| {
        format!(
            "{{ changes(after: {position}, first: 1000{wait}) {{ position changes {{ id kind userId occurredAt
                award {{ id item type amount coinId targetId businessDay }} day {{ day totals {{ item }} }} }} }} }}"
        )
    };
    let waiting = async || {
        host.app
            .admin_reply(Some(&host.key), &page(", waitSeconds: 25"), json!({}))
            .await
            .1
    };
    let others = async {
        wait_until("requests wait", async || host.app.award_changes.waiting() == 3).await;
        let (_, reply) = host.app.admin_reply(Some(&host.key), &page(""), json!({})).await;
        host.sign_in(&user).await;
        reply
    };
    let (first, second, third, other) = tokio::join!(waiting(), waiting(), waiting(), others);
    assert_eq!(other["data"]["changes"]["changes"], json!([]), "{other}");
    for reply in [first, second, third] {
        assert_eq!(reply["data"]["changes"]["changes"][0]["kind"], "AWARD_MADE", "{reply}");
    }
    host.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_arguments_are_refused_with_what_to_send() {
    let host = Host::new().await;
    host.position().await;
    for (arguments, message) in [
        (json!({ "first": 0 }), "first must be between 1 and 1000."),
        (json!({ "first": 1001 }), "first must be between 1 and 1000."),
        (json!({ "waitSeconds": 26 }), "waitSeconds must be between 0 and 25."),
        (json!({ "waitSeconds": -1 }), "waitSeconds must be between 0 and 25."),
        (
            json!({ "kinds": [] }),
            "Name at least one kind of change, or leave the kinds out for all.",
        ),
        (
            json!({ "after": "award_5" }),
            "\"award_5\" is not a position such as \"event_5\". Pass the position of a page, or the ID of a change.",
        ),
        (
            json!({ "after": "event_7" }),
            "There is no change event_7 yet; the latest is event_0. If the database was restored from a backup, continue \
             after event_0, and compare the days since the backup with newbee's (businessDays).",
        ),
    ] {
        assert_eq!(host.refused(arguments).await, message);
    }
    host.app.stop().await;
}
