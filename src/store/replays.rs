//! Awards of past days, for the replay of a rule.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgExecutor;

use crate::domain::replay::PastDay;
use crate::domain::rule::RuleTerms;
use crate::store::unnamed::Unnamed;

/// Returns the awards of an item on each day of a range, and how many of them fit the window and the daily limit of
/// proposed terms. Days without awards are included.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn past_days(
    connection: impl PgExecutor<'_>,
    item: &str,
    terms: &RuleTerms,
    first: NaiveDate,
    last: NaiveDate,
) -> sqlx::Result<Vec<PastDay>> {
    let rows = sqlx::query!(
        r#"with each as (
               select business_day, user_id, coin_id, count(*) as made, sum(amount) as paid,
                      count(*) filter (where ($4::timestamptz is null or created_at >= $4)
                                         and ($5::timestamptz is null or created_at < $5)) as fitting
               from awards
               where item = $1 and source <> 'import' and business_day between $2 and $3
               group by business_day, user_id, coin_id
           )
           select business_day, coin_id, sum(made)::bigint as "made!", sum(paid) as "paid!",
                  sum(least(fitting, $6::integer))::bigint as "fitting!"
           from each group by business_day, coin_id order by business_day, coin_id"#,
        item,
        first,
        last,
        terms.opens_at,
        terms.closes_at,
        terms.daily_limit
    )
    .fetch_all(Unnamed(connection))
    .await?;
    let empty = |day| PastDay {
        day,
        award_count: 0,
        paid: Vec::new(),
        fitting_count: 0,
    };
    let days = first.iter_days().take_while(|day| *day <= last);
    let mut days: BTreeMap<NaiveDate, PastDay> = days.map(|day| (day, empty(day))).collect();
    for row in rows {
        let day = days.entry(row.business_day).or_insert_with(|| empty(row.business_day));
        day.award_count += row.made;
        day.fitting_count += row.fitting;
        day.paid.push((row.coin_id, row.paid));
    }
    Ok(days.into_values().collect())
}
