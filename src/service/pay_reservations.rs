//! Payment of launched reservation campaigns: exactly one award per place.
//!
//! A sweep over the places of each unpaid campaign, in batches of one transaction each, that creates the missing
//! awards. A run can be killed at any point; the next one continues.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::coin_sums::CoinSums;
use crate::domain::reservation::ReservationCampaign;
use crate::service::job::{JobContext, JobEnd};
use crate::store::reservations::payment::{self, PaidBatch};

/// The report; also the progress of an unfinished run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Report {
    /// Number of awards created.
    paid: i64,
    batches: i64,
    /// Number of campaigns in which every place now has its award.
    campaigns: i64,
    sums: CoinSums,
    /// Position of the sweep in its current campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<Cursor>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Cursor {
    campaign_id: i64,
    user_id: i64,
}

/// Pays every launched campaign that has a reward.
///
/// # Errors
/// If the lease is lost or the database fails.
pub async fn pay_reservations(job: JobContext) -> anyhow::Result<JobEnd> {
    let mut report = match &job.progress {
        Some(progress) => Report::deserialize(progress)?,
        None => Report::default(),
    };
    for campaign in payment::campaigns_to_pay(&job.pool).await? {
        loop {
            if job.is_stopping() {
                return Ok(JobEnd::Interrupted);
            }
            let after_user = report
                .cursor
                .filter(|cursor| cursor.campaign_id == campaign.id)
                .map_or(0, |cursor| cursor.user_id);
            report = pay_one_batch(&job, &campaign, after_user, report).await?;
            if report.cursor.is_none() {
                break;
            }
        }
    }
    Ok(JobEnd::Done(report.to_json()))
}

/// Pays one batch and returns the updated report; without a cursor if it was the campaign's last batch.
async fn pay_one_batch(
    job: &JobContext,
    campaign: &ReservationCampaign,
    after_user: i64,
    mut report: Report,
) -> anyhow::Result<Report> {
    let now = job.calendar.moment(job.clock.now());
    let limit = i64::from(job.batch_size);
    let mut batch = job.begin_batch().await?;
    let paid = payment::pay_batch(&mut batch, campaign.id, after_user, limit, now).await?;
    report.add(campaign, &paid);
    // A batch below the limit is the last one.
    if paid.places < limit {
        payment::mark_paid(&mut batch, campaign.id, now.at).await?;
        report.campaigns += 1;
        report.cursor = None;
    }
    job.commit_batch(batch, &report.to_json()).await?;
    Ok(report)
}

impl Report {
    fn add(&mut self, campaign: &ReservationCampaign, batch: &PaidBatch) {
        self.paid += batch.awards;
        self.batches += i64::from(batch.places > 0);
        if let Some(reward) = campaign.terms.reward.as_ref().filter(|_| batch.awards > 0) {
            self.sums.add(&reward.coin_id, batch.amount);
        }
        self.cursor = batch.last_user_id.map(|user_id| Cursor {
            campaign_id: campaign.id,
            user_id,
        });
    }

    fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a report is plain data")
    }
}
