//! What is known of the agencies that can be asked, and of the way to them.

use crate::agency::AgencyId;
use crate::outcome::OutcomeKind;
use crate::text::codes;
use crate::time::Timestamp;

codes! {
    /// Whether an agency answers, as far as this node has seen itself.
    pub enum Health("health") {
        /// It was not asked anything since this node started.
        Unknown = "unknown",
        /// The last time that something was asked of it, by whatever way, or documents were compared with it, it answered.
        Reachable = "reachable",
        /// The last thing that was asked of it got no answer.
        Failing = "failing",
        /// A block notice stops it: it is not asked.
        Stopped = "stopped",
    }
}

codes! {
    /// Whether calls to a node go through just now.
    pub enum Circuit("circuit") {
        /// They do.
        Closed = "closed",
        /// Too many in a row failed: none for a moment.
        Open = "open",
        /// The next one is a probe, by which it closes or opens for longer.
        HalfOpen = "half-open",
    }
}

/// One agency that a request passed, and when by that agency's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// The agency: the origin, a carrier or the destination.
    pub agency: AgencyId,
    /// When it handed the request on, or as the destination looked at it.
    pub at: Timestamp,
}

codes! {
    /// What came of a ping: an [`OutcomeKind`](crate::OutcomeKind), where there is nothing to hit.
    pub enum PingOutcome("ping outcome") {
        /// The agency answered.
        Answered = "answered",
        /// A signed refusal, or our own rules forbid asking.
        Refused = "refused",
        /// Accepted on the way; the answer comes later.
        Pending = "pending",
        /// No connection, or it broke before an answer.
        Unreachable = "unreachable",
        /// No answer before the deadline.
        TimedOut = "timed_out",
        /// An answer that cannot be trusted, or a fault on either side.
        Failed = "failed",
    }
}

impl From<OutcomeKind> for PingOutcome {
    fn from(kind: OutcomeKind) -> Self {
        match kind {
            OutcomeKind::Hit | OutcomeKind::NoHit => Self::Answered,
            OutcomeKind::Refused => Self::Refused,
            OutcomeKind::Pending => Self::Pending,
            OutcomeKind::Unreachable => Self::Unreachable,
            OutcomeKind::TimedOut => Self::TimedOut,
            OutcomeKind::Failed => Self::Failed,
        }
    }
}
