//! Everything that a deployment relies on: probes, the start of a process, secrets, roles, and the files in `deploy/`.

mod healthcheck;
mod secret_files;
