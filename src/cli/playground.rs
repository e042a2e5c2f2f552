//! The playground of a demo: the users that it offers, and the build of its pages.

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::demo::{DEMO_API_KEY, DEMO_USERS};
use crate::web::playground::{self, BuildState, Playground, PlaygroundBuild, PlaygroundUser, PublicKeys};

const BUILD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/playground/build.mjs");

/// Returns the demo's users and its API key, all of them public.
#[must_use]
pub fn keys_of_the_demo() -> PublicKeys {
    let users = DEMO_USERS.iter().map(|user| PlaygroundUser {
        name: user.name,
        key: user.session_key,
        shows: user.shows,
        shows_zh: user.shows_zh,
        is_expired: user.key_is_expired,
    });
    PublicKeys {
        users: users.collect(),
        api_key: DEMO_API_KEY,
    }
}

/// Returns the playground of the demo, which offers these keys.
#[must_use]
pub fn of_the_demo(keys: PublicKeys) -> Playground {
    Playground {
        environment: "demo",
        users: keys.users,
        api_key: Some(keys.api_key),
        build: PlaygroundBuild::default(),
    }
}

/// Returns true where the pages are built, or this process can build them.
#[must_use]
pub fn is_available() -> bool {
    playground::is_built() || can_build()
}

/// Only the clone that newbee was built in has the sources. Pages within the program are always those of its own version.
fn can_build() -> bool {
    !playground::is_embedded() && Path::new(BUILD).exists()
}

/// Builds the pages while the demo serves already, where they are missing or older than their sources. Without npm or a
/// network everything else works.
pub fn build_in_background(progress: PlaygroundBuild, stop: CancellationToken) {
    if !can_build() {
        return;
    }
    progress.set(BuildState::Running);
    tokio::spawn(async move {
        let state = match build(stop).await {
            Ok(()) => BuildState::None,
            Err(problem) => {
                eprintln!("newbee: the playground could not be built: {problem}");
                BuildState::Failed(problem)
            }
        };
        progress.set(state);
    });
}

async fn build(stop: CancellationToken) -> Result<(), String> {
    // A group of its own: npm starts programs that would outlive it.
    let mut builder = Command::new("node")
        .arg(BUILD)
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| format!("node cannot be started ({error}); it needs Node 20.19 or newer"))?;
    let group = builder.id().and_then(|id| Pid::from_raw(id as i32));
    tokio::select! {
        ended = builder.wait() => match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("node ended with {status}")),
            Err(error) => Err(error.to_string()),
        },
        () = stop.cancelled() => {
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::TERM);
            }
            let _ = builder.wait().await;
            Ok(())
        }
    }
}
