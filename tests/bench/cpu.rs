//! CPU time of processes, from /proc.

use std::path::Path;

/// Returns the process ID of a running private Postgres.
pub fn postmaster(folder: &Path) -> u32 {
    let file = std::fs::read_to_string(folder.join("data/postmaster.pid")).expect("Postgres runs");
    let first = file.lines().next().and_then(|line| line.parse().ok());
    first.expect("its process id")
}

/// Returns the CPU seconds of a process, on request with its children, running and ended.
pub fn cpu_seconds(process: u32, with_children: bool) -> f64 {
    let fields = |process: u32| -> Option<Vec<u64>> {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let (_, after_name) = stat.rsplit_once(") ")?;
        Some(
            after_name
                .split(' ')
                .skip(1)
                .filter_map(|field| field.trim().parse::<i64>().ok())
                .map(|field| field as u64)
                .collect(),
        )
    };
    // Without state and name: parent is field 0, utime 10, stime 11, and those of ended children 12 and 13.
    let own = fields(process).expect("the process runs");
    let mut ticks = own[10] + own[11];
    if with_children {
        ticks += own[12] + own[13];
        let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
        let children = processes.filter_map(|entry| fields(entry.file_name().to_str()?.parse().ok()?));
        ticks += children
            .filter(|child| child[0] == u64::from(process))
            .map(|child| child[10] + child[11])
            .sum::<u64>();
    }
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}
