//! Webhooks: changes that the job `deliver_events` sends to a real HTTP receiver.

mod endpoints;
mod killed;
mod retries;

use std::sync::atomic::{AtomicU32, Ordering};

use newbee::domain::audit::Author;
use newbee::domain::endpoint::EndpointRejection;
use newbee::domain::host_event::HostEventKind;
use newbee::service::Failure;
use newbee::service::jobs::deliver_events::DeliverEvents;
use newbee::service::jobs::{AnyJob, JobContext, JobEnd};
use newbee::service::webhooks::{self, EndpointRow, EndpointTerms};
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestUser};
use crate::support::receiver::{Received, Receiver};

const JOB: DeliverEvents = DeliverEvents;

/// The service with one endpoint, `chat`.
struct Ground {
    app: TestApp,
    receiver: Receiver,
    secret: String,
    runs: AtomicU32,
}

fn terms(url: &str) -> EndpointTerms {
    EndpointTerms {
        name: "chat".to_owned(),
        url: url.to_owned(),
        kinds: None,
        allows_private: true,
        after: None,
        reason: "a test".to_owned(),
    }
}

impl Ground {
    async fn new() -> Self {
        Self::with_kinds(None).await
    }

    async fn with_kinds(kinds: Option<Vec<HostEventKind>>) -> Self {
        let app = TestApp::start().await;
        let receiver = Receiver::start().await;
        let terms = EndpointTerms {
            kinds,
            ..terms(&receiver.url)
        };
        let author = Author::at_the_command_line(app.clock.now());
        let new = webhooks::create(app.pool(), &terms, &author).await.unwrap();
        let (secret, _) = new.keep().await.unwrap();
        Self {
            app,
            receiver,
            secret: secret.reveal(),
            runs: AtomicU32::new(0),
        }
    }

    async fn sign_in(&self, user: i64) -> TestUser {
        let user = self.app.add_user(user).await;
        self.app.ask(&user, "mutation { signInToday { award { id } } }").await;
        user
    }

    async fn settle(&self) {
        self.app.run_due_jobs_but("deliver_events").await;
        self.app.clock.advance(chrono::TimeDelta::minutes(1));
        self.app.run_due_jobs_but("deliver_events").await;
    }

    /// A context of a run of its own.
    async fn context(&self) -> JobContext {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        self.app.context(&format!("delivery_{run}"), 100).await
    }

    /// Runs the job until nothing is due, and returns its report and what the receiver got.
    async fn deliver(&self) -> (Value, Vec<Received>) {
        match JOB.run(self.context().await).await.unwrap() {
            JobEnd::Done(report) => (report, self.receiver.take()),
            JobEnd::Interrupted => panic!("nobody asked it to stop"),
        }
    }

    async fn endpoint(&self) -> EndpointRow {
        webhooks::list(self.app.pool()).await.unwrap().remove(0)
    }

    fn author(&self) -> Author {
        self.app.author("test")
    }

    async fn stop(self) {
        self.app.assert_sound().await;
        self.app.stop().await;
    }
}

fn ids(received: &[Received]) -> Vec<String> {
    let changes = received.iter().flat_map(Received::changes);
    changes
        .map(|change| change["id"].as_str().unwrap().to_owned())
        .collect()
}

fn rejection<T>(outcome: Result<T, Failure<EndpointRejection>>) -> EndpointRejection {
    match outcome {
        Ok(_) => panic!("it was not refused"),
        Err(failure) => failure.rejection().expect("no fault of the service"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_arrive_signed_and_in_order_as_the_feed_has_them() {
    let ground = Ground::new().await;
    for user in 1..=130 {
        ground.sign_in(user).await;
    }
    ground.settle().await;
    let (report, received) = ground.deliver().await;
    assert_eq!(report["delivered"], 260);
    assert_eq!(received.len(), 3, "at most 100 changes in a request");
    let expected: Vec<String> = (1..=260).map(|id| format!("event_{id}")).collect();
    assert_eq!(ids(&received), expected);
    for request in &received {
        assert_eq!(request.signatures, [request.signature_with(&ground.secret)]);
        assert_eq!(request.at, ground.app.clock.now().timestamp());
        assert_eq!(request.json()["type"], "changes");
    }
    assert_eq!(received[0].id, "batch_1_0_100");

    let key = ground
        .app
        .api_key("chat", &[newbee::domain::api_key::Scope::Host])
        .await;
    let query = "{ changes(first: 1000) { changes { id kind userId occurredAt parentId campaign { id key }
        award { id item type amount coinId targetId businessDay } day { day totals { item } } } } }";
    let feed = ground.app.admin(&key, query, json!({})).await["changes"]["changes"].take();
    let sent: Vec<Value> = received.iter().flat_map(Received::changes).collect();
    assert_eq!(feed, Value::Array(sent));

    let (report, received) = ground.deliver().await;
    assert_eq!((report["delivered"].as_i64(), received.len()), (Some(0), 0));
    ground.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_gets_the_kinds_that_it_asked_for() {
    let ground = Ground::with_kinds(Some(vec![HostEventKind::AwardSettled])).await;
    ground.sign_in(1).await;
    let (_, received) = ground.deliver().await;
    assert_eq!(received.len(), 0);
    assert_eq!(ground.endpoint().await.delivered_through, 1, "it goes past the others");
    ground.settle().await;
    let (_, received) = ground.deliver().await;
    assert_eq!(ids(&received), ["event_2"]);
    assert_eq!(received[0].changes()[0]["kind"], "AWARD_SETTLED");
    ground.stop().await;
}

/// The request has arrived when the process dies: the next one sends the same under the same ID, and nothing else twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_while_sending_is_followed_by_the_same_request() {
    let ground = Ground::new().await;
    ground.sign_in(1).await;
    ground.receiver.hold(true);
    let context = ground.context().await;
    let dying = tokio::spawn(async move { JOB.run(context).await });
    ground.receiver.came().await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    // More happens before the next attempt.
    ground.sign_in(2).await;
    ground.receiver.hold(false);
    let (report, received) = ground.deliver().await;
    assert_eq!(report["delivered"], 2);
    let [first, again, next] = &received[..] else {
        panic!("{received:?}")
    };
    assert_eq!((&again.id, &again.body), (&first.id, &first.body));
    assert_eq!(ids(&received), ["event_1", "event_1", "event_2"]);
    assert_ne!(next.id, first.id);
    ground.stop().await;
}

/// Two processes never send at the same time: the one that lost its lease can record nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_its_lease_records_nothing() {
    let ground = Ground::new().await;
    ground.sign_in(1).await;
    let context = ground.context().await;
    ground
        .app
        .sql(format!(
            "update job_runs set lease_token = gen_random_uuid() where run_id = {}",
            context.lease.run_id
        ))
        .await;
    assert!(JOB.run(context).await.is_err());
    assert_eq!(ground.receiver.take().len(), 0, "a batch is chosen under the lease");
    let (report, _) = ground.deliver().await;
    assert_eq!(report["delivered"], 1);
    ground.stop().await;
}
