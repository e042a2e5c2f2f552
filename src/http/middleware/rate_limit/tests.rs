//! Tests of the rates of sessions, API keys and addresses.

use super::*;

fn rates(session: &str, address: &str) -> Arc<Rates> {
    let rate = |text: &str| (text != "off").then(|| text.parse().expect("a rate"));
    Arc::new(Rates::new(&AccessSettings {
        session_rate: rate(session),
        address_rate: rate(address),
        ..AccessSettings::default()
    }))
}

fn caller(rates: &Arc<Rates>, address: &str) -> ClientQuota {
    let address: IpAddr = address.parse().expect("an address");
    ClientQuota {
        rates: Arc::clone(rates),
        address: address.into(),
        is_behind_proxy: false,
    }
}

/// Sends a request with a valid or invalid key; returns false if it exceeds a rate.
fn ask(caller: &ClientQuota, kind: KeyKind, key: &str, is_good: bool) -> bool {
    let asked = caller
        .admit_key(kind, key)
        .and_then(|admitted| admitted.record_key_result(is_good));
    if let Err(too_often) = asked {
        assert!(too_often.retry_after >= 1);
    }
    asked.is_ok()
}

fn looked_up(times: usize, mut ask: impl FnMut() -> bool) -> usize {
    (0..times).filter(|_| ask()).count()
}

#[test]
fn a_session_has_one_rate_over_all_addresses() {
    let rates = rates("5/1day", "off");
    let (here, there) = (caller(&rates, "192.0.2.1"), caller(&rates, "192.0.2.2"));
    let mut from_here = false;
    let mut ann = || {
        from_here = !from_here;
        ask(if from_here { &here } else { &there }, KeyKind::Session, "ann", true)
    };
    assert_eq!(looked_up(20, &mut ann), 5);
    assert_eq!(looked_up(20, || ask(&here, KeyKind::Session, "bob", true)), 5);
    assert_eq!(
        looked_up(200, || ask(&here, KeyKind::ApiKey, "ann", true)),
        50,
        "an API key may ask ten times as often, and is another key even if it reads the same"
    );
}

#[test]
fn invalid_keys_count_for_their_address_and_do_not_affect_valid_ones() {
    let rates = rates("1000/1day", "100/1day");
    let (office, home) = (caller(&rates, "192.0.2.1"), caller(&rates, "192.0.2.2"));
    assert!(ask(&office, KeyKind::Session, "ann", true));
    let mut number = 0;
    let guesses = looked_up(100, || {
        number += 1;
        ask(&office, KeyKind::Session, &format!("guess-{number}"), false)
    });
    assert_eq!(guesses, 10, "a tenth of what the address may ask");
    assert!(!ask(&office, KeyKind::ApiKey, "guess", false), "for any kind of key");
    assert_eq!(looked_up(50, || ask(&office, KeyKind::Session, "ann", true)), 50);
    assert!(
        ask(&home, KeyKind::Session, "bob", true),
        "other addresses are not concerned"
    );
    assert!(
        ask(&office, KeyKind::Session, "cat", true),
        "a good key from the same address is served, also when it is new to the process"
    );
}

#[test]
fn an_expired_key_counts_as_invalid() {
    let rates = rates("off", "20/1day");
    let here = caller(&rates, "192.0.2.1");
    assert!(ask(&here, KeyKind::Session, "ann", true));
    assert_eq!(looked_up(10, || ask(&here, KeyKind::Session, "ann", false)), 2);
}

#[test]
fn invented_keys_take_no_memory() {
    let rates = rates("5/1day", "off");
    let here = caller(&rates, "192.0.2.1");
    for number in 0..10_000 {
        assert!(ask(&here, KeyKind::Session, &format!("guess-{number}"), false));
    }
    assert_eq!(rates.sessions.good.len(), 0);
    for number in 0..2 * MAX_GOOD_KEYS {
        ask(&here, KeyKind::Session, &format!("good-{number}"), true);
    }
    assert!(rates.sessions.good.len() <= MAX_GOOD_KEYS);
}

#[test]
fn disabled_rates_do_not_limit() {
    let rates = rates("off", "off");
    let here = caller(&rates, "192.0.2.1");
    assert_eq!(looked_up(5_000, || ask(&here, KeyKind::Session, "ann", true)), 5_000);
    assert_eq!(looked_up(5_000, || ask(&here, KeyKind::Session, "eve", false)), 5_000);
}

#[test]
fn the_retry_time_is_rounded_up_to_whole_seconds() {
    for (wait, seconds) in [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (59_500, 60)] {
        let too_often = TooOften::of(RateKind::Address, Duration::from_millis(wait));
        assert_eq!(too_often.retry_after, seconds, "{wait} ms");
    }
}
