//! Constraints of the schema.

use sqlx::Executor;

use crate::support::database::TestDatabase;

/// A settled and a pending award of user 1, with entry, balance and a closed day.
const BOOKS: &str = "
    insert into users (user_id, created_at, updated_at) values (1, '2026-01-01Z', '2026-01-01Z'), (2, '2026-01-01Z', '2026-01-01Z');

    insert into invitations (user_id, code, created_at, updated_at)
        values (1, 'A', '2026-01-01Z', '2026-01-01Z'), (2, 'B', '2026-01-01Z', '2026-01-01Z');

    insert into invitation_codes (normalised_code, user_id) values ('A', 1), ('B', 2);

    insert into awards (user_id, award_id, source, source_key, item, award_type, rule_version, amount, coin_id, status,
                        business_day, settles_at, created_at, updated_at) values
        (1, 1001, 'import', '2026-01-01', 'sign_in', 'DAILY', 1, 5, '1', 'SETTLED', '2026-01-01', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z'),
        (1, 1002, 'sign_in', '', 'sign_in', 'DAILY', 1, 5, '1', 'PENDING', '2026-01-02', '2026-01-02Z', '2026-01-02Z', '2026-01-02Z');

    insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at) values (1, 1001, 'SETTLE', '1', 5, '2026-01-01Z');

    insert into balances (user_id, coin_id, settled, updated_at) values (1, '1', 5, '2026-01-01Z');

    insert into business_days (day, state, closed_at) values ('2026-01-01', 'CLOSED', '2026-01-02Z');

    insert into business_day_totals (day, item, coin_id, award_count, amount) values ('2026-01-01', 'sign_in', '1', 1, 5);

    insert into award_feeds values (1, 0, '2026-01-02', 2);

    update invitations set parent_id = 1, parent_code = 'A', bound_at = '2026-01-01Z' where user_id = 2;

    insert into invitation_children (parent_id, bound_at, user_id) select parent_id, bound_at, user_id from invitations where parent_id is not null;

    insert into invitation_links (user_id, parent_id) select user_id, parent_id from invitations where parent_id is not null;

    update users u set children_count = (select count(*) from invitation_children c where c.parent_id = u.user_id);

";

#[tokio::test]
async fn what_must_not_happen_is_refused_by_the_database() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    pool.execute(BOOKS).await.expect("sound books");
    for forbidden in [
        // Once.
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
             created_at, updated_at) select user_id, source, source_key, item, award_type, rule_version, amount, coin_id,
             business_day, settles_at, created_at, updated_at from awards where award_id = 1001",
        // Legal status moves.
        "update awards set status = 'PENDING', changed_in = changed_in + 1 where award_id = 1001",
        "update awards set status = 'VOID', changed_in = changed_in + 1 where award_id = 1001",
        "update awards set status = 'REVERSED', changed_in = changed_in + 1 where award_id = 1002",
        "update awards set amount = 500 where award_id = 1002",
        "update awards set business_day = '2026-01-03' where award_id = 1002",
        "delete from awards where award_id = 1002",
        "truncate awards",
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, status, business_day,
             settles_at, created_at, updated_at) values
             (2, 'sign_in', 'x', 'sign_in', 'DAILY', 1, 5, '1', 'SETTLED', '2026-01-02', '2026-01-02Z', '2026-01-02Z', '2026-01-02Z')",
        // A closed day takes no more.
        "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
             settles_at, created_at, updated_at) values
             (2, 'sign_in', '2026-01-01', 'sign_in', 'DAILY', 1, 5, '1', '2026-01-01', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z')",
        "delete from business_days",
        "update business_day_totals set amount = 4",
        "delete from business_day_totals",
        // Entries that never change.
        "update ledger_entries set amount = 6",
        "delete from ledger_entries",
        "truncate ledger_entries",
        "insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at) values (1, 1001, 'SETTLE', '1', 5, '2026-01-01Z')",
        "insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at) values (1, 1001, 'REVERSE', '1', 5, '2026-01-01Z')",
        // Rules are versions, bindings are for ever, streaks go ahead, closed days stay closed.
        "update rule_versions set amount = 6",
        "update invitations set parent_id = null, parent_code = null, bound_at = null where user_id = 2",
        "update invitations set parent_id = 1, parent_code = 'A', bound_at = '2026-01-01Z' where user_id = 1",
        "update invitations set parent_id = 2 where user_id = 1",
        "update award_feeds set last_sign_in = '2026-01-01'",
        "update award_feeds set last_change = -1",
        "delete from award_feeds",
        // A change has a number of its own.
        "update awards set updated_at = updated_at + interval '1 second' where award_id = 1002",
        "update awards set status = 'SETTLED' where award_id = 1002",
        "update business_days set state = 'OPEN', closed_at = null",
        // One running run a job.
        "insert into jobs (job, scheduled_through, created_at) values ('j', '2026-01-01Z', '2026-01-01Z');
         insert into job_runs (job, run_key, origin, scheduled_for, state, lease_token, requested_by, created_at)
         select 'j', n::text, 'MANUAL', '2026-01-01Z', 'RUNNING', gen_random_uuid(), 'test', '2026-01-01Z' from generate_series(1, 2) n",
    ] {
        assert!(pool.execute(forbidden).await.is_err(), "the database took: {forbidden}");
    }
    database.assert_books_balance().await;
    pool.close().await;
}

#[tokio::test]
async fn the_view_sees_every_kind_of_violation() {
    for (damage, violation) in [
        ("update balances set settled = 6", "balance differs from the sum of its entries"),
        ("update awards set status = 'SETTLED', changed_in = changed_in + 1 where award_id = 1002", "settled award without its entry"),
        ("update awards set status = 'REVERSED', changed_in = changed_in + 1 where award_id = 1001", "reversed award without its entry"),
        (
            "insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at) values (1, 9, 'SETTLE', '1', 5, '2026-01-01Z');
             update balances set settled = 10",
            "entry without its award",
        ),
        ("insert into invitation_links values (1, 2)", "invitation cycle"),
        (
            "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                 created_at, updated_at)
             values (2, 'import', 'late', 'sign_in', 'DAILY', 1, 5, '1', '2026-01-01', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z')",
            "totals of a closed day differ from its awards",
        ),
        (
            "insert into business_day_totals (day, item, coin_id, award_count, amount) values ('2026-01-01', 'join_group', '1', 1, 1)",
            "totals of a closed day differ from its awards",
        ),
        (
            "insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day, settles_at,
                 created_at, updated_at)
             select 1, 'join_group', n::text, 'join_group', 'DAILY', 1, 10, '1', '2026-01-03', '2026-01-03Z', '2026-01-03Z', '2026-01-03Z'
             from generate_series(1, 4) n",
            "cap exceeded",
        ),
        (
            "insert into awards (user_id, award_id, source, source_key, item, award_type, rule_version, amount, coin_id, business_day,
                 settles_at, created_at, updated_at)
             values (2, 1002, 'sign_in', '', 'sign_in', 'DAILY', 1, 5, '1', '2026-01-02', '2026-01-02Z', '2026-01-02Z', '2026-01-02Z')",
            "award id used twice",
        ),
    ] {
        let database = TestDatabase::create().await;
        database.books_may_be_wrong();
        let pool = database.pool();
        pool.execute(BOOKS).await.expect("sound books");
        database.assert_books_balance().await;
        pool.execute(damage).await.unwrap_or_else(|error| panic!("{damage}: {error}"));
        let seen: Vec<String> = sqlx::query_scalar("select distinct violation from invariant_violations")
            .fetch_all(&pool)
            .await
            .expect("the view can be read");
        assert!(seen.iter().any(|seen| seen == violation), "{violation:?} is not among {seen:?}");
        pool.close().await;
    }
}
