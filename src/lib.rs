//! newbee: a rewards service with a GraphQL API, a legacy HTTP API and a job scheduler, on Postgres.
//!
//! # Modules
//!
//! | module | contents |
//! |---|---|
//! | [`domain`] | types and business rules, pure and synchronous |
//! | [`messages`] | messages to users in both languages; rejections have their tables in [`domain`] |
//! | [`store`] | all SQL statements |
//! | [`loaders`] | batched reads |
//! | [`live`] | the change feed: listener, reader and subscribers |
//! | [`service`] | write operations, each with its transaction |
//! | [`scheduler`] | due times, the run ledger, and exactly one run per due time |
//! | [`state`] | what all requests share: pools, loaders, calendar and clock |
//! | [`graphql`] | the customer and admin schemas |
//! | [`http`] | endpoints, middleware, authentication, limits, and the legacy API |
//! | [`web`] | the start page, the playground and the ops page |
//! | [`demo`] | demo data |
//! | [`app`] | one process, composed of all of the above |
//! | [`cli`] | the subcommands |
//! | [`config`] | settings from flags and environment variables |
//! | [`private_postgres`] | a local Postgres for the demo and the tests |
//!
//! # Layers
//!
//! Imports go in one direction:
//!
//! `main → cli → app → web → http → graphql → {scheduler, state} → {live, loaders, service} → store → domain`
//!
//! Endpoints read through `loaders` and write through `service`. Any module may use [`batcher`], [`causes`], [`clock`],
//! [`config`], [`messages`], [`metrics`], [`telemetry`], [`terminal`], [`version`] and [`private_postgres`]. A test checks
//! these rules.
//!
//! # Glossary
//!
//! Domain terms; the first column has the names in the source document of the legacy API.
//!
//! | source document | newbee | meaning |
//! |---|---|---|
//! | 挖矿, award_log | award | one thing a user earned: item, type, amount, coin, target and status |
//! | award_item | item, rule | `set_fomo_id`, `join_group`, `sign_in` and others: an item is paid by a rule of the catalogue |
//! | award_type | award type | NEWBEE (once per user and item), DAILY (per business day), INVITE, WORD, RESERVATION, BONUS, GRANT; lowercase in the legacy API |
//! | award_log.status | award status | PENDING → SETTLED → REVERSED, or PENDING → VOID; 0, 1, 2 and 3 in the legacy API |
//! | user_id | user ID | assigned by the host application; newbee creates user IDs only for the demo |
//! | session_key | session key | opaque, at most 55 characters; issued by newbee or registered by the host application |
//! | code, parent_code | invitation code | at most 12 characters, one per user; its owner becomes the parent of the users who bind it |
//! | class | class | 0 until a parent is bound, then 1, unless the host application sets it; no reward depends on it |
//! | children | children | users who bound this user's code |
//! | | qualification | progress of an invitee under an INVITE rule with conditions, in the version of the binding |
//! | | deed | award of type NEWBEE or DAILY of an invitee, as a condition of such a rule |
//! | 口令 | word campaign | an amount that is split into shares; each user can claim one share with the word |
//! | 预约 | reservation campaign | a campaign in which each user can take one place; `libra` is one of its rows |
//! | | streak | consecutive business days with a sign-in; a missed day ends it unless it is forgiven |
//! | 补签 | made-up day | a missed day that a user made up later; it counts in the streak |
//! | | freeze, frozen day | a freeze is earned by days of a streak and covers a missed day, which does not count |
//! | | bridged day | a day of an outage, which ends nobody's streak and does not count |
//! | | grant | awards that operators give by hand, with a reason; a large one waits for the approval of a second key |
//! | | business day | calendar day in the installation's time zone, stored on each row |
//! | | settlement | conversion of due awards into ledger entries and balances |
//! | | parked award | an award that could not be paid and waits for an operator |
//! | | host application | the chat, which owns the accounts and reports users and tasks |
//! | | operator | a person who runs jobs and campaigns, through the admin API, the ops page or the command line |
//! | | customer | a user of the rewards, through the customer API |
//!
//! Technical terms:
//!
//! | term | meaning |
//! |---|---|
//! | endpoint | an HTTP path with its method, its authentication and its limits; of the host application: a URL to which changes are sent (webhook) |
//! | feed, event | the log of changes for the host application, and one change in it |
//! | requester | the authenticated origin of a request: a session, an API key, or none |
//! | scope | permission of an API key: HOST, OPS_READ, OPS_WRITE, OPS_GRANT or ACT |
//! | `…Rejection` | reason why an operation was not performed, which the caller can correct; a value, not an error |
//! | loader | a batched read, shared by concurrent requests |
//! | job, run, due time | an idempotent function with a manifest; one execution of it; a time at which its schedule requires one |
//! | tick | a check for due runs, triggered by the ticker |
//! | lease, fence | the right of one process to a run, and the check of that right in every batch |
//! | sweep | a job that goes through rows in batches of one transaction each |
//! | dry run | a run or command that makes all checks and rolls its changes back |

pub mod app;
pub mod batcher;
pub mod causes;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod graphql;
pub mod http;
pub mod live;
pub mod loaders;
pub mod messages;
pub mod metrics;
pub mod private_postgres;
pub mod scheduler;
pub mod service;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod terminal;
pub mod version;
pub mod web;
