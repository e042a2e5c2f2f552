//! The roles of `deploy/roles.sql`: one migrates, the other serves and cannot change the schema.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use crate::process::walk_through;
use crate::support::app::TEST_DRAW_KEY;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};

/// A database with the roles, as an administrator without superuser rights creates them.
struct Roles {
    superuser: PgConnectOptions,
    url: String,
    name: String,
    owner: String,
    app: String,
    admin: String,
}

impl Roles {
    async fn create(database: &TestDatabase) -> Self {
        let former = database.options.get_database().unwrap();
        let name = format!("{former}_own");
        let roles = Self {
            superuser: database.options.clone(),
            url: database.url.replace(former, &name),
            owner: format!("{name}_owner"),
            app: format!("{name}_app"),
            admin: format!("{name}_admin"),
            name,
        };
        let admin = &roles.admin;
        execute(
            &roles.superuser,
            &format!("create role {admin} login createrole createdb"),
        )
        .await;
        let as_admin = roles.superuser.clone().username(admin);
        execute(&as_admin, &format!("create database {}", roles.name)).await;
        let file = std::fs::read_to_string("deploy/roles.sql").expect("the roles");
        let file = file
            .replace("newbee_owner", &roles.owner)
            .replace("newbee_app", &roles.app)
            .replace("database newbee ", &format!("database {} ", roles.name));
        let as_admin = as_admin.database(&roles.name);
        execute(&as_admin, &file).await;
        roles
    }

    /// The DATABASE_URL of a role.
    fn url_of(&self, role: &str) -> String {
        let (scheme, rest) = self.url.split_once("://").expect("a URL");
        let (_, server) = rest.split_once('@').expect("a user");
        format!("{scheme}://{role}@{server}")
    }

    fn options_of(&self, role: &str) -> PgConnectOptions {
        self.superuser.clone().database(&self.name).username(role)
    }

    async fn drop(self) {
        execute(&self.superuser, &format!("drop database {} with (force)", self.name)).await;
        for role in [&self.owner, &self.app, &self.admin] {
            execute(&self.superuser, &format!("drop role {role}")).await;
        }
    }
}

async fn execute(options: &PgConnectOptions, statements: &str) {
    let mut connection = options.connect().await.expect("the database");
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
    connection.close().await.unwrap();
}

/// Exit code, and both outputs.
async fn run_as(url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = newbee().args(arguments).env("DATABASE_URL", url).output().await;
    let output = output.expect("newbee runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_migrates_and_the_app_serves_everything_but_cannot_change_the_schema() {
    let database = TestDatabase::create_direct("the pooler of the tests has one role for all").await;
    let roles = Roles::create(&database).await;
    let (owner, app) = (roles.url_of(&roles.owner), roles.url_of(&roles.app));

    let (code, said) = run_as(&app, &["migrate"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("permission denied"), "{said}");
    for applied in ["Applied", "Applied 0 migrations"] {
        let (code, said) = run_as(&owner, &["migrate"]).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(applied), "{said}");
    }

    // A closed day in the feed of changes. Not yesterday: it cannot be closed in the minutes after midnight.
    let day = (newbee::clock::Clock::machine().now() - chrono::TimeDelta::days(2))
        .date_naive()
        .to_string();
    let endpoint = [
        "endpoint",
        "create",
        "first",
        "http://127.0.0.1:9/",
        "--allow-private",
        "--reason",
        "test",
    ];
    let disable = ["endpoint", "disable", "first", "--reason", "test"];
    let backfill = ["jobs", "backfill", "close_day", "--from", &day, "--to", &day];
    for arguments in [&endpoint[..], &disable, &backfill] {
        let (code, said) = run_as(&app, arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
    }
    // Users, sessions, tasks, sign-ins, settlement and the admin API.
    let mut serve = newbee();
    serve
        .args(["serve", "--scheduler", "off"])
        .env("DATABASE_URL", &app)
        .env("NEWBEE_DRAW_KEY", TEST_DRAW_KEY);
    let program = Program::start(serve).await;
    walk_through::every_step_answers(&program, &app, &owner).await;
    program.terminate().await;
    for job in [
        "settle_awards",
        "audit_books",
        "prune_history",
        "expire_due",
        "deliver_events",
        "pay_reservations",
    ] {
        let (code, said) = run_as(&app, &["jobs", "run", job]).await;
        assert_eq!(code, Some(0), "{job}: {said}");
    }
    for arguments in [
        &["user", "add", "4711", "--name", "Ann"][..],
        &["user", "erase", "4711", "--reason", "test"],
    ] {
        let (code, said) = run_as(&app, arguments).await;
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
    }
    let (code, said) = run_as(&app, &["books"]).await;
    assert!(code == Some(0) && said.contains("the books balance"), "{said}");
    let mut command = newbee();
    // Nothing is left to migrate, so that this needs no right of the owner.
    command.args(["serve", "--migrate"]).env("DATABASE_URL", &app);
    Program::start(command).await.terminate().await;

    refuses_to_change_the_schema(&roles.options_of(&roles.app)).await;
    roles.drop().await;
}

async fn refuses_to_change_the_schema(app: &PgConnectOptions) {
    let mut connection = app.connect().await.expect("the database");
    for forbidden in [
        "alter table awards disable trigger user",
        "alter table awards add column extra text",
        "drop table audit_log",
        "drop trigger awards_are_kept on awards",
        "truncate sessions",
        "create table notes (id int)",
        "create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'",
        "set session_replication_role = replica",
        "delete from _sqlx_migrations",
        "insert into _sqlx_migrations select 999, 'x', now(), true, 'x', 0",
        "drop view invariant_violations",
        "alter function refuse_change() owner to current_user",
        "grant all on awards to public",
    ] {
        let outcome = sqlx::raw_sql(forbidden).execute(&mut connection).await;
        // A `grant` without the right to it is a warning that changes nothing.
        let changed = outcome.is_ok() && !forbidden.starts_with("grant");
        assert!(!changed, "the database took: {forbidden}");
    }
    let is_public: bool = sqlx::query_scalar(
        "select exists (select 1 from information_schema.table_privileges where table_name = 'awards' and grantee = 'PUBLIC')",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!(!is_public);
    connection.close().await.unwrap();
}
