//! Whole replies below `me`, and the statements that they take.

mod batches;
mod failures;
mod replies;
mod statements;
mod viewers;

use newbee::domain::id::UserId;

use crate::support::world::{VIEWER, World};

pub const WHOLE_ME: &str = "{
  clock { serverTime businessDay timeZone nextDayAt }
  me {
    id name portraitUri
    newbeeAwards { ...award }
    todayAwards { ...award }
    awards(first: 2, type: DAILY) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage } }
    todayTasks { item type amount coinId done limit remaining state nextEligibleAt }
    signIn { signedInToday streak award { id } nextSignInAt }
    balances { coinId settled pending }
    invitation { code class parentId parentCode boundAt }
    children(first: 20) { totalCount nodes { id name portraitUri boundAt childrenCount } }
  }
}

fragment award on Award { id item type amount coinId targetId status businessDay settlesAt createdAt updatedAt }";

/// The viewer with something of everything.
pub async fn furnish(world: &World) {
    for (id, name) in [(9, "物资需"), (21, "first"), (22, "second"), (23, "grandchild")] {
        world.add_user(UserId(id), name).await;
    }
    world.bind(VIEWER, UserId(9), "01:00:00").await;
    world.bind(UserId(21), VIEWER, "02:00:00").await;
    world.bind(UserId(22), VIEWER, "02:30:00").await;
    world.bind(UserId(23), UserId(21), "02:45:00").await;
    world.award(VIEWER, "set_fomo_id", "2026-11-01", None).await;
    world.award(VIEWER, "join_group", "2026-11-21", Some("18")).await;
    for target in ["19", "20"] {
        world.award(VIEWER, "join_group", "2026-11-22", Some(target)).await;
    }
    world.award(VIEWER, "sign_in", "2026-11-22", None).await;
    world.award(UserId(21), "set_fomo_id", "2026-11-22", None).await;
    world
        .sql(
            "insert into award_feeds values (17, 0, '2026-11-22', 4);
             insert into ledger_entries values (17, 1, 'SETTLE', '1', 10, null, '2026-11-02Z');
             insert into balances values (17, '1', 10, '2026-11-02Z');
             update awards set status = 'SETTLED', changed_in = changed_in + 1 where award_id = 1",
        )
        .await;
}
