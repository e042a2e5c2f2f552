//! Report of a settlement run, saved with every batch, so that it is correct even if another process finishes the run.

use crate::store::bounded::PgPool;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::service::coin_sums::CoinSums;
use crate::store::settlement::{self, Settled};

/// Maximum number of parked awards that are listed; the rest are counted.
const NAMED: usize = 20;

/// The report; also the progress of an unfinished run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub settled: i64,
    /// Number of parked awards that wait for an operator at the end of the run, counted up to 10,000.
    pub parked: i64,
    /// Number of awards parked by this run.
    #[serde(default)]
    pub newly_parked: i64,
    pub batches: i64,
    pub sums: CoinSums,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    /// Restores the report saved by earlier attempts of the same run.
    ///
    /// # Errors
    /// If the saved progress is malformed.
    pub fn resume(progress: Option<&Value>) -> anyhow::Result<Self> {
        Ok(progress.map(Self::deserialize).transpose()?.unwrap_or_default())
    }

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

    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a report is plain data")
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;

    #[test]
    fn a_resumed_report_goes_on_counting() {
        let batch = Settled {
            award_count: 2,
            sums: vec![("1".to_owned(), Decimal::new(105, 1))],
            next: None,
        };
        let mut first = Report::default();
        first.add(&batch);
        let mut second = Report::resume(Some(&first.to_json())).unwrap();
        second.add(&batch);
        assert_eq!((second.settled, second.batches), (4, 2));
        assert_eq!(second.sums.0["1"], "21.0000");
    }
}
