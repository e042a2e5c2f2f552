//! Writes and runs the statement for a set of parts.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use crate::store::bounded::PgPool;
use quick_cache::sync::Cache;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Row};

use super::column::Column;
use super::{Answer, Ask, Part};

/// Answers of a statement by query. A row that cannot be decoded fails only its own query.
pub type Answers = HashMap<Ask, sqlx::Result<Answer>>;

/// SQL texts of sets of parts, by their bits: a constant text is prepared once per connection. Clients choose the
/// sets, so the number of cached texts is bounded.
static TEXTS: LazyLock<Cache<u32, Arc<str>>> = LazyLock::new(|| Cache::new(256));

/// Queries grouped by part; the index of a query in its group is its slot.
#[derive(Default)]
pub struct Grouped {
    groups: [Vec<Ask>; Part::ALL.len()],
}

impl Grouped {
    /// Groups queries without duplicates.
    pub fn new(asks: impl IntoIterator<Item = Ask>) -> Self {
        let mut seen = std::collections::HashSet::new();
        let mut grouped = Self::default();
        for ask in asks {
            if seen.insert(ask) {
                grouped.groups[ask.part as usize].push(ask);
            }
        }
        grouped
    }

    /// Iterates over the parts with at least one query.
    fn parts(&self) -> impl Iterator<Item = (Part, &[Ask])> {
        Part::ALL
            .into_iter()
            .map(|part| (part, self.groups[part as usize].as_slice()))
            .filter(|(_, asks)| !asks.is_empty())
    }

    /// Splits the queries into one statement per part.
    pub fn split(self) -> Vec<Self> {
        let mut split = Vec::new();
        for (place, asks) in self.groups.into_iter().enumerate().filter(|(_, asks)| !asks.is_empty()) {
            let mut alone = Self::default();
            alone.groups[place] = asks;
            split.push(alone);
        }
        split
    }

    /// Returns the number of parts with at least one query.
    pub fn part_count(&self) -> usize {
        self.parts().count()
    }

    /// Iterates over all distinct queries.
    pub fn asks(&self) -> impl Iterator<Item = Ask> {
        self.groups.iter().flatten().copied()
    }

    /// Runs the queries in one statement.
    ///
    /// # Errors
    /// Returns an error if the database query fails.
    pub async fn run(&self, pool: &PgPool) -> sqlx::Result<Answers> {
        let mut arguments = PgArguments::default();
        for (part, asks) in self.parts() {
            for argument in part.spec().asked {
                argument.bind(asks, &mut arguments).map_err(sqlx::Error::Encode)?;
            }
        }
        // Safe: the text consists of constants of this program only.
        let rows = sqlx::query_with(AssertSqlSafe(self.text()), arguments)
            .fetch_all(pool)
            .await?;
        self.read(&rows)
    }

    fn read(&self, rows: &[PgRow]) -> sqlx::Result<Answers> {
        let mut answers: [Vec<sqlx::Result<Answer>>; Part::ALL.len()] = std::array::from_fn(|place| {
            let empty = Part::ALL[place].spec().empty;
            self.groups[place].iter().map(|_| Ok(empty())).collect()
        });
        for row in rows {
            let (place, slot) = (
                row.try_get::<i16, _>(0)? as usize,
                row.try_get::<i64, _>(1)? as usize - 1,
            );
            let answer = &mut answers[place][slot];
            if let Ok(so_far) = answer
                && let Err(error) = (Part::ALL[place].spec().take)(&self.groups[place][slot], so_far, row)
            {
                *answer = Err(error);
            }
        }
        let answers = answers.into_iter().flatten().map(|mut answer| {
            answer.iter_mut().for_each(Answer::arrange);
            answer
        });
        Ok(self.asks().zip(answers).collect())
    }

    fn text(&self) -> Arc<str> {
        let bits = self.parts().fold(0, |bits, (part, _)| bits | 1_u32 << part as u8);
        match TEXTS.get(&bits) {
            Some(text) => text,
            None => {
                let text: Arc<str> = self.write().into();
                TEXTS.insert(bits, text.clone());
                text
            }
        }
    }

    fn write(&self) -> String {
        let mut text = String::new();
        let mut placeholders = 1..;
        for (part, _) in self.parts() {
            if !text.is_empty() {
                text.push_str("\nunion all\n");
            }
            write_part(&mut text, part, &mut placeholders).expect("writing to a string does not fail");
        }
        text
    }
}

fn write_part(text: &mut String, part: Part, placeholders: &mut impl Iterator<Item = usize>) -> std::fmt::Result {
    let spec = part.spec();
    write!(text, "select {}::int2 as part, asked.slot", part as u8)?;
    for (column, sql_type) in Column::ALL {
        match spec.columns.iter().find(|(filled, _)| *filled == column) {
            Some((_, expression)) => write!(text, ", {expression}")?,
            None => write!(text, ", null::{sql_type}")?,
        }
    }
    text.push_str("\nfrom unnest(");
    for (place, argument) in spec.asked.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        let number = placeholders.next().expect("placeholder numbers are unbounded");
        write!(text, "{comma}${number}::{}[]", argument.declaration().1)?;
    }
    text.push_str(") with ordinality as asked(");
    for argument in spec.asked {
        write!(text, "{}, ", argument.declaration().0)?;
    }
    write!(text, "slot)\n{}", spec.from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;

    #[test]
    fn a_statement_numbers_its_parameters_and_fills_all_columns() {
        let grouped = Grouped::new([
            Ask::profile(UserId(7)),
            Ask::children_total(UserId(7)),
            Ask::profile(UserId(7)),
        ]);
        assert_eq!(grouped.asks().count(), 2, "equal queries are merged");
        let text = grouped.write();
        assert!(
            text.contains("unnest($1::int8[])") && text.contains("unnest($2::int8[])"),
            "{text}"
        );
        assert_eq!(text.matches("union all").count(), 1);
    }
}
