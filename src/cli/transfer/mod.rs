//! `newbee import` and `newbee export`: data of an old system, or of another installation, as lines of JSON.

pub mod export;
pub mod import;
mod sheet;
