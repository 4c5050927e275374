//! Where work goes that takes longer than a millisecond of CPU.

use concord_gateway::Fault;

/// Keeps long work off the threads that serve connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heavy {
    /// On the runtime's threads for blocking work. For real nodes.
    Threads,
    /// Where it is asked for: a simulation must know of every step.
    Inline,
}

impl Heavy {
    /// Does `work`, and gives what it returns.
    pub async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        match self {
            Self::Inline => Ok(work()),
            Self::Threads => {
                #[allow(clippy::disallowed_methods, reason = "this is the seam for long work")]
                let done = tokio::task::spawn_blocking(work);
                done.await.map_err(|e| Fault::new("long work", e))
            }
        }
    }
}
