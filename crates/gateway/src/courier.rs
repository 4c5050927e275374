//! The seam over which envelopes are handed to other nodes.

use crate::deadline::Deadline;
use concord_domain::{AgencyId, Failure, Outcome};
use concord_trust::envelope::{Envelope, SealedAnswer};
use futures_util::future::BoxFuture;

/// Hands envelopes to the nodes of other agencies: [`Links`](crate::Links) over the network, or a test's own.
pub trait Courier: Send + Sync + std::fmt::Debug {
    /// Hands an envelope to an agency's node at the first of its endpoints that answers, and gives what comes back.
    /// Nothing is sent twice.
    fn deliver<'a>(
        &'a self,
        to: Handover<'a>,
        envelope: Envelope,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<SealedAnswer, NoAnswer>>;
}

/// To whom an envelope is handed.
#[derive(Debug, Clone, Copy)]
pub struct Handover<'a> {
    /// The agency: the destination itself or a carrier.
    pub next: &'a AgencyId,
    /// Where its federation API is, best first.
    pub endpoints: &'a [String],
    /// For whom the envelope is in the end.
    pub destination: &'a AgencyId,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAnswer {
    /// The deadline passed.
    TimedOut,
    /// The connection broke after the request may have been sent.
    Broken,
    /// The request was not taken, so that nothing was done with it.
    Unreachable(Failure),
    /// The peer's own word that it does not serve this.
    Failed(Failure),
}

impl NoAnswer {
    /// The outcome that this is, where nothing else is tried.
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::TimedOut => Outcome::TimedOut,
            Self::Broken => Outcome::Unreachable(Failure::ConnectionLost),
            Self::Unreachable(failure) => Outcome::Unreachable(failure),
            Self::Failed(failure) => Outcome::Failed(failure),
        }
    }
}
