//! newbee behind PgBouncer: the same answers and deadlines as on a direct connection.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use newbee::domain::api_key::Scope;
use newbee::store::bounded::Sessions;
use newbee::store::pools::Pools;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Executor, Row};

use crate::live::Following;
use crate::support::app::TestApp;
use crate::support::database::{TestDatabase, through};
use crate::support::pgbouncer::{PgBouncer, installed};
use crate::support::program::{Program, newbee};
use crate::support::{within, words};

const POOLERS_OF_ITS_OWN: &str = "the test starts poolers of its own";

/// Answers of the main verbs on a new database, without what is random.
async fn answers(app: &TestApp) -> Vec<Value> {
    let host = app
        .api_key("host", &[Scope::Host, Scope::OpsRead, Scope::OpsWrite])
        .await;
    let mut users = Vec::new();
    for id in 1..=3 {
        users.push(app.add_user(id).await);
    }
    let mut answers = Vec::new();
    let register = "mutation { registerUsers(users: [{ userId: 9, name: \"Nine\" }]) { registered refused { code } } }";
    answers.push(app.admin_reply(Some(&host), register, json!({})).await.1);
    let issue = "mutation { issueSession(userId: 9) { refused { code } } }";
    answers.push(app.admin_reply(Some(&host), issue, json!({})).await.1);
    let sign_in = "mutation { signInToday { award { id item amount status } userErrors { code } } }";
    for user in users.iter().chain(&users) {
        answers.push(app.reply(Some(&user.key), sign_in, json!({})).await);
    }
    let bind =
        "mutation($code: String!) { setInvitation(parentCode: $code) { invitation { parentId } userErrors { code } } }";
    for code in [&users[0].code, &users[1].code, &"nobody".to_owned()] {
        answers.push(app.reply(Some(&users[1].key), bind, json!({ "code": code })).await);
    }
    words::create(app, &words::terms(app, "moon", 1)).await;
    let submit =
        "mutation ($word: String!) { submitWord(word: $word) { award { amount status } userErrors { code } } }";
    for (user, word) in [(0, "moon"), (1, "moon"), (2, "none")] {
        answers.push(app.reply(Some(&users[user].key), submit, json!({ "word": word })).await);
    }
    let tasks = json!([{ "userId": 1, "item": "join_group", "targetId": "a", "idempotencyKey": "a" }]);
    let record = "mutation ($tasks: [TaskInput!]!) { recordTasks(tasks: $tasks) { results { award { amount } refused { code } } } }";
    answers.push(app.admin_reply(Some(&host), record, json!({ "tasks": tasks })).await.1);
    let settled = app.app.jobs.tick().await.expect("the scheduler looks");
    answers.push(json!(settled.len()));
    app.clock.advance(chrono::TimeDelta::days(8));
    for run in app.app.jobs.tick().await.expect("the scheduler looks") {
        answers.push(json!(format!("{:?}", run.outcome)));
    }
    answers.push(json!(app.count("select count(*) from ledger_entries").await));
    let me = "{ me { name newbeeAwards { id status } todayAwards { item } balances { coinId pending settled }
              invitation { parentId } children { nodes { childrenCount } } signIn { signedInToday } } }";
    for user in &users {
        answers.push(app.reply(Some(&user.key), me, json!({})).await);
    }
    answers.push(
        app.admin_reply(Some(&host), "{ jobs { name lastRun { state } } }", json!({}))
            .await
            .1,
    );
    answers
}

/// Transaction mode of every version at hand, and session mode.
fn variants() -> Vec<(PathBuf, &'static str)> {
    let programs = installed();
    let transactions = programs.iter().map(|program| (program.clone(), "transaction"));
    let sessions = programs.last().map(|program| (program.clone(), "session"));
    transactions.chain(sessions).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_verbs_answer_as_on_a_direct_connection() {
    let database = Arc::new(TestDatabase::create_direct(POOLERS_OF_ITS_OWN).await);
    let direct = TestApp::builder().database(&database).start().await;
    let expected = answers(&direct).await;
    direct.stop().await;
    for (program, mode) in variants() {
        let database = TestDatabase::create_direct(POOLERS_OF_ITS_OWN).await;
        let bouncer = PgBouncer::start(&program, &database.options, mode).await;
        let pooled = through(&bouncer, &database.options).await;
        println!("{} in {mode} mode: {:?}", program.display(), pooled.sessions());
        assert_eq!(pooled.sessions() == Sessions::Own, mode == "session");
        let app = TestApp::builder()
            .pools(Pools::connect_lazily(&pooled, 8))
            .start()
            .await;
        let found = answers(&app).await;
        assert_eq!(found, expected, "{} in {mode} mode", program.display());
        app.stop().await;
        bouncer.stop().await;
    }
}

/// Settings that must be in force in every session or transaction.
async fn settings(pools: &Pools) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for pool in [&pools.api, &pools.admin, &pools.jobs, &pools.heartbeat, &pools.live] {
        let sql = "select current_setting(name) from unnest($1::text[]) as name";
        let names = [
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "timezone",
            "plan_cache_mode",
        ];
        // On a pool, on a connection, and in a transaction.
        found.push(sqlx::query_scalar(sql).bind(names).fetch_all(pool).await.unwrap());
        let mut connection = pool.acquire().await.unwrap();
        found.push(
            sqlx::query_scalar(sql)
                .bind(names)
                .fetch_all(&mut connection)
                .await
                .unwrap(),
        );
        let mut transaction = connection.begin().await.unwrap();
        found.push(
            sqlx::query_scalar(sql)
                .bind(names)
                .fetch_all(&mut *transaction)
                .await
                .unwrap(),
        );
        transaction.commit().await.unwrap();
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_are_in_force_and_a_locked_table_has_the_same_deadline() {
    let database = TestDatabase::create_direct(POOLERS_OF_ITS_OWN).await;
    let direct = Pools::connect_lazily(&database.options, 2);
    let expected = settings(&direct).await;
    let patient = database.pool();
    let mut holder = patient.begin().await.unwrap();
    holder
        .execute("lock table users in access exclusive mode")
        .await
        .unwrap();
    let refused = |error: sqlx::Error| {
        let error = error.into_database_error().expect("Postgres refuses it");
        error.code().expect("a code").into_owned()
    };
    for (program, mode) in variants() {
        let bouncer = PgBouncer::start(&program, &database.options, mode).await;
        let pooled = Pools::connect_lazily(through(&bouncer, &database.options).await, 2);
        assert_eq!(
            settings(&pooled).await,
            expected,
            "{} in {mode} mode",
            program.display()
        );
        let mut waits = Vec::new();
        for pool in [&direct.api, &pooled.api] {
            let began = Instant::now();
            let found = sqlx::query("select 1 from users").fetch_all(pool).await;
            assert_eq!(refused(found.unwrap_err()), "55P03");
            waits.push(began.elapsed());
        }
        println!("{} in {mode} mode: refused after {waits:?}", program.display());
        assert!(waits[1] >= direct.api.bounds().lock, "{waits:?}");
        // The limits of a transaction do not stay with the session.
        let foreign = bouncer.options(&database.options).extra_float_digits(None);
        let mut foreign = foreign.connect().await.unwrap();
        let left = sqlx::raw_sql("select current_setting('statement_timeout')");
        let left: String = foreign.fetch_one(left).await.unwrap().get(0);
        assert_eq!(left, "0");
        pooled.close().await;
        bouncer.stop().await;
    }
    holder.rollback().await.unwrap();
    direct.close().await;
    patient.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_polls_for_changes_or_listens_directly_and_subscribers_break_no_writer() {
    for (program, mode) in variants().into_iter().filter(|(_, mode)| *mode == "transaction") {
        for is_direct in [false, true] {
            let database = TestDatabase::create_direct(POOLERS_OF_ITS_OWN).await;
            let bouncer = PgBouncer::start(&program, &database.options, mode).await;
            let setup = TestApp::builder()
                .pools(Pools::connect_lazily(&database.options, 2))
                .start()
                .await;
            let mut users = Vec::new();
            for id in 1..=10 {
                users.push(setup.add_user(id).await);
            }
            setup.stop().await;
            let mut command = newbee();
            command
                .args(["serve", "--scheduler", "off", "--api-connections", "3"])
                .env("DATABASE_URL", bouncer.url(&database.options));
            if is_direct {
                command.env("NEWBEE_DIRECT_DATABASE_URL", &database.url);
            }
            let program = Program::start(command).await;
            let mut following = Following::begin(&program.url(), &users[0].key, None).await;
            let began = Instant::now();
            for user in &users {
                let sign_in = "mutation { signInToday { award { item } userErrors { code } } }";
                let (_, reply) = program.ask(Some(&user.key), sign_in).await;
                let item = &reply["data"]["signInToday"]["award"]["item"];
                assert_eq!(item, "sign_in", "{reply:#} {}", program.log());
            }
            following.award().await;
            println!("direct: {is_direct}: a change arrived after {:?}", began.elapsed());
            let log = program.terminate().await;
            assert!(log.contains("\"database_connections\":21"), "{log}");
            assert!(!log.contains("NotificationResponse"), "{log}");
            let polls = "live updates poll every few seconds";
            assert_eq!(log.contains(polls), !is_direct, "{log}");
            bouncer.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_need_a_session_of_their_own() {
    for (program, mode) in variants() {
        let database = TestDatabase::create_direct(POOLERS_OF_ITS_OWN).await;
        let bouncer = PgBouncer::start(&program, &database.options, mode).await;
        let run = async |arguments: &[&str], direct: Option<&str>| {
            let mut command = newbee();
            command
                .args(arguments)
                .env("DATABASE_URL", bouncer.url(&database.options))
                .envs(direct.map(|url| ("NEWBEE_DIRECT_DATABASE_URL", url)));
            let output = within("the command ends", command.output()).await.unwrap();
            (output.status.code(), String::from_utf8(output.stderr).unwrap())
        };
        if mode == "session" {
            let (code, errors) = run(&["migrate"], None).await;
            assert_eq!(code, Some(0), "{errors}");
        } else {
            // The demo migrates its database, too.
            for command in [["migrate"].as_slice(), &["demo", "--listen", "127.0.0.1:0"]] {
                let (code, errors) = run(command, None).await;
                assert_eq!(code, Some(1), "{command:?}: {errors}");
                assert!(errors.contains("NEWBEE_DIRECT_DATABASE_URL"), "{command:?}: {errors}");
            }
        }
        let (code, errors) = run(&["migrate"], Some(&database.url)).await;
        assert_eq!(code, Some(0), "{errors}");
        bouncer.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_pooling_is_refused() {
    for program in installed() {
        let database = TestDatabase::create_direct(POOLERS_OF_ITS_OWN).await;
        let bouncer = PgBouncer::start(&program, &database.options, "statement").await;
        let output = newbee()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", bouncer.url(&database.options))
            .output()
            .await
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains("transactions are not possible"), "{errors}");
        bouncer.stop().await;
    }
}
