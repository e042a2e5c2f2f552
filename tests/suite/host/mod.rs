//! Operations of the host application through the admin API.

mod act_for_users;
mod changes;
mod erase_user;
mod erased_texts;
mod names;
mod once_targets;
mod record_task;
mod record_tasks;
mod register_users;
mod sessions;
mod webhooks;
