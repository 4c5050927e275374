//! A federation of nodes in one process and one thread, under turmoil: the real code, a simulated network and clock.
//!
//! Everything that could differ from run to run comes through a seam: time from turmoil, randomness from a seed, the
//! network from turmoil, storage inline. So the same seed gives the same trace.

mod clock;
mod entropy;
mod federation;
mod network;
mod trace;

pub use clock::SimClock;
pub use entropy::SeededEntropy;
pub use federation::{Connecting, SimFederation, federation_port};
pub use network::SimNetwork;
pub use trace::Trace;
