//! How long a call may still take. Never computed from another machine's clock.

use concord_transport::RequestDeadline;
use std::time::Duration;
use tokio::time::Instant;

/// The moment by which an outcome must be known, on this machine's monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// Earlier by `margin`, so that what is known then can still be recorded and sent.
    #[must_use]
    pub fn less(self, margin: Duration) -> Self {
        Self(self.0.checked_sub(margin).unwrap_or(self.0))
    }

    /// The `n`-th part of what is left, so that as many ways can each be tried in time.
    #[must_use]
    pub fn share(self, n: u32) -> Self {
        Self(Instant::now() + self.left() / n.max(1))
    }

    /// The moment itself.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// What is left; zero once it has passed.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The deadline of a call on one of our listeners: what its caller asked for, `default` if nothing, `most` at
    /// most.
    pub fn of_call<T>(request: &tonic::Request<T>, default: Duration, most: Duration) -> Self {
        let asked = request.metadata().contains_key("grpc-timeout");
        match request.extensions().get::<RequestDeadline>() {
            Some(RequestDeadline(at)) if asked => Self((*at).min(Instant::now() + most)),
            Some(_) | None => Self::after(default.min(most)),
        }
    }
}

#[cfg(test)]
mod tests;
