use super::*;

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
}

/// A campaign open from hour 10 to hour 20, with two places.
fn campaign() -> ReservationCampaign {
    ReservationCampaign {
        id: 1,
        key: "launch".to_owned(),
        terms: ReservationTerms {
            capacity: Some(2),
            opens_at: Some(at(10)),
            closes_at: Some(at(20)),
            ..ReservationTerms::default()
        },
        reserved_count: 0,
        launched_at: None,
        rewards_paid_at: None,
        created_by: "test".to_owned(),
        reason: "test".to_owned(),
        created_at: at(0),
        updated_at: at(0),
    }
}

#[test]
fn the_window_includes_its_first_instant_and_excludes_its_last() {
    let not_open = ReservationRejection::NotOpen { opens_at: at(10) };
    let a_second = TimeDelta::seconds(1);
    for (when, state, refusal) in [
        (at(10) - a_second, ReservationState::Upcoming, Some(not_open)),
        (at(10), ReservationState::Open, None),
        (at(20) - a_second, ReservationState::Open, None),
        (at(20), ReservationState::Closed, Some(ReservationRejection::Closed)),
    ] {
        assert_eq!(campaign().state_at(when), state, "{when}");
        assert_eq!(campaign().refusal_at(when), refusal, "{when}");
    }
}

#[test]
fn launch_and_manual_closing_take_precedence_over_the_window_and_the_window_over_full() {
    let mut campaign = campaign();
    campaign.reserved_count = 2;
    assert_eq!(campaign.refusal_at(at(15)), Some(ReservationRejection::Full));
    assert_eq!(campaign.refusal_at(at(25)), Some(ReservationRejection::Closed));
    campaign.terms.is_closed = true;
    assert_eq!(campaign.state_at(at(5)), ReservationState::Closed);
    campaign.launched_at = Some(at(4));
    assert_eq!(campaign.state_at(at(5)), ReservationState::Launched);
    assert_eq!(campaign.refusal_at(at(5)), Some(ReservationRejection::Closed));
}

#[test]
fn all_problems_are_reported_at_once() {
    let terms = ReservationTerms {
        title: Some(String::new()),
        capacity: Some(0),
        opens_at: Some(at(1)),
        closes_at: Some(at(1)),
        reward: Some(ReservationReward {
            amount: Decimal::ZERO,
            coin_id: String::new(),
            hold: TimeDelta::days(-1),
        }),
        ..ReservationTerms::default()
    };
    assert_eq!(terms.problems().len(), 6);
    assert_eq!(ReservationTerms::default().problems(), []);
}

#[test]
fn a_launched_campaign_can_change_only_its_title() {
    let mut campaign = campaign();
    campaign.reserved_count = 2;
    let fewer = ReservationTerms {
        capacity: Some(1),
        ..campaign.terms.clone()
    };
    let below_count = ReservationCampaignRejection::CapacityBelowCount { reserved: 2 };
    assert_eq!(campaign.change_problems(&fewer), [below_count]);
    campaign.launched_at = Some(at(15));
    assert_eq!(
        campaign.change_problems(&fewer),
        [below_count, ReservationCampaignRejection::Launched]
    );
    let titled = ReservationTerms {
        title: Some("The launch".to_owned()),
        ..campaign.terms.clone()
    };
    assert_eq!(campaign.change_problems(&titled), []);
}

#[test]
fn equivalent_spellings_of_a_key_are_equal_and_invalid_keys_are_rejected() {
    for spelling in ["libra", " Libra ", "LIBRA"] {
        assert_eq!(normalise_key(spelling).as_deref(), Some("libra"));
    }
    assert!(normalise_key(&"k".repeat(40)).is_some());
    for text in [
        "",
        "  ",
        "1st",
        "-x",
        "a b",
        "预约",
        "a\0",
        &"k".repeat(41),
        &"x".repeat(10_000),
    ] {
        assert_eq!(normalise_key(text), None, "{text}");
    }
}
