//! Distribution of the tables over the nodes of Citus: `newbee distribute`, and what statements must know of it.

pub mod awards;
pub mod erasure;
pub mod locks;
pub mod sign_ins;

mod distribution;
mod placement;
mod qualifications;
mod shards;

pub use distribution::{Distribution, DistributionError, Step, distribute, plan};
pub use placement::{PLACEMENT, Place};
pub use shards::{commit_in_two_phases, find, shards};
