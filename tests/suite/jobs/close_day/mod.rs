//! The job `close_day`.

mod closings;
mod days;
