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

type Answer<'a> = BoxFuture<'a, Result<Box<RawValue>, CallError>>;

/// A method: its name after `/customer/`, and its function.
pub struct Method {
    pub name: &'static str,
    pub run: for<'a> fn(&'a Call<'a>) -> Answer<'a>,
}

static METHODS: [Method; 8] = [
    method("get_newbee_award", |call| data(award_logs::get_newbee_award(call))),
    method("get_today_award", |call| data(award_logs::get_today_award(call))),
    method("get_invitation", |call| data(invitation::get_invitation(call))),
    method("set_invitation", |call| data(invitation::set_invitation(call))),
    method("sign_in_today", |call| data(sign_in_today::sign_in_today(call))),
    method("get_children", |call| data(children::get_children(call))),
    method("submit_word", |call| data(words::submit(call))),
    method("subscribe_counts", |call| data(reservations::subscribe_counts(call))),
];

/// Returns the method of a path such as `/customer/get_invitation`, if there is one.
pub fn find(path: &str) -> Option<&'static Method> {
    let name = path.strip_prefix("/customer/")?;
    METHODS.iter().find(|method| method.name == name)
}

const fn method(name: &'static str, run: for<'a> fn(&'a Call<'a>) -> Answer<'a>) -> Method {
    Method { name, run }
}

/// Runs a method and renders its data as JSON, in the order of its fields.
fn data<'a, T: Serialize>(answer: impl Future<Output = Result<T, CallError>> + Send + 'a) -> Answer<'a> {
    async { Ok(to_raw_value(&answer.await?)?) }.boxed()
}
