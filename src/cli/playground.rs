//! The playground of a demo: whom it may be explored as, and how it comes to be built.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::demo::{DEMO_API_KEY, DEMO_USERS};
use crate::http::{Playground, PlaygroundUser};

const BUILD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/playground/build.mjs");

/// The demo's users and its API key, all of them public.
pub fn of_the_demo() -> Playground {
    let users = DEMO_USERS.iter().map(|user| PlaygroundUser {
        name: user.name,
        key: user.session_key,
        shows: user.shows,
        is_expired: user.key_is_expired,
    });
    Playground {
        environment: "demo",
        users: users.collect(),
        api_key: Some(DEMO_API_KEY),
    }
}

/// Builds what is missing of the page while the demo serves already: without npm or a network everything else works. Does
/// nothing where it is built, or within the program.
pub fn build_in_background(stop: CancellationToken) {
    if cfg!(embedded_pages) || !std::path::Path::new(BUILD).exists() {
        return;
    }
    tokio::spawn(async move {
        if let Err(problem) = build(stop).await {
            eprintln!("newbee: the playground could not be built: {problem}. Its page says how to build it by hand.");
        }
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
