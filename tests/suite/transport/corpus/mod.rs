//! Ten thousand malformed requests against the real program: nothing breaks, and it is as well as before.
//!
//! They are made from a seed, which is printed; `NEWBEE_TEST_SEED` names another, `NEWBEE_TEST_SCALE` asks for more.

mod case;
mod checker;
mod connection;
mod legacy;
mod queries;
mod random;
mod transport;
mod values;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};

use self::case::{Case, Keys};
use self::random::Random;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, run, serve};
use crate::support::settlement::scale;

const CASES: usize = 12_000;

/// Maximum concurrent cases: far fewer than the server admits, so that a 503 is always an error.
const AT_ONCE: usize = 8;

const SEED: u64 = 20_261_120;

type Generator = fn(&mut Random, &Keys) -> Case;

/// Each as often as it is weighty, out of a hundred.
const GENERATORS: [(usize, Generator); 15] = [
    (26, queries::mutated),
    (5, queries::fragment_bomb),
    (6, queries::repeated),
    (6, values::deep),
    (9, values::letters),
    (7, values::numbers),
    (7, values::wrong_types),
    (2, values::long_lists),
    (5, transport::raw_bytes),
    (5, transport::head_games),
    (5, transport::broken_bodies),
    (4, transport::other_bodies),
    (4, transport::addresses),
    (2, transport::persisted),
    (7, legacy::requests),
];

/// The case of a number, which depends on nothing but number and seed.
fn case(seed: u64, number: usize, keys: &Keys) -> Case {
    let mut random = Random::new(seed ^ (number as u64) << 20);
    let mut at = random.below(GENERATORS.iter().map(|(weight, _)| weight).sum());
    let (_, generate) = GENERATORS
        .iter()
        .find(|(weight, _)| match at.checked_sub(*weight) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        })
        .expect("below the sum of all weights");
    generate(&mut random, keys)
}

/// Result of a case: the first bytes of the replies, or the problem.
async fn try_case(address: &str, seed: u64, number: usize, keys: &Keys) -> (&'static str, Result<Vec<u16>, String>) {
    let case = case(seed, number, keys);
    let outcome = async {
        let replies = connection::send(address, &case).await?;
        replies.iter().try_for_each(checker::judge_reply)?;
        Ok(replies.iter().map(|reply| reply.status).collect())
    };
    let outcome: Result<Vec<u16>, String> = outcome.await;
    let told = outcome.map_err(|wrong| {
        let sent = String::from_utf8_lossy(&case.bytes[..case.bytes.len().min(1_500)]).into_owned();
        format!(
            "case {number} of seed {seed}, {}: {wrong}\nwas sent: {sent:?}",
            case.kind
        )
    });
    (case.kind, told)
}

/// Runs cases and returns how often each kind was answered with each status.
async fn try_cases(
    address: &str,
    seed: u64,
    numbers: std::ops::Range<usize>,
    keys: &Keys,
) -> BTreeMap<(&'static str, u16), usize> {
    let outcomes: Vec<_> = stream::iter(numbers)
        .map(|number| try_case(address, seed, number, keys))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let wrong: Vec<&String> = outcomes
        .iter()
        .filter_map(|(_, outcome)| outcome.as_ref().err())
        .collect();
    let shown = wrong.iter().take(10).map(|wrong| wrong.as_str()).collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} cases are wrong:\n{}",
        wrong.len(),
        shown.join("\n\n")
    );
    let mut counts = BTreeMap::new();
    for (kind, statuses) in outcomes {
        for status in statuses.expect("none is wrong") {
            *counts.entry((kind, status)).or_default() += 1;
        }
    }
    counts
}

async fn make_keys(database: &TestDatabase) -> Keys {
    let output = async |arguments: &[&str]| {
        let (code, output, said) = run(database, arguments).await;
        assert_eq!(code, Some(0), "{said}");
        output.trim().to_owned()
    };
    output(&["user", "add", "1", "--code", "WALK501"]).await;
    Keys {
        session: output(&["session", "issue", "1"]).await,
        admin: output(&["key", "create", "corpus", "--scope", "host", "--scope", "ops-write"]).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_malformed_requests_break_nothing() {
    let seed = std::env::var("NEWBEE_TEST_SEED").map_or(SEED, |seed| seed.parse().expect("a number"));
    let cases = CASES * usize::try_from(scale()).expect("a scale");
    println!("{cases} malformed requests from NEWBEE_TEST_SEED={seed}");
    let database = TestDatabase::create().await;
    let keys = make_keys(&database).await;
    let arguments = ["--scheduler", "off", "--session-rate", "off", "--address-rate", "off"];
    let program = Program::start_logging(serve(&database, &arguments), "info").await;
    let process = program.pid();

    // Caches fill, connections open, the allocator keeps what it had: a quarter of the cases is the warm-up.
    let warm_up = cases / 4;
    let mut counts = try_cases(&program.address, seed, 0..warm_up, &keys).await;
    let warm = program.resident_bytes();
    for (answer, count) in try_cases(&program.address, seed, warm_up..cases, &keys).await {
        *counts.entry(answer).or_default() += count;
    }
    let after = program.resident_bytes();
    println!("resident: {} MiB when warm, {} MiB afterwards", warm >> 20, after >> 20);
    for ((kind, status), count) in &counts {
        println!("{kind:20} {status} {count:6}");
    }
    checker::judge_memory(warm, after).unwrap_or_else(|wrong| panic!("{wrong} (seed {seed})"));

    // It is the same process, it has nothing to report, and it answers.
    assert_eq!(program.pid(), process);
    checker::judge_log(&program.log()).unwrap_or_else(|wrong| panic!("{wrong} (seed {seed})"));
    let (status, reply) = program
        .ask(
            Some(&keys.session),
            "{ me { id invitation { code } } clock { timeZone } }",
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(reply["data"]["me"]["id"], "user_1", "{reply}");
    let answered = counts.values().sum::<usize>();
    let of_status = |wanted: u16| {
        counts
            .iter()
            .filter(|((_, status), _)| *status == wanted)
            .map(|(_, count)| count)
            .sum::<usize>()
    };
    assert!(answered * 10 > cases * 8, "only {answered} of {cases} were answered");
    assert!(
        of_status(200) > cases / 20 && of_status(400) > cases / 5,
        "they are no mixture: {counts:?}"
    );
    program.terminate().await;
    database.assert_books_balance().await;
}

#[test]
fn a_seed_makes_the_same_cases_each_time_and_another_seed_others() {
    let keys = Keys {
        session: "s".repeat(43),
        admin: "a".repeat(47),
    };
    let all = |seed: u64| -> Vec<Vec<u8>> { (0..500).map(|number| case(seed, number, &keys).bytes).collect() };
    assert_eq!(all(1), all(1));
    let same = all(1).iter().zip(all(2)).filter(|(one, other)| **one == *other).count();
    assert!(same < 25, "{same} of 500 cases are the same");
    let mut kinds: Vec<&str> = (0..2_000).map(|number| case(1, number, &keys).kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(kinds.len() >= 13, "{kinds:?}");
}
