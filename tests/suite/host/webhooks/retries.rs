//! Failures of an endpoint: retries, requests that are given up, and the status 410.

use chrono::TimeDelta;
use newbee::domain::endpoint::{MAX_FAILURES, retry_after};
use newbee::domain::host_event::EventId;
use newbee::service::jobs::{AnyJob, ReadContext};
use newbee::service::webhooks;
use newbee::store::host_deliveries::{self, Batch};

use super::{Ground, JOB, ids};
use crate::support::receiver::Receiver;
use newbee::domain::language::Language;

impl Ground {
    /// Adds a second endpoint.
    async fn add_other(&self) -> Receiver {
        let other = Receiver::start().await;
        let terms = webhooks::EndpointTerms {
            name: "other".to_owned(),
            ..super::terms(&other.url)
        };
        let new = webhooks::create(self.app.pool(), &terms, &self.author()).await.unwrap();
        new.keep().await.unwrap();
        other
    }

    async fn attention(&self) -> Vec<String> {
        let read = ReadContext {
            pool: self.app.pool(),
            now: self.app.clock.now(),
            calendar: self.app.calendar,
        };
        let conditions = AnyJob::attention(&JOB, &read, None).await.unwrap();
        conditions
            .iter()
            .map(|one| one.text(Language::English).into_owned())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_request_is_sent_again_when_it_is_due() {
    let ground = Ground::new().await;
    ground.sign_in(1).await;
    ground.receiver.reply_with([500, 503, 302]);
    let (report, received) = ground.deliver().await;
    assert_eq!((report["failures"].as_i64(), received.len()), (Some(1), 1));
    let first = received[0].clone();
    // A second, a minute, a minute.
    for delay in [1, 60, 60] {
        ground
            .app
            .clock
            .advance(TimeDelta::seconds(delay) - TimeDelta::milliseconds(1));
        assert_eq!(ground.deliver().await.1.len(), 0, "not due yet");
        ground.app.clock.advance(TimeDelta::milliseconds(1));
        let (_, received) = ground.deliver().await;
        assert_eq!(received.len(), 1);
        assert_eq!((&received[0].id, &received[0].body), (&first.id, &first.body));
        assert_eq!(received[0].path, "/hooks", "redirects are not followed");
        assert_eq!(received[0].signatures, [received[0].signature_with(&ground.secret)]);
        assert!(received[0].at > first.at);
    }
    let endpoint = ground.endpoint().await;
    assert_eq!(
        (endpoint.failures, endpoint.last_error, endpoint.delivered_through),
        (0, None, 1)
    );
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_hundred_failures_a_request_is_given_up_and_can_be_redelivered() {
    let ground = Ground::new().await;
    ground.sign_in(1).await;
    ground.receiver.reply_with(std::iter::repeat_n(302, 100));
    for failure in 1..=MAX_FAILURES {
        let (_, received) = ground.deliver().await;
        // After the last failure, the next changes are not held up.
        let expected: &[&str] = if failure == MAX_FAILURES {
            &["event_1", "event_2"]
        } else {
            &["event_1"]
        };
        assert_eq!(ids(&received), expected, "failure {failure}");
        if failure == 3 {
            assert_eq!(
                ground.attention().await,
                ["The endpoint chat failed 3 times: the endpoint replied 302, and redirects are not followed."]
            );
            ground.sign_in(2).await;
        }
        if let Some(delay) = retry_after(failure) {
            ground.app.clock.advance(delay);
        }
    }
    let endpoint = ground.endpoint().await;
    assert_eq!((endpoint.dead_letters, endpoint.failures), (1, 0));
    let letters = webhooks::dead_letters(ground.app.pool(), endpoint.endpoint_id)
        .await
        .unwrap();
    assert_eq!(
        (letters[0].after_event, letters[0].through_event, letters[0].failures),
        (0, 1, 100)
    );
    assert_eq!(
        ground.attention().await,
        ["1 request to the endpoint chat could not be delivered. Redeliver from a position."]
    );

    webhooks::redeliver(
        ground.app.pool(),
        "chat",
        EventId(0),
        "it is repaired",
        &ground.author(),
    )
    .await
    .unwrap();
    let (_, received) = ground.deliver().await;
    assert_eq!(ids(&received), ["event_1", "event_2"]);
    assert_eq!(ground.endpoint().await.dead_letters, 0);
    assert_eq!(ground.attention().await, Vec::<String>::new());
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_410_disables_the_endpoint_until_it_is_enabled() {
    let ground = Ground::new().await;
    ground.sign_in(1).await;
    ground.receiver.reply_with([410]);
    let (report, received) = ground.deliver().await;
    assert_eq!((report["gone"].as_i64(), received.len()), (Some(1), 1));
    ground.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(ground.deliver().await.1.len(), 0);
    assert_eq!(
        ground.attention().await,
        ["The endpoint chat is disabled: the endpoint replied 410 Gone. Enable it when it is back."]
    );
    let enabled = webhooks::set_enabled(ground.app.pool(), "chat", true, "it is back", &ground.author()).await;
    assert!(enabled.unwrap().changed);
    let (_, again) = ground.deliver().await;
    assert_eq!((&again[0].id, &again[0].body), (&received[0].id, &received[0].body));
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_does_not_hold_up_another() {
    let ground = Ground::new().await;
    let other = ground.add_other().await;
    ground.sign_in(1).await;
    ground.receiver.reply_with([500]);
    let (report, received) = ground.deliver().await;
    assert_eq!(
        (report["failures"].as_i64(), report["delivered"].as_i64()),
        (Some(1), Some(1))
    );
    assert_eq!(
        (ids(&received), ids(&other.take())),
        (vec!["event_1".to_owned()], vec!["event_1".to_owned()])
    );
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_slow_does_not_hold_up_another() {
    let ground = Ground::new().await;
    let _other = ground.add_other().await;
    for user in 1..=150 {
        ground.sign_in(user).await;
    }
    ground.receiver.hold(true);
    let context = ground.context().await;
    let run = tokio::spawn(async move { JOB.run(context).await });
    ground.receiver.came().await;
    let endpoints = async || webhooks::list(ground.app.pool()).await.unwrap();
    crate::support::wait_until("the other endpoint has all changes", async || {
        endpoints().await[1].delivered_through == 150
    })
    .await;
    let slow = &endpoints().await[0];
    assert_eq!(
        (slow.name.as_str(), slow.failures, slow.delivered_through),
        ("chat", 0, 0),
        "its first request is still open"
    );
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    ground.stop().await;
}

/// An operator moves the endpoint while the request whose reply is 410 is on its way.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_410_does_not_disable_an_endpoint_that_was_moved() {
    let ground = Ground::new().await;
    ground.sign_in(1).await;
    ground.receiver.reply_with([500]);
    ground.deliver().await;
    let pool = ground.app.pool();
    let sent = Batch {
        endpoint_id: ground.endpoint().await.endpoint_id,
        after: 0,
        through: 1,
    };
    let answered = async || {
        let mut transaction = pool.begin().await.unwrap();
        let now = ground.app.clock.now();
        let disabled = host_deliveries::disable_after(&mut transaction, sent, "gone", now).await;
        transaction.rollback().await.unwrap();
        disabled.unwrap()
    };
    assert!(answered().await);
    webhooks::redeliver(pool, "chat", EventId(0), "another address", &ground.author())
        .await
        .unwrap();
    assert!(!answered().await);
    ground.stop().await;
}
