//! Balance sheet of an import as text.

use rust_decimal::Decimal;

use crate::cli::table::{Rows, grouped};
use crate::domain::money::wire_amount;
use crate::domain::number::grouped_amount;
use crate::service::import::sheet::{Difference, FIGURES, Sheet};

/// Returns the sheet before and after the import, and the totals of the old system if they are given.
pub(super) fn text(before: &Sheet, after: &Sheet, totals: Option<&Sheet>) -> String {
    let mut header = vec!["BALANCE SHEET", "BEFORE", "AFTER"];
    header.extend(totals.map(|_| "OLD SYSTEM"));
    let mut rows = Rows::new(&header);
    let mut add = |name: String, before: String, after: String, given: Option<String>| {
        let mut row = vec![name, before, after];
        row.extend(totals.map(|_| given.unwrap_or_else(|| "-".to_owned())));
        rows.add(row);
    };
    let number = |number: Option<i64>| grouped(number.unwrap_or(0));
    add(
        "users".to_owned(),
        number(before.users),
        number(after.users),
        totals.and_then(|totals| totals.users).map(grouped),
    );
    add(
        "bindings".to_owned(),
        number(before.bindings),
        number(after.bindings),
        totals.and_then(|totals| totals.bindings).map(grouped),
    );
    let given_coins = totals.iter().flat_map(|totals| totals.coins.keys());
    let mut coins: Vec<&String> = before
        .coins
        .keys()
        .chain(after.coins.keys())
        .chain(given_coins)
        .collect();
    coins.sort_unstable();
    coins.dedup();
    for coin in coins {
        for name in FIGURES {
            let (old, new) = (before.sum(coin, name), after.sum(coin, name));
            let given = totals.and_then(|totals| totals.coins.get(coin)?.get(name));
            if old == (0, Decimal::ZERO) && new == old && given.is_none() {
                continue;
            }
            let both = |(count, amount): (i64, Decimal)| format!("{} ({})", shown(amount), grouped(count));
            let given = given.map(|sum| {
                let amount = sum
                    .amount
                    .as_deref()
                    .map(|_| totals.map_or(Decimal::ZERO, |totals| totals.sum(coin, name).1));
                match (amount, sum.count) {
                    (Some(amount), Some(count)) => both((count, amount)),
                    (Some(amount), None) => shown(amount),
                    (None, Some(count)) => format!("({})", grouped(count)),
                    (None, None) => "-".to_owned(),
                }
            });
            add(format!("coin {coin}, {name}"), both(old), both(new), given);
        }
    }
    rows.into_text()
}

fn shown(amount: Decimal) -> String {
    grouped_amount(&wire_amount(amount))
}

/// Returns the differences as lines.
pub(super) fn list(differences: &[Difference]) -> String {
    let mut rows = Rows::new(&["DIFFERENCE", "OLD SYSTEM", "NEWBEE"]);
    for difference in differences {
        rows.add([&difference.figure, &difference.given, &difference.newbee]);
    }
    rows.into_text()
}
