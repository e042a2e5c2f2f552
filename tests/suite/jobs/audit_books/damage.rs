//! Damage of the books, and the check that finds it.

use newbee::service::jobs::AnyJob;
use newbee::service::jobs::audit_books::AuditBooks;
use sqlx::Executor;

use super::{BOOKS, context, report};
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_damage_is_found() {
    for (damage, name) in [
        (
            "insert into balances values (1, '1', 5, '2026-11-19Z')",
            "balance differs from the sum of its entries",
        ),
        (
            "update awards set status = 'SETTLED', changed_in = changed_in + 1 where award_id = 1001",
            "settled award without its entry",
        ),
        (
            "delete from business_day_totals where day = '2026-11-18'",
            "totals of a closed day differ from its awards",
        ),
        (
            "delete from business_day_totals where day = '2026-11-19'",
            "totals of the audited day differ from its awards",
        ),
        (
            "insert into business_days (day, state, closed_at) values ('2026-11-15', 'CLOSED', '2026-11-16Z')",
            "day between closed days is open",
        ),
        (
            "update award_feeds set streak_length = 3",
            "streak differs from its sign-ins",
        ),
        (
            "update award_feeds set streak_length = 1, last_sign_in = '2026-11-18'",
            "sign-in after the end of its streak",
        ),
        ("delete from award_feeds", "sign-in after the end of its streak"),
        (
            "update award_feeds set skipped_days = 1",
            "streak differs from its sign-ins",
        ),
        (
            "insert into covered_days values (1, '2026-11-20')",
            "sign-in after the end of its streak",
        ),
        (
            "update award_feeds set streak_length = 1; update awards set business_day = '2026-11-17' where award_id = 1001;
             insert into bridged_days values ('2026-11-18', 'x', 'x', '2026-11-19Z')",
            "streak broken by a bridged day",
        ),
        (
            "insert into covered_days values (1, '2026-11-17', '2026-11-18Z', '2026-11-18', 1)",
            "day made up beyond its rule",
        ),
        (
            "alter table rule_versions drop constraint only_sign_in_forgives;
             update rule_versions set make_up_days = 7, make_up_limit = 1;
             insert into covered_days select 1, day, '2026-11-18Z', '2026-11-18', 1 from unnest('{2026-11-13,2026-11-14}'::date[]) day",
            "day made up beyond its rule",
        ),
        (
            "drop index bonuses_once;
             update awards set award_type = 'BONUS', source = 'streak', source_key = '2026-11-18:1' where item = 'sign_in'",
            "bonus paid twice for one length of a streak",
        ),
        (
            "insert into covered_days values (3, '2026-11-19')",
            "row of an unknown user",
        ),
        (
            "update awards set source_key = '2026-11-17' where award_id = 1001",
            "sign-in with a key",
        ),
        (
            "update awards set amount = 50 where award_id = 1003",
            "award differs from its rule",
        ),
        (
            "update awards set coin_id = '2' where award_id = 1003",
            "award differs from its rule",
        ),
        (
            "update awards set award_type = 'NEWBEE' where award_id = 1003",
            "award differs from its rule",
        ),
        (
            "update daily_counters set count = 2",
            "daily counter differs from its awards",
        ),
        (
            "delete from invitation_codes where user_id = 2",
            "user without exactly one invitation code",
        ),
        (
            "insert into invitation_codes values ('C', 2)",
            "user without exactly one invitation code",
        ),
        (
            "insert into retired_invitation_codes values (sha256('A'))",
            "retired invitation code in use",
        ),
        (
            "update users set erased_at = '2026-11-19Z' where user_id = 1",
            "erased user with texts of the host application",
        ),
        ("delete from invitation_links", "binding differs between its tables"),
        ("delete from invitation_children", "binding differs between its tables"),
        (
            "update invitation_children set bound_at = '2026-11-18Z'",
            "binding differs between its tables",
        ),
        (
            "update users set children_count = 0",
            "number of children differs from the children",
        ),
        (
            "update users set children_count = 1 where user_id = 2",
            "number of children differs from the children",
        ),
        (
            "update awards set rule_version = 2 where award_id = 1003",
            "award without its rule version",
        ),
        (
            "update awards set item = 'gone' where award_id = 1003",
            "award without its rule version",
        ),
        (
            "update awards set changed_in = 1 where award_id = 1003",
            "change of an award beyond its feed",
        ),
        (
            "update award_feeds set last_change = 1; update awards set changed_in = 1",
            "two awards with one change number",
        ),
        (
            "insert into host_event_marks values (1, 1000, 0)",
            "feed of the host application is ahead of the changes",
        ),
        (
            "insert into host_events (kind, user_id, award_id, occurred_at, logged_at)
             values ('AWARD_MADE', 1, 999, '2026-11-19Z', '2026-11-19Z')",
            "event of the feed without its award",
        ),
        (
            "insert into host_events (kind, user_id, award_id, occurred_at, logged_at)
             select 'AWARD_MADE', 1, 1001, '2026-11-19Z', '2026-11-19Z' from generate_series(1, 2)",
            "change of an award twice in the feed",
        ),
        (
            "insert into awards (user_id, settles_at, created_at, updated_at, business_day, award_type, amount, source,
                                 source_key, item, coin_id)
             values (1, '2026-11-18Z', '2026-11-18Z', '2026-11-18Z', '2026-11-18', 'GRANT', 5, 'grant', '1-1', 'grant', '1')",
            "grant differs from its awards",
        ),
        (
            "insert into grants (idempotency_key, content_hash, state, reason, line_count, award_count, requested_by,
                                 requested_at, business_day)
             values ('k', sha256(''), 'GRANTED', 'x', 1, 1, 'key:x', '2026-11-18Z', '2026-11-18')",
            "grant differs from its awards",
        ),
        (
            "insert into budget_slots values ('sign_in', '1', '2026-11-19', 0, 5, 5)",
            "budget differs from its awards",
        ),
        (
            "update rule_versions set day_budget = 100 where item = 'join_group'",
            "budget differs from its awards",
        ),
        ("delete from users where user_id = 2", "row of an unknown user"),
        (
            "insert into balances values (3, '1', 5, '2026-11-19Z')",
            "row of an unknown user",
        ),
        (
            "insert into sessions values (sha256(''), 3, 'issued', '2026-11-19Z', '2026-11-20Z')",
            "row of an unknown user",
        ),
        (
            "update invitations set parent_id = null, parent_code = null, bound_at = null",
            "binding differs between its tables",
        ),
        ("delete from invitation_children", "invitation award without its binding"),
        (
            "update qualifications set award_id = 1001 where user_id = 2",
            "qualified invitee without the award",
        ),
        (
            "update rule_versions set friends = 3 where item = 'invite_two'; update awards set source_key = 'friends' where award_id = 1005",
            "qualified invitee without the award",
        ),
        (
            "update qualifications set state = 'EXPIRED', award_id = null where user_id = 2",
            "invitation award without the deeds",
        ),
        (
            "update rule_versions set sign_in_days = 2 where item = 'invite_two'",
            "invitation award without the deeds",
        ),
        (
            "update qualifications set state = 'PENDING', decided_at = null, award_id = null where user_id = 2",
            "invitee with all deeds is not qualified",
        ),
        (
            "update rule_versions set lifetime_limit = 1 where item = 'invite_two';
             update awards set item = 'invite_two', rule_version = 1 where award_id = 1004",
            "lifetime limit exceeded",
        ),
        (
            "update rule_versions set target_rule = 'ONCE' where item = 'join_group';
             update awards set target_id = '7' where award_id = 1003;
             insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                                 business_day, settles_at, created_at, updated_at)
             values (1, 'join_group', '8', 'join_group', 'DAILY', 1, 10, '1', '7', '2026-11-19', '2026-11-19Z', '2026-11-19Z',
                     '2026-11-19Z')",
            "target paid more than once",
        ),
        (
            "create or replace view invariant_violations as
             select 'something new' as violation, 'somewhere' as detail",
            "any other invariant",
        ),
    ] {
        let app = TestApp::in_process().await;
        app.database().books_may_be_wrong();
        app.pool().execute(BOOKS).await.unwrap();
        // Past everything that guards the books.
        let mut connection = app.pool().acquire().await.unwrap();
        connection
            .execute("set session_replication_role = replica")
            .await
            .unwrap();
        connection.execute(damage).await.unwrap();
        let found = report(AuditBooks::SCHEDULED.run(context(&app, "audit").await).await.unwrap());
        assert!(found["violated"][name].as_i64() > Some(0), "{damage}: {found}");
    }
}
