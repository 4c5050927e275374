//! What agreements come to, shown to people: nothing here gives authority.
//!
//! In scope: why something is allowed or refused and by which route ([`explain()`]), what changes between two sets of
//! rules ([`compare()`], [`what_if()`]), who may ask whom ([`matrix()`]), agencies and agreements as a picture ([`graph()`]).
//! Out of scope: reading and printing. Everything is pure, and its order depends on nothing but its arguments.
//!
//! ```text
//! Rules --------+                 +--> explain   Explanation
//!               +--> Basis -------+--> compare   Change ..., Difference ...
//! Hypothetical -+                 +--> matrix    Matrix
//!                                 +--> graph     Graph --> DOT, Mermaid, SVG
//! ```
//!
//! The tools ask [`decide`](crate::decide) itself, so that they cannot say anything else than a node does, and hand
//! out what a permit says, never the permit. A [`Hypothetical`] holds texts that nobody has signed; it is no
//! [`Rules`](crate::Rules) and shows none, so no permit comes out of it.

mod basis;
mod compare;
mod diff;
mod differences;
mod explain;
mod graph;
mod leave;
mod matrix;
#[cfg(test)]
mod tests;
mod what_if;

pub use basis::{Basis, Hypothetical};
pub use compare::{Comparison, compare};
pub use diff::{Change, ChangeKind, diff};
pub use differences::{Difference, differences};
pub use explain::{Chain, Considered, Explanation, Leg, explain};
pub use graph::{AgencyNode, AgreementNode, Graph, Tie, TieKind, graph};
pub use leave::{Extent, Leave};
pub use matrix::{Cell, Matrix, Topic, matrix};
pub use what_if::what_if;
