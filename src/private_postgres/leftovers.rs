//! Cleans up after an earlier owner of a cluster: after a kill -9 of both program and keeper, the server continues to
//! run, and its files name processes that may be zombies or belong to other users. Requires the folder's lock.

use std::{
    fs, io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    error::{StartError, failed},
    folder::ClusterFolder,
};

/// Maximum time for an orderly stop, which writes everything to disk, then for an immediate one.
const PATIENCE: [(Signal, Duration); 2] = [
    (Signal::INT, Duration::from_secs(30)),
    (Signal::QUIT, Duration::from_secs(10)),
];

/// Process on this machine.
struct Process {
    id: i32,
    command: String,
}

/// Stops an abandoned server of this folder, then removes the files that would prevent the next start.
///
/// # Errors
/// Returns an error if a server does not stop, or was started by another program.
pub fn clear(folder: &ClusterFolder) -> Result<(), StartError> {
    for (signal, patience) in PATIENCE {
        let deadline = Instant::now() + patience;
        signal_all(&servers_of(folder), signal);
        while !servers_of(folder).is_empty() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
    }
    let remaining: Vec<String> = servers_of(folder)
        .iter()
        .map(|process| process.id.to_string())
        .collect();
    if !remaining.is_empty() {
        return Err(StartError::LeftBehind {
            data: folder.data(),
            processes: remaining.join(", "),
        });
    }
    refuse_foreign_server(&folder.data())?;
    let socket = folder.socket();
    for file in [
        folder.data().join("postmaster.pid"),
        socket.with_extension("5432.lock"),
        socket,
    ] {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &file)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Sends a signal. A process that has ended needs none, and one that cannot be signalled is later found still
/// running.
fn signal_all(processes: &[Process], signal: Signal) {
    for process in processes {
        // An interrupt stops the main process in an orderly way; the others, named `postgres: …`, follow it.
        let follows = process.command.starts_with("postgres: ");
        if let Some(id) = Pid::from_raw(process.id).filter(|_| signal == Signal::QUIT || !follows) {
            let _ = kill_process(id, signal);
        }
    }
}

/// Returns the processes of a server that newbee started on this folder. The tag is its `cluster_name`, which appears
/// in the main process's arguments and in the titles of all others. Zombies have no command line and do not count.
fn servers_of(folder: &ClusterFolder) -> Vec<Process> {
    let title = format!("postgres: {}: ", folder.tag());
    let argument = format!("cluster_name={}", folder.tag());
    let ours = |command: &str| {
        let program = command.split(" -D ").next().unwrap_or_default();
        let is_main = program.ends_with("/postgres") && !program.starts_with("/bin/sh ") && command.contains(&argument);
        is_main || command.starts_with(&title)
    };
    processes()
        .into_iter()
        .filter(|process| ours(&process.command))
        .collect()
}

/// Reports a server on this data that was started manually, which must not be stopped.
fn refuse_foreign_server(data: &Path) -> Result<(), StartError> {
    let pid_file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let Some(process) = pid_file.lines().next().and_then(|line| line.trim().parse().ok()) else {
        return Ok(());
    };
    let works_there = fs::read_link(format!("/proc/{process}/cwd")).is_ok_and(|folder| folder == data);
    let data_name = data.to_string_lossy();
    let names_it = |other: &Process| other.id == process && other.command.contains(&*data_name);
    if works_there || processes().iter().any(names_it) {
        return Err(StartError::ForeignServer {
            data: data.to_owned(),
            process,
        });
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn processes() -> Vec<Process> {
    let ids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let arguments = ids.filter_map(|id| Some((id, fs::read(format!("/proc/{id}/cmdline")).ok()?)));
    let command = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\0', " ");
    arguments
        .map(|(id, bytes)| Process {
            id,
            command: command(&bytes),
        })
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn processes() -> Vec<Process> {
    let listing = std::process::Command::new("ps")
        .args(["-axww", "-o", "pid=", "-o", "command="])
        .output();
    let text = listing
        .map(|listing| String::from_utf8_lossy(&listing.stdout).into_owned())
        .unwrap_or_default();
    let parse = |line: &str| {
        let (id, command) = line.trim().split_once(' ')?;
        Some(Process {
            id: id.parse().ok()?,
            command: command.trim_start().to_owned(),
        })
    };
    text.lines().filter_map(parse).collect()
}
