//! Words: shares that are never over-claimed, and limited guessing.

mod claims;
mod guesses;
mod races;
mod violations;
mod windows;
