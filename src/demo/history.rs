//! History of the demo's users in the month before today: bindings and daily awards.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::people::{INVITED, INVITER, REGULAR, friend_ids};
use crate::domain::business_day::Calendar;
use crate::domain::id::UserId;
use crate::domain::streak::Streak;
use crate::store::demo::{HistoricalAward, HistoricalBinding, HistoricalStreak};

/// Generated history of a month, to be inserted in a few statements.
#[derive(Debug, Default)]
pub(super) struct History {
    pub bindings: Vec<HistoricalBinding>,
    pub awards: Vec<HistoricalAward>,
    pub streaks: Vec<HistoricalStreak>,
}

/// Generates the history from `first_day` to the day before `today`.
pub(super) fn write(calendar: Calendar, first_day: NaiveDate, today: NaiveDate) -> History {
    let days: Vec<NaiveDate> = first_day.iter_days().take_while(|day| *day < today).collect();
    let mut history = History::default();
    let mut streaks: BTreeMap<UserId, Streak> = BTreeMap::new();
    // The inviter's children are spread evenly over the days, about seven a day.
    let children: Vec<UserId> = std::iter::once(INVITED).chain(friend_ids()).collect();
    let children_a_day = children.len().div_ceil(days.len());

    for (number, &day) in days.iter().enumerate() {
        let mut today = Day {
            starts_at: calendar.day_starts_at(day),
            day,
            minutes: 0,
            history: &mut history,
        };
        for child in children.iter().skip(number * children_a_day).take(children_a_day) {
            today.bind(*child);
            today.award(*child, "set_fomo_id", "", None);
        }
        if number == 0 {
            today.award(REGULAR, "set_fomo_id", "", None);
            today.award(INVITER, "set_fomo_id", "", None);
        }
        // One day was missed ten days ago, so the regular user's streak is shorter than the month.
        let missed = number + 10 == days.len();
        let joined = children.iter().take((number + 1) * children_a_day);
        let come_back = joined
            .enumerate()
            .filter(|(place, _)| (place + number) % 3 == 0)
            .map(|(_, child)| *child);
        let signed_in: Vec<UserId> = [REGULAR, INVITER]
            .into_iter()
            .filter(|_| !missed)
            .chain(come_back)
            .collect();
        for user in signed_in {
            today.award(user, "sign_in", "", None);
            let day_before = day.pred_opt().unwrap_or(day);
            let streak = Streak::after(streaks.get(&user).copied(), day, day_before, &[day_before], None);
            streaks.insert(user, streak);
        }
        for group in 0..number % 4 {
            let group = format!("{}", 19 + group);
            today.award(REGULAR, "join_group", &group, Some(group.clone()));
        }
    }
    history.streaks = streaks
        .into_iter()
        .map(|(user_id, streak)| HistoricalStreak { user_id, streak })
        .collect();
    history
}

/// Day being generated. Events are a minute apart, starting at nine in the morning.
struct Day<'a> {
    starts_at: DateTime<Utc>,
    day: NaiveDate,
    minutes: i64,
    history: &'a mut History,
}

impl Day<'_> {
    fn next_instant(&mut self) -> DateTime<Utc> {
        self.minutes += 1;
        self.starts_at + TimeDelta::hours(9) + TimeDelta::minutes(self.minutes)
    }

    fn award(&mut self, user_id: UserId, item: &'static str, source_key: &str, target_id: Option<String>) {
        let made_at = self.next_instant();
        let source_key = source_key.to_owned();
        self.history.awards.push(HistoricalAward {
            user_id,
            item,
            source_key,
            target_id,
            day: self.day,
            made_at,
        });
    }

    fn bind(&mut self, child: UserId) {
        let bound_at = self.next_instant();
        self.history.bindings.push(HistoricalBinding {
            user_id: child,
            parent_id: INVITER,
            bound_at,
        });
        let child = child.0.to_string();
        self.award(INVITER, "invite_friend", &child, Some(child.clone()));
    }
}
