//! Everything that a deployment relies on: probes, the start of a process, secrets, roles, and the files in `deploy/`.

mod admin_listen;
mod features;
mod files;
mod healthcheck;
mod notify;
mod release;
mod roles;
mod secret_files;
mod start;
