//! Nothing ran for 1, 10 and 200 due times: each policy makes up for exactly what it says.

use std::time::Duration;

use chrono::TimeDelta;
use newbee::scheduler::due_times::CatchUp;
use newbee::service::jobs::JobEnd;
use serde_json::json;

use crate::support::app::{TestApp, TestJob, every_minute};

#[tokio::test(flavor = "multi_thread")]
async fn each_policy_runs_what_it_should_and_says_what_it_skips() {
    for missed in [1_usize, 10, 200] {
        let app = TestApp::in_process().await;
        let policies = [
            ("all", CatchUp::All),
            ("latest", CatchUp::Latest),
            ("skip", CatchUp::Skip),
        ];
        let jobs = policies.map(|(name, catch_up)| {
            let mut job = every_minute(TestJob::sweep(name, |_| async { Ok(JobEnd::Done(json!({}))) }));
            job.manifest.catch_up = catch_up;
            job.manifest.catch_up_window = Duration::from_secs(24 * 3600);
            job
        });
        let replicas = [app.scheduler(jobs.to_vec()), app.scheduler(jobs.to_vec())];
        replicas[0].tick().await.unwrap();
        // Half a minute after the last of them, so that it is no longer punctual with any other.
        app.clock
            .advance(TimeDelta::minutes(missed as i64) + TimeDelta::seconds(61));
        for replica in &replicas {
            replica.tick().await.unwrap();
        }
        // It was noon sharp at first: the due times are those of `missed` minutes and the one that is punctual within a minute.
        let due = missed + 1;
        assert_eq!(
            app.states("all").await,
            [("SUCCEEDED".to_owned(), due)].into(),
            "{missed}"
        );
        let one_of_each = [("SUCCEEDED".to_owned(), 1), ("SKIPPED".to_owned(), 1)].into();
        for job in ["latest", "skip"] {
            assert_eq!(app.states(job).await, one_of_each, "{job} after {missed}");
            let (_, _, reason) = app.runs(job).await.remove(0);
            let counted = match missed {
                1 => "the due time ".to_owned(),
                missed => format!("{missed} due times from "),
            };
            assert!(reason.starts_with(&counted), "{job}: {reason}");
        }
        let keys = app
            .count("select count(distinct (job, scheduled_for)) - count(*) from job_runs")
            .await;
        assert_eq!(keys, 0, "no due time has two rows");
    }
}
