//! Reading the log.

use chrono::NaiveDate;
use sqlx::PgExecutor;

use crate::domain::award::AwardType;
use crate::domain::host_event::{EventAward, EventCampaign, EventDay, EventId, EventTotal, HostEvent, HostEventKind};
use crate::domain::id::{AwardId, UserId};

/// Returns the events after one, up to `through` and at most `limit`, in their order. `kinds` selects some kinds. The
/// totals of closed days are empty: see [`day_totals`].
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn after(
    connection: impl PgExecutor<'_>,
    after: EventId,
    through: EventId,
    kinds: Option<&[HostEventKind]>,
    limit: i64,
) -> sqlx::Result<Vec<HostEvent>> {
    let kinds: Option<Vec<&str>> = kinds.map(|kinds| kinds.iter().map(|kind| kind.name()).collect());
    let rows = sqlx::query!(
        r#"select e.event_id, e.kind::text as "kind!: HostEventKind", e.occurred_at, e.user_id, e.campaign_id,
                  e.business_day, a.award_id as "award_id?", a.item as "item?",
                  a.award_type::text as "award_type?: AwardType", a.amount as "amount?", a.coin_id as "coin_id?",
                  a.target_id, a.business_day as "award_day?", i.parent_id, c.campaign_key as "campaign_key?"
           from (select * from host_events
                 where event_id > $1 and event_id <= $2 and ($3::text[] is null or kind::text = any ($3))
                 order by event_id limit $4) e
           left join awards a on (a.user_id, a.award_id) = (e.user_id, e.award_id)
           left join invitations i on i.user_id = e.user_id and e.kind = 'INVITATION_BOUND'
           left join reservation_campaigns c on c.campaign_id = e.campaign_id and e.kind <> 'WORD_CLAIMED'
           order by e.event_id"#,
        after.0,
        through.0,
        kinds as _,
        limit
    )
    .fetch_all(connection)
    .await?;
    let events = rows.into_iter().map(|row| {
        let award = || {
            Some(EventAward {
                id: AwardId(row.award_id?),
                item: row.item?,
                award_type: row.award_type?,
                amount: row.amount?,
                coin_id: row.coin_id?,
                target_id: row.target_id,
                business_day: row.award_day?,
            })
        };
        let noun = match row.kind {
            HostEventKind::WordClaimed => "word",
            _ => "reservation",
        };
        HostEvent {
            id: EventId(row.event_id),
            kind: row.kind,
            occurred_at: row.occurred_at,
            user_id: row.user_id.map(UserId),
            award: award(),
            parent_id: row.parent_id.map(UserId),
            campaign: row.campaign_id.map(|id| EventCampaign {
                id: format!("{noun}_{id}"),
                key: row.campaign_key,
            }),
            day: row.business_day.map(|day| EventDay {
                day,
                totals: Vec::new(),
            }),
        }
    });
    Ok(events.collect())
}

/// Returns the totals of closed days, by day, item and coin.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn day_totals(
    connection: impl PgExecutor<'_>,
    days: &[NaiveDate],
) -> sqlx::Result<Vec<(NaiveDate, EventTotal)>> {
    let rows = sqlx::query!(
        "select day, item, coin_id, award_count, amount from business_day_totals where day = any ($1)
         order by day, item, coin_id",
        days
    )
    .fetch_all(connection)
    .await?;
    let totals = rows.into_iter().map(|row| {
        let total = EventTotal {
            item: row.item,
            coin_id: row.coin_id,
            award_count: row.award_count,
            amount: row.amount,
        };
        (row.day, total)
    });
    Ok(totals.collect())
}
