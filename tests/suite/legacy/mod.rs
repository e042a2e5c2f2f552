//! The legacy wire, `POST /customer/<method>`: reply by reply as the chat's old clients know it.

mod awards;
mod bad_requests;
mod children;
mod failures;
mod invitations;
mod logs;
mod rates;
mod samples;
mod seed_data;
mod sessions;
mod sign_ins;
mod wire;
