//! `get_newbee_award` and `get_today_award`: awards of a user of one type.

use serde::Serialize;

use crate::domain::award::{Award, AwardType};
use crate::domain::id::UserId;
use crate::domain::money::wire_amount;
use crate::http::legacy::call::{Call, CallError};
use crate::loaders::Part;
use crate::loaders::me::awards::{ReadNewbeeAwards, ReadTodayAwards};

/// Awards, in ascending order of ID.
#[derive(Serialize)]
pub struct AwardLogs {
    award_logs: Vec<AwardLog>,
}

/// All fields are strings and times are Unix seconds; `target_id` is "0" for an award without a target.
#[derive(Serialize)]
struct AwardLog {
    id: String,
    user_id: String,
    award_item: String,
    award_type: &'static str,
    amount: String,
    coin_id: String,
    target_id: String,
    status: String,
    create_time: String,
    update_time: String,
}

/// Returns the awards of the user for `get_newbee_award`.
///
/// # Errors
/// Status 2 or 3 without a valid session key.
pub async fn get_newbee_award(call: &Call<'_>) -> Result<AwardLogs, CallError> {
    let user = call.user().await?;
    award_logs(call, user, ReadNewbeeAwards).await
}

/// Returns the awards of the user on the current business day.
///
/// # Errors
/// Status 2 or 3 without a valid session key.
pub async fn get_today_award(call: &Call<'_>) -> Result<AwardLogs, CallError> {
    let user = call.user().await?;
    let day = call.moment.day;
    award_logs(call, user, ReadTodayAwards { day }).await
}

async fn award_logs(
    call: &Call<'_>,
    user: UserId,
    part: impl Part<Value = Vec<Award>>,
) -> Result<AwardLogs, CallError> {
    let awards = call.state.reads.read(user, part).await?;
    Ok(AwardLogs {
        award_logs: awards.into_iter().map(AwardLog::from).collect(),
    })
}

impl From<Award> for AwardLog {
    fn from(award: Award) -> Self {
        Self {
            id: award.id.0.to_string(),
            user_id: award.user_id.0.to_string(),
            award_item: award.item,
            award_type: type_name(award.award_type),
            amount: wire_amount(award.amount),
            coin_id: award.coin_id,
            target_id: award.target_id.unwrap_or_else(|| "0".to_owned()),
            status: (award.status as i16).to_string(),
            create_time: award.created_at.timestamp().to_string(),
            update_time: award.updated_at.timestamp().to_string(),
        }
    }
}

fn type_name(award_type: AwardType) -> &'static str {
    match award_type {
        AwardType::Newbee => "newbee",
        AwardType::Daily => "daily",
        AwardType::Invite => "invite",
        AwardType::Word => "word",
        AwardType::Reservation => "reservation",
        AwardType::Bonus => "bonus",
        AwardType::Grant => "grant",
    }
}
