//! Connections that are lost after the server has committed and before its answer arrives: repeatable verbs find out what was
//! done, report the true result, and do nothing twice.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::reservation::ReservationTerms;
use newbee::service::create_reservation_campaign::create_reservation_campaign;
use newbee::store::pools::Pools;
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::database::TestDatabase;
use crate::support::proxy::{DatabaseProxy, Tampering};
use crate::support::words;

struct Losing {
    app: TestApp,
    proxy: DatabaseProxy,
    database: TestDatabase,
}

impl Losing {
    async fn start() -> Self {
        let database = TestDatabase::create().await;
        let losing = Tampering {
            cut_before: Some("COMMIT"),
            ..Tampering::default()
        };
        let proxy = DatabaseProxy::start(&database.options, losing).await;
        let app = TestApp::builder()
            .pools(Pools::connect_lazily(proxy.options(&database.options), 8))
            .start()
            .await;
        Self { app, proxy, database }
    }

    /// Makes a request whose next commit is lost: exactly one, so that what is found afterwards is what the first attempt did.
    async fn lose<T>(&self, request: impl Future<Output = T>) -> T {
        let before = self.proxy.tampered();
        self.proxy.tamper_with(1);
        let answer = request.await;
        assert_eq!(self.proxy.tampered(), before + 1, "a commit was lost");
        answer
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.app.pool()).await.unwrap()
    }

    async fn stop(self) {
        self.app.stop().await;
        self.database.assert_books_balance().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reserve_and_cancel_reservation_are_done_once() {
    let losing = Losing::start().await;
    let user = losing.app.add_user(1).await;
    let author = newbee::domain::audit::Author::at_the_command_line(losing.app.clock.now());
    let terms = ReservationTerms {
        // A second place would be refused, and so would a retry that takes one.
        capacity: Some(1),
        ..ReservationTerms::default()
    };
    create_reservation_campaign(losing.app.pool(), "alpha", &terms, "a test", &author)
        .await
        .unwrap();
    let act = async |verb: &str| {
        let query = format!(
            "mutation {{ answer: {verb}(key: \"alpha\") {{ reservation {{ count mine {{ reservedAt }} }} userErrors {{ code }} }} }}"
        );
        losing.lose(losing.app.ask(&user, &query)).await["answer"].take()
    };
    insta::assert_compact_json_snapshot!(act("reserve").await, @r#"{"reservation": {"count": 1, "mine": {"reservedAt": "2026-11-20T04:00:00.000Z"}}, "userErrors": []}"#);
    insta::assert_compact_json_snapshot!(act("cancelReservation").await, @r#"{"reservation": {"count": 0, "mine": null}, "userErrors": []}"#);
    assert_eq!(
        losing
            .count("select sum(reserved_count) from reservation_campaigns")
            .await,
        0
    );
    losing.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn register_users_counts_each_change_once() {
    let losing = Losing::start().await;
    let key = losing.app.api_key("chat", &[Scope::Host]).await;
    let register = async |users: Value| {
        let query = "mutation ($users: [UserInput!]!) {
            registerUsers(users: $users) { registered updated unchanged refused { code } }
        }";
        let request = losing.app.admin(&key, query, json!({ "users": users }));
        losing.lose(request).await["registerUsers"].take()
    };
    assert_eq!(
        register(json!([{ "userId": 1, "name": "A" }, { "userId": 2, "code": "SECOND22" }])).await,
        json!({ "registered": 2, "updated": 0, "unchanged": 0, "refused": [] })
    );
    losing.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        register(json!([{ "userId": 1, "name": "B" }, { "userId": 2 }, { "userId": 3 }])).await,
        json!({ "registered": 1, "updated": 1, "unchanged": 1, "refused": [] })
    );
    let audited = "select count(*) from audit_log where action in ('register_user', 'update_user')";
    assert_eq!(losing.count(audited).await, 4, "each change once");

    // One user, who must be new.
    losing.app.clock.advance(TimeDelta::seconds(1));
    let user = losing.lose(losing.app.add_user(4)).await;
    assert_eq!(user.code.len(), 8);
    losing.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn record_tasks_records_once_and_reports_no_repetition() {
    let losing = Losing::start().await;
    losing.app.add_user(1).await;
    let key = losing.app.api_key("chat", &[Scope::Host]).await;
    let record =
        "mutation ($tasks: [TaskInput!]!) { recordTasks(tasks: $tasks) { results { repeated refused { code } } } }";
    let tasks = json!([{ "userId": 1, "item": "join_group", "targetId": "g", "idempotencyKey": "k" }]);
    let lost = losing
        .lose(losing.app.admin(&key, record, json!({ "tasks": tasks })))
        .await;
    assert_eq!(
        lost["recordTasks"]["results"],
        json!([{ "repeated": false, "refused": null }])
    );
    losing.app.clock.advance(TimeDelta::seconds(1));
    let again = losing.app.admin(&key, record, json!({ "tasks": tasks })).await;
    assert_eq!(again["recordTasks"]["results"][0]["repeated"], true);
    assert_eq!(losing.count("select count(*) from awards").await, 1);
    losing.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn act_for_users_performs_once_and_reports_no_repetition() {
    let losing = Losing::start().await;
    losing.app.add_user(1).await;
    words::create(&losing.app, &words::terms(&losing.app, "moon", 3)).await;
    let key = losing.app.api_key("bot", &[Scope::Act]).await;
    let act = "mutation ($acts: [ActInput!]!) { actForUsers(acts: $acts) {
        results { award { item } repeated refused { code } } } }";
    for (made, (request, item)) in [
        (json!({ "signIn": { "userId": 1, "idempotencyKey": "s" } }), "sign_in"),
        (
            json!({ "submitWord": { "userId": 1, "idempotencyKey": "w", "word": "moon" } }),
            "word",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let acts = json!({ "acts": [request] });
        let lost = losing.lose(losing.app.admin(&key, act, acts.clone())).await;
        assert_eq!(
            lost["actForUsers"]["results"],
            json!([{ "award": { "item": item }, "repeated": false, "refused": null }])
        );
        losing.app.clock.advance(TimeDelta::seconds(1));
        let again = losing.app.admin(&key, act, acts).await;
        assert_eq!(again["actForUsers"]["results"][0]["repeated"], true);
        assert_eq!(losing.count("select count(*) from awards").await, made as i64 + 1);
    }
    losing.stop().await;
}

/// Number of counted attempts of an action.
async fn counted(losing: &Losing, action: &'static str) -> i64 {
    let sql = "select coalesce(sum(count), 0)::bigint from tries where action = $1";
    sqlx::query_scalar(sql)
        .bind(action)
        .fetch_one(losing.app.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn set_invitation_binds_once_and_counts_a_wrong_code_once() {
    let losing = Losing::start().await;
    let (parent, child) = (losing.app.add_user(1).await, losing.app.add_user(2).await);
    let bind = async |user: &TestUser, code: &str| {
        let query = "mutation ($code: String!) {
            setInvitation(parentCode: $code) { invitation { parentId } userErrors { code } }
        }";
        let request = losing.app.ask_with(user, query, json!({ "code": code }));
        losing.lose(request).await["setInvitation"].take()
    };
    let wrong = bind(&child, "ZZZZ9999").await;
    assert_eq!(wrong["userErrors"][0]["code"], "INVITATION_CODE_UNKNOWN", "{wrong:#}");
    assert_eq!(counted(&losing, "preview_invitation").await, 1);
    let bound = bind(&child, &parent.code).await;
    assert_eq!(
        bound,
        json!({ "invitation": { "parentId": "user_1" }, "userErrors": [] })
    );
    assert_eq!(
        losing
            .count("select count(*) from awards where item = 'invite_friend'")
            .await,
        1
    );
    losing.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn submit_word_claims_once_and_counts_a_wrong_word_once() {
    let losing = Losing::start().await;
    let (lucky, guesser) = (losing.app.add_user(1).await, losing.app.add_user(2).await);
    words::create(&losing.app, &words::terms(&losing.app, "moon", 10)).await;
    let claimed = losing.lose(words::submit(&losing.app, &lucky, "moon")).await;
    assert_eq!(
        claimed["userErrors"],
        json!([]),
        "the share that this very request claimed"
    );
    assert_eq!(
        losing.count("select sum(used_count)::bigint from word_campaigns").await,
        1
    );

    for tries in 1..=4 {
        let wrong = losing.lose(words::submit(&losing.app, &guesser, "none")).await;
        assert_eq!(wrong["userErrors"][0]["code"], "WORD_UNAVAILABLE", "{wrong:#}");
        assert_eq!(counted(&losing, "submit_word").await, tries);
    }
    // The fifth locks. Its own answer is still that of a wrong word; the next one is refused.
    let fifth = losing.lose(words::submit(&losing.app, &guesser, "none")).await;
    assert_eq!(fifth["userErrors"][0]["code"], "WORD_UNAVAILABLE", "{fifth:#}");
    assert_eq!(losing.count("select sum(locks)::bigint from tries").await, 1);
    let sixth = words::submit(&losing.app, &guesser, "none").await;
    assert_ne!(sixth["userErrors"][0]["code"], "WORD_UNAVAILABLE", "{sixth:#}");
    losing.stop().await;
}
