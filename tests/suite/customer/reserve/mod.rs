//! Reservations: places that are never oversold.

mod places;
mod races;
mod violations;
