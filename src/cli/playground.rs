//! Playground of the demo: its public keys and the build of its pages.

use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::demo::{DEMO_API_KEY, DEMO_USERS};
use crate::web::playground::{self, BuildState, Playground, PlaygroundBuild, PlaygroundUser, PublicKeys};

const BUILD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/playground/build.mjs");

/// Returns the public session keys of the demo's users and its public API key.
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

/// Returns the playground of the demo with the given keys.
#[must_use]
pub fn of_the_demo(keys: PublicKeys) -> Playground {
    Playground {
        environment: "demo",
        users: keys.users,
        api_key: Some(keys.api_key),
        build: PlaygroundBuild::default(),
    }
}

/// Returns true if the pages are built, or this process can build them.
#[must_use]
pub fn is_available() -> bool {
    playground::is_built() || can_build()
}

/// Returns true if the page sources exist on this machine and the pages are not embedded in the binary.
fn can_build() -> bool {
    !playground::is_embedded() && Path::new(BUILD).exists()
}

/// Builds the pages in the background if they are missing or older than their sources. A failed build, for example
/// without npm or a network, affects only the playground.
pub fn build_in_background(progress: PlaygroundBuild, stop: CancellationToken) {
    if !can_build() {
        return;
    }
    progress.set(BuildState::Running);
    tokio::spawn(async move {
        let state = match build(stop).await {
            Ok(()) => BuildState::None,
            Err(problem) => {
                eprintln!("newbee: playground build failed: {problem}");
                BuildState::Failed(problem)
            }
        };
        progress.set(state);
    });
}

async fn build(stop: CancellationToken) -> Result<(), String> {
    // Use a separate process group, so that the child processes of npm can be stopped too.
    let mut builder = Command::new("node")
        .arg(BUILD)
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start node ({error}); Node 20.19 or newer is required"))?;
    let group = builder.id().and_then(|id| Pid::from_raw(id as i32));
    tokio::select! {
        ended = builder.wait() => match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("node exited with {status}")),
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
