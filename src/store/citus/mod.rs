//! Distribution of the tables over the nodes of Citus: `newbee distribute`, and what statements must know of it.

mod distribution;
mod placement;
mod shards;

pub use distribution::{Distribution, DistributionError, Step, distribute, plan};
pub use placement::{PLACEMENT, Place};
pub use shards::{find, shards};
