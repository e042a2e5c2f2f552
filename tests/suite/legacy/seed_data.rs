//! The data behind the samples of the source document: user 17 on 17 November 2019.

use crate::support::app::{TestApp, TestUser};

/// Half past six in the evening of that day in Shanghai, after the last sample's award.
const THAT_EVENING: &str = "2019-11-17T10:30:00Z";

/// A server on that evening, and user 17: four imported awards that are settled, and one child.
pub async fn furnished() -> (TestApp, TestUser) {
    let app = TestApp::builder().at(THAT_EVENING).start().await;
    let user = app.add_user(17).await;
    app.add_user(9).await;
    app.sql(
        "insert into awards (user_id, award_id, source, source_key, item, award_type, rule_version, amount, coin_id,
                             target_id, status, business_day, settles_at, created_at, updated_at)
         select 17, old.id, 'import', old.id::text, item, award_type, version, amount, coin_id,
                old.target_id, 'SETTLED', '2019-11-17', at, at, at
         from (values (19, 'join_group', '19', 1573985312),
                      (20, 'join_group', '19', 1573985412),
                      (21, 'join_group', '19', 1573985533),
                      (22, 'set_fomo_id', null, 1573986332)) old (id, item, target_id, seconds)
         join current_rules using (item)
         cross join lateral (select to_timestamp(old.seconds) as at) instant;
         insert into ledger_entries (user_id, award_id, kind, coin_id, amount, posted_at)
         select user_id, award_id, 'SETTLE', coin_id, amount, created_at from awards;
         insert into balances (user_id, coin_id, settled, updated_at)
         select user_id, coin_id, sum(amount), max(posted_at) from ledger_entries group by user_id, coin_id;
         select setval('award_ids', 22);

         update users set name = '物资需' where user_id = 9;
         update invitations child
         set parent_id = 17, parent_code = parent.code, bound_at = child.created_at, class = 1
         from invitations parent where child.user_id = 9 and parent.user_id = 17;
         insert into invitation_children select parent_id, bound_at, user_id from invitations where user_id = 9;
         insert into invitation_links values (9, 17);
         update users set children_count = 1 where user_id = 17",
    )
    .await;
    (app, user)
}
