//! The legacy API, `POST /customer/<method>`, reply by reply as its clients know it.

mod awards;
mod bad_requests;
mod children;
mod encodings;
mod failures;
mod logs;
mod openapi;
mod rates;
mod samples;
mod seed_data;
mod sessions;
mod set_invitation;
mod sign_in_today;
mod wire;
