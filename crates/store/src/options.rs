//! How a store is opened.

use crate::error::StorageError;
use crate::writer::OnFatal;
use concord_domain::Clock;
use std::fmt;
use std::sync::Arc;

/// Where the writer runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// On a thread of its own, so that waiting for the disk holds up nobody. For real nodes.
    Thread,
    /// As a task of the runtime at hand, in whose steps it commits. For a deterministic simulation, whose
    /// runtime must know of every step; needs a tokio runtime.
    Inline,
}

/// What a store needs from outside.
#[derive(Clone)]
pub struct Options {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) execution: Execution,
    pub(crate) on_fatal: OnFatal,
}

impl Options {
    /// A store whose process ends when a commit fails: after that nobody knows what is on the disk, and what
    /// was not acknowledged must not be repeated or built upon.
    pub fn new(clock: Arc<dyn Clock>, execution: Execution) -> Self {
        Self { clock, execution, on_fatal: Arc::new(|_| std::process::abort()) }
    }

    /// Does something else when a commit fails, then ends the writer: waiting writes get
    /// [`WriteError::Interrupted`](crate::WriteError::Interrupted), later ones
    /// [`WriteError::Closed`](crate::WriteError::Closed).
    #[must_use]
    pub fn on_fatal(self, on_fatal: impl Fn(&StorageError) + Send + Sync + 'static) -> Self {
        Self { on_fatal: Arc::new(on_fatal), ..self }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("clock", &self.clock)
            .field("execution", &self.execution)
            .finish_non_exhaustive()
    }
}
