//! Report of a settlement run, saved with every batch, so that it is correct even if another process finishes the run.

use crate::store::bounded::PgPool;
use serde::{Deserialize, Serialize};

use crate::service::jobs::coin_sums::CoinSums;
use crate::store::settlement::{self, Settled};

/// Maximum number of parked awards that are listed; the rest are counted.
const NAMED: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    pub settled: i64,
    /// Number of parked awards that wait for an operator at the end of the run, counted up to 10,000.
    pub parked: i64,
    /// Number of awards parked by this run.
    pub newly_parked: i64,
    pub batches: i64,
    pub sums: CoinSums,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parked_awards: Vec<Parked>,
}

/// An award that could not be paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parked {
    pub user_id: i64,
    pub award_id: i64,
    pub error: String,
}

impl Report {
    pub fn add(&mut self, batch: &Settled) {
        self.settled += batch.award_count;
        self.batches += i64::from(batch.award_count > 0);
        for (coin, amount) in &batch.sums {
            self.sums.add(coin, *amount);
        }
    }

    pub fn park(&mut self, award: Parked) {
        self.parked += 1;
        self.newly_parked += 1;
        if self.parked_awards.len() < NAMED {
            self.parked_awards.push(award);
        }
    }

    /// Counts and lists the waiting parked awards, including those of earlier runs. Awards parked by a dry run are
    /// rolled back but still counted.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn count_waiting(&mut self, pool: &PgPool, dry_run: bool) -> sqlx::Result<()> {
        let rolled_back = if dry_run { self.newly_parked } else { 0 };
        let waiting = settlement::parked_summary(pool).await?.count;
        self.parked = waiting + rolled_back;
        if waiting > 0 && self.parked_awards.len() < NAMED {
            for award in settlement::parked(pool, NAMED as i64).await? {
                let is_named = self.parked_awards.iter().any(|named| named.award_id == award.award_id);
                if !is_named && self.parked_awards.len() < NAMED {
                    self.parked_awards.push(Parked {
                        user_id: award.user_id,
                        award_id: award.award_id,
                        error: award.error,
                    });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::messages::Message;
    use crate::service::jobs::Job;
    use crate::service::jobs::settle_awards::SettleAwards;

    #[test]
    fn sums_are_by_coin_and_empty_batches_are_not_counted() {
        let mut report = Report::default();
        for award_count in [2, 2, 0] {
            report.add(&Settled {
                award_count,
                sums: vec![("1".to_owned(), Decimal::new(105 * award_count, 1))],
                next: None,
            });
        }
        assert_eq!((report.settled, report.batches), (4, 2));
        assert_eq!(report.sums.0["1"], "42.0000");
    }

    #[test]
    fn parked_awards_are_reported_and_waiting_ones_have_no_effect() {
        let award = Parked {
            user_id: 1,
            award_id: 2,
            error: "too much".to_owned(),
        };
        let mut report = Report {
            parked: 2,
            parked_awards: vec![award.clone()],
            ..Report::default()
        };
        assert_eq!(SettleAwards::summary(&report), ["2 awards parked in total"]);
        assert!(!SettleAwards::had_effect(&report));
        report.park(award);
        assert_eq!(
            SettleAwards::summary(&report),
            ["parked 1 award", "3 awards parked in total"]
        );
        assert!(SettleAwards::had_effect(&report));
        let error = "too much".to_owned();
        assert_eq!(
            SettleAwards::findings(&report),
            [Message::AwardsParked { count: 3, error }]
        );
        assert_eq!(SettleAwards::findings(&Report::default()), []);
    }

    #[test]
    fn settled_awards_are_summarised_with_their_sums() {
        let mut report = Report {
            settled: 1_200,
            batches: 3,
            ..Report::default()
        };
        report.sums.add("1", Decimal::new(120_005, 1));
        assert_eq!(
            SettleAwards::summary(&report),
            ["settled 1,200 awards: 12,000.5000 of coin 1"]
        );
        assert!(SettleAwards::summary(&Report::default()).is_empty());
    }
}
