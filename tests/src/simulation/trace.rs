//! Concord's own events, in order, with the simulation's time: what two runs of one seed must agree on.

use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

/// Collects events.
#[derive(Debug, Clone, Default)]
pub struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    /// Runs `work` and collects what happens in it, on this thread.
    pub fn collect<T>(&self, work: impl FnOnce() -> T) -> T {
        let subscriber = Registry::default().with(Collector(self.clone()));
        tracing::subscriber::with_default(subscriber, work)
    }

    /// Notes a line of the test's own.
    pub fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    }

    /// What was collected.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Collector(Trace);

impl<S: Subscriber> Layer<S> for Collector {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        if !target.starts_with("concord::") {
            return;
        }
        let millis = turmoil::sim_elapsed().unwrap_or_default().as_millis();
        let mut line = Line(format!("{millis:>6} {target}"));
        event.record(&mut line);
        self.0.note(line.0);
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}
