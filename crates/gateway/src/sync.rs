//! Published documents on their way between nodes: kept for good, compared with peers, taken up without a restart.
//!
//! ```text
//!  submitted or received --Judge--> Library --store, durable--> told to the reload path: rules, trust, epoch
//!                                      ^
//!        Exchange (a peer asks) -------+------- Rounds (we ask): compare -> list -> transfer
//! ```
//!
//! Each document is verified on its own before it is kept, so it makes no difference who hands it over.

mod exchange;
mod judge;
mod library;
mod pages;
mod round;
mod rounds;
#[cfg(test)]
mod tests;

pub use exchange::{Exchange, StepInvalid};
pub use judge::{Admitted as AdmittedDocument, NotAdmitted};
pub use library::{Library, NotKept};
pub use rounds::{Rounds, Synced};
