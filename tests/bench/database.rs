//! A private Postgres with users, sessions, awards and children.

use newbee::domain::text::RULE_VERSION;
use newbee::private_postgres::PrivatePostgres;
use newbee::store::MIGRATOR;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::cpu::postmaster;

pub const USERS: u32 = 100_000;

pub struct Database {
    pub postgres: PrivatePostgres,
    pub url: String,
    /// The postmaster's process id.
    pub process: u32,
}

impl Database {
    pub async fn fill() -> Self {
        let postgres = PrivatePostgres::start_temporary()
            .await
            .expect("a private Postgres starts");
        postgres.create_database_if_missing("bench").await.expect("a database");
        let mut connection = postgres.connect_options("bench").connect().await.expect("it answers");
        MIGRATOR.run(&mut connection).await.expect("the migrations apply");
        sqlx::query("update text_forms set rule_version = $1")
            .bind(RULE_VERSION)
            .execute(&mut connection)
            .await
            .expect("the version of the text rule is stored");
        sqlx::raw_sql(AssertSqlSafe(data()))
            .execute(&mut connection)
            .await
            .expect("the data are sound");
        sqlx::raw_sql("vacuum analyze")
            .execute(&mut connection)
            .await
            .expect("statistics");
        connection.close().await.expect("the connection closes");
        let process = postmaster(postgres.folder());
        Self {
            url: postgres.url("bench"),
            postgres,
            process,
        }
    }
}

/// A newcomer award, ten days of sign-ins and three awards of today for everyone; every third user has bound one of 2,000
/// inviters, who so have about 17 children each.
fn data() -> String {
    format!(
        "insert into users (user_id, name, created_at, updated_at)
             select n, 'User ' || n, now(), now() from generate_series(1, {USERS}) n;
         insert into invitations (user_id, code, created_at, updated_at) select user_id, 'C' || user_id, now(), now() from users;
         insert into invitation_codes (normalised_code, user_id) select code, user_id from invitations;
         update invitations set parent_id = user_id % 2000 + 1, parent_code = 'C' || user_id % 2000 + 1, class = 1,
                                bound_at = now() - user_id * interval '1 second'
             where user_id > 2000 and user_id % 3 = 0;
         insert into invitation_children select parent_id, bound_at, user_id from invitations where parent_id is not null;
         insert into invitation_links select user_id, parent_id from invitations where parent_id is not null;
         update users u set children_count = c.children
             from (select parent_id, count(*) as children from invitation_children group by parent_id) c where c.parent_id = u.user_id;
         insert into award_feeds (user_id, last_change) select user_id, 0 from users;
         insert into sessions (key_hash, user_id, origin, created_at, expires_at)
             select sha256(('bench-session-' || lpad(user_id::text, 6, '0'))::bytea), user_id, 'issued', now(), now() + interval '1 day'
             from users;
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id, status,
                             business_day, settles_at, created_at, updated_at)
             select user_id, 'import', a.item || a.target, a.item, r.award_type, 1, 10, '1', nullif(a.target, ''), 'PENDING',
                    (now() at time zone 'Asia/Shanghai')::date - a.age, now(), now(), now()
             from users
             cross join (select 'set_fomo_id' as item, '' as target, 30 as age
                         union all select 'sign_in', 'day' || d, d from generate_series(1, 10) d
                         union all select 'join_group', 'group' || g, 0 from generate_series(1, 3) g) a
             join rules r using (item)
             order by a.age desc, user_id;"
    )
}
