//! Methods of the legacy wire, one file per noun, and the method table.

mod award_logs;
mod children;
mod invitation;
mod reservations;
mod sign_in_today;
mod words;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::call::{Call, CallError};
use crate::domain::invitation::InvitationRejection;
use crate::domain::rejection::{LegacyStatus, RejectionCode, RejectionTable};
use crate::domain::reservation::ReservationRejection;
use crate::domain::sign_in::SignInRejection;
use crate::domain::tries::TriesRejection;
use crate::domain::word::WordRejection;

type Answer<'a> = BoxFuture<'a, Result<Box<RawValue>, CallError>>;

/// A method. `openapi.yaml` describes it, and a test compares both.
pub struct Method {
    /// Name after `/customer/`.
    pub name: &'static str,
    /// Parameters; all others are ignored.
    pub parameters: &'static [&'static str],
    /// Tables of rejections by the domain. A rejection that is not in them is an internal error.
    pub rejections: &'static [&'static [RejectionCode]],
    pub run: for<'a> fn(&'a Call<'a>) -> Answer<'a>,
}

/// Name of the parameter with the session key.
pub const SESSION_KEY: &str = "session_key";

/// All methods.
pub static METHODS: [Method; 8] = [
    method("get_newbee_award", &[SESSION_KEY], &[], |call| {
        data(award_logs::get_newbee_award(call))
    }),
    method("get_today_award", &[SESSION_KEY], &[], |call| {
        data(award_logs::get_today_award(call))
    }),
    method("get_invitation", &[SESSION_KEY], &[], |call| {
        data(invitation::get_invitation(call))
    }),
    method(
        "set_invitation",
        &[SESSION_KEY, "parent_code"],
        &[InvitationRejection::CODES, TriesRejection::CODES],
        |call| data(invitation::set_invitation(call)),
    ),
    method("sign_in_today", &[SESSION_KEY], &[SignInRejection::CODES], |call| {
        data(sign_in_today::sign_in_today(call))
    }),
    method("get_children", &[SESSION_KEY], &[], |call| {
        data(children::get_children(call))
    }),
    method(
        "submit_word",
        &[SESSION_KEY, "word"],
        &[WordRejection::CODES, TriesRejection::CODES],
        |call| data(words::submit(call)),
    ),
    method("subscribe_counts", &["key"], &[ReservationRejection::CODES], |call| {
        data(reservations::subscribe_counts(call))
    }),
];

impl Method {
    /// Returns the statuses of its rejections. Those without a message are numbers of the GraphQL API alone.
    pub fn rejection_statuses(&self) -> impl Iterator<Item = LegacyStatus> {
        let rows = self.rejections.iter().copied().flatten();
        rows.filter_map(|row| row.legacy)
            .filter(|status| !status.message.is_empty())
    }
}

/// Returns the method of a path such as `/customer/get_invitation`, if there is one.
pub fn find(path: &str) -> Option<&'static Method> {
    let name = path.strip_prefix("/customer/")?;
    METHODS.iter().find(|method| method.name == name)
}

const fn method(
    name: &'static str,
    parameters: &'static [&'static str],
    rejections: &'static [&'static [RejectionCode]],
    run: for<'a> fn(&'a Call<'a>) -> Answer<'a>,
) -> Method {
    Method {
        name,
        parameters,
        rejections,
        run,
    }
}

/// Runs a method and renders its data as JSON, in the order of its fields.
fn data<'a, T: Serialize>(answer: impl Future<Output = Result<T, CallError>> + Send + 'a) -> Answer<'a> {
    async { Ok(to_raw_value(&answer.await?)?) }.boxed()
}
