//! A user about whom every kind of text and row is stored, by the APIs alone.

use chrono::TimeDelta;
use newbee::domain::api_key::Scope;
use newbee::domain::reservation::ReservationTerms;
use serde_json::{Value, json};

use super::app::{TestApp, TestUser};
use super::{reservations, words};

/// In every text that the host or the user writes about user 17, and in the label of a grant. Random codes have no U.
pub const MARKER: &str = "zux";

pub const CODE: &str = "ZUXC0DE";

/// User 17, with inviter 19 and child 18.
pub struct WholePerson {
    pub host: String,
    pub ops: String,
    pub user: TestUser,
    pub child: TestUser,
}

impl WholePerson {
    pub async fn make(app: &TestApp) -> Self {
        // A day before the streak that a freeze covered.
        app.sql("insert into covered_days (user_id, day) values (17, '2026-11-10')")
            .await;
        let host = app.api_key("chat", &[Scope::Host]).await;
        let bot = app.api_key("bot", &[Scope::Act]).await;
        let ops = app.api_key("desk", &[Scope::OpsWrite]).await;
        let inviter = app.add_user(19).await;
        let child = app.add_user(18).await;
        words::create(app, &words::terms(app, "moon", 3)).await;
        reservations::create(app, "alpha", ReservationTerms::default()).await;

        let register = "mutation ($users: [UserInput!]!) { registerUsers(users: $users) { refused { code } } }";
        for name in ["Zux the First", "Zux the Second"] {
            let portrait = format!("https://zux.example/{}.png", name.len());
            let report = json!([{ "userId": 17, "name": name, "portraitUri": portrait, "code": CODE, "class": 0 }]);
            let registered = app.admin(&host, register, json!({ "users": report })).await;
            assert_eq!(registered["registerUsers"]["refused"], json!([]));
        }
        let conditions = json!({ "item": "invite_three", "type": "INVITE", "amount": "9", "coinId": "1", "reason": "a test",
            "invite": { "signInDays": 3 } });
        let set = "mutation ($input: RuleInput!) { setRule(input: $input) { problems { message } } }";
        let set = app.admin(&ops, set, json!({ "input": conditions })).await;
        assert_eq!(set["setRule"]["problems"], json!([]));
        let sessions = "mutation { issueSession(userId: \"17\", idempotencyKey: \"zux-login\") { key refused { code } }
            registerSession(userId: \"17\", key: \"zux-0123456789abcdefghij\") { refused { code } } }";
        let sessions = app.admin(&host, sessions, json!({})).await;
        assert!(sessions["registerSession"]["refused"].is_null(), "{sessions}");
        let user = TestUser {
            key: sessions["issueSession"]["key"].as_str().expect("a key").to_owned(),
            code: CODE.to_owned(),
        };
        Self::report_tasks(app, &host, &ops).await;
        Self::act(app, &bot, &inviter).await;
        let giver = app.api_key("giver", &[Scope::OpsGrant]).await;
        let grant =
            "mutation { grantAwards(lines: [{ userId: 17, label: \"zux raffle\", amount: \"3\", coinId: \"1\" }],
            reason: \"a raffle\", idempotencyKey: \"raffle\") { grant { awardCount } } }";
        let granted = app.admin(&giver, grant, json!({})).await;
        assert_eq!(granted["grantAwards"]["grant"]["awardCount"], 1, "{granted}");
        // What the user writes in the customer API.
        let written = "mutation { submitWord(word: \"zux word\") { userErrors { code } }
            reserve(key: \"zux-campaign\") { userErrors { code } } cancelReservation(key: \"zux-campaign\") { userErrors { code } }
            setInvitation(parentCode: \"zux code\") { userErrors { code } } }";
        app.ask(&user, written).await;
        app.ask(&user, "{ previewInvitation(code: \"zux other\") { __typename } }")
            .await;
        let bind = "mutation ($code: String!) { setInvitation(parentCode: $code) { userErrors { code } } }";
        let bound = app
            .ask_with(&child, bind, json!({ "code": "zux code".replace(' ', "") }))
            .await;
        assert_eq!(bound["setInvitation"]["userErrors"], json!([]));
        // What operators see of the user.
        app.admin(
            &ops,
            "{ user(id: 17) { name } findUsers(text: \"Zux\") { id } }",
            json!({}),
        )
        .await;
        for _ in 0..2 {
            app.run_due_jobs().await;
            app.clock.advance(TimeDelta::minutes(1));
        }
        app.run_due_jobs().await;
        Self { host, ops, user, child }
    }

    async fn report_tasks(app: &TestApp, host: &str, ops: &str) {
        let rule = json!({ "item": "send_gift", "type": "DAILY", "amount": "2", "coinId": "1", "targetRule": "REPEATABLE",
            "reason": "a test" });
        let set = "mutation ($input: RuleInput!) { setRule(input: $input) { problems { message } } }";
        let set = app.admin(ops, set, json!({ "input": rule })).await;
        assert_eq!(set["setRule"]["problems"], json!([]));
        let task = |item: &str, target: Option<&str>, key: &str| json!({ "userId": "17", "item": item, "targetId": target, "idempotencyKey": key });
        let tasks = json!([
            task("join_group", Some("zux group"), "zux-1"),
            task("join_group", Some("zux group"), "zux-2"),
            task("set_fomo_id", None, "zux-3"),
            task("send_gift", Some("zux gift"), "zux-4"),
            task("send_gift", None, "zux-5"),
        ]);
        let record = "mutation ($tasks: [TaskInput!]!) { recordTasks(tasks: $tasks) { results { refused { code } } } }";
        let recorded = app.admin(host, record, json!({ "tasks": tasks })).await;
        let refused = &recorded["recordTasks"]["results"];
        let codes: Vec<&Value> = (0..5).map(|place| &refused[place]["refused"]["code"]).collect();
        assert_eq!(
            codes,
            [
                &json!(null),
                &json!("ALREADY_AWARDED"),
                &json!(null),
                &json!(null),
                &json!(null)
            ]
        );
    }

    async fn act(app: &TestApp, bot: &str, inviter: &TestUser) {
        let fields = |key: &str| json!({ "userId": 17, "idempotencyKey": key });
        let with = |key: &str, name: &str, text: &str| {
            let mut fields = fields(key);
            fields[name] = json!(text);
            fields
        };
        let acts = json!([
            { "signIn": fields("zux-a") },
            { "submitWord": with("zux-b", "word", "zux guess") },
            { "submitWord": with("zux-c", "word", "moon") },
            { "setInvitation": with("zux-d", "parentCode", "zux guess") },
            { "setInvitation": with("zux-e", "parentCode", &inviter.code) },
            { "reserve": with("zux-f", "key", "zux-guess") },
            { "reserve": with("zux-g", "key", "alpha") },
        ]);
        let act = "mutation ($acts: [ActInput!]!) { actForUsers(acts: $acts) { results { refused { code } } } }";
        let acted = app.admin(bot, act, json!({ "acts": acts })).await;
        for place in [0, 2, 4, 6] {
            assert!(acted["actForUsers"]["results"][place]["refused"].is_null(), "{acted}");
        }
    }
}
