//! Payment of launched reservation campaigns: exactly one award per place.
//!
//! A sweep over the places of each unpaid campaign, in batches of one transaction each, that creates the missing
//! awards. A run can be killed at any point; the next one continues.

use serde::{Deserialize, Serialize};

use super::coin_sums::CoinSums;
use super::{Backlog, Job, JobContext, ReadContext};
use crate::domain::number::counted;
use crate::domain::reservation::ReservationCampaign;
use crate::store::reservations::payment::{self, PaidBatch};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Number of awards created.
    paid: i64,
    batches: i64,
    /// Number of campaigns in which every place now has its award.
    campaigns: i64,
    sums: CoinSums,
    /// Position of the sweep in its current campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Cursor>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Cursor {
    campaign_id: i64,
    user_id: i64,
}

/// Pays every launched campaign that has a reward.
pub struct PayReservations;

impl Job for PayReservations {
    const NAME: &'static str = "pay_reservations";
    const MANIFEST: &'static str = include_str!("../../../jobs/pay_reservations.toml");

    type Report = Report;

    async fn run(&self, job: &JobContext, report: &mut Report) -> anyhow::Result<()> {
        for campaign in payment::campaigns_to_pay(&job.pool).await? {
            loop {
                job.stop_if_asked()?;
                pay_one_batch(job, &campaign, report).await?;
                if report.cursor.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn had_effect(report: &Report) -> bool {
        report.paid > 0 || report.campaigns > 0
    }

    fn done(report: &Report) -> i64 {
        report.paid
    }

    fn summary(report: &Report) -> Vec<String> {
        let mut said = Vec::new();
        if report.paid != 0 {
            said.push(format!("paid {}{}", counted(report.paid, "place"), report.sums.text()));
        }
        if report.campaigns != 0 {
            said.push(format!("finished {}", counted(report.campaigns, "campaign")));
        }
        said
    }

    async fn backlog(&self, read: &ReadContext<'_>) -> sqlx::Result<Option<Backlog>> {
        Ok(Some(Backlog {
            count: payment::count_unpaid(read.pool).await?,
            unit: "places",
            waiting_since: None,
        }))
    }
}

/// Pays one batch, after the report's cursor if it is of this campaign. The campaign's last batch leaves no cursor.
async fn pay_one_batch(job: &JobContext, campaign: &ReservationCampaign, report: &mut Report) -> anyhow::Result<()> {
    let cursor = report.cursor.filter(|cursor| cursor.campaign_id == campaign.id);
    let after_user = cursor.map_or(0, |cursor| cursor.user_id);
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
    job.commit_batch(batch, report).await?;
    job.notify_of_changes().await;
    Ok(())
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
}
