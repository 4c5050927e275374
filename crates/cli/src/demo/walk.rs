//! Steps, timed and told as they end.

use crate::output::Output;
use serde::Serialize;
use tokio::time::Instant;

/// Tells of each step.
#[derive(Debug)]
pub(super) struct Walk {
    output: Output,
}

/// What a step says.
#[derive(Debug, Serialize)]
struct Line {
    step: &'static str,
    ok: bool,
    took_ms: u128,
    says: String,
}

impl Walk {
    pub(super) const fn new(output: Output) -> Self {
        Self { output }
    }

    /// Does one step and tells what came of it; `work` gives what it has to show and what it says.
    pub(super) async fn step<T>(
        &self,
        step: &'static str,
        work: impl Future<Output = anyhow::Result<(T, String)>>,
    ) -> anyhow::Result<T> {
        let started = Instant::now();
        let done = Box::pin(work).await;
        let took_ms = started.elapsed().as_millis();
        match done {
            Ok((shown, says)) => {
                self.tell(&Line { step, ok: true, took_ms, says })?;
                Ok(shown)
            }
            Err(error) => {
                self.tell(&Line { step, ok: false, took_ms, says: format!("{error:#}") })?;
                Err(error.context(step))
            }
        }
    }

    fn tell(&self, line: &Line) -> std::io::Result<()> {
        let Line { step, ok, took_ms, says } = line;
        let mark = if *ok { "ok" } else { "FAILED" };
        self.output.result(line, || format!("{mark:<7}{step:<21}{took_ms:>6} ms  {says}"))
    }
}
