//! Handing results back to those who wait for them.

use crate::refusal::WriteError;
use crate::write::Committed;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// The result of one write on its way to whoever waits for it.
pub(crate) struct Reply {
    pub(crate) to: oneshot::Sender<Result<Committed, WriteError>>,
    pub(crate) result: Result<Committed, WriteError>,
}

/// Groups of replies on the way to the runtime; two, so that the writer is not held up while one is handed out.
const GROUPS_MAX: usize = 2;

/// How replies reach their tasks.
pub(crate) enum Delivery {
    /// One by one from where the writer runs.
    Direct,
    /// As a whole group to a task of the callers' runtime, which wakes them there: one wake-up across threads
    /// a group instead of one a write.
    Grouped(mpsc::Sender<Vec<Reply>>),
}

impl Delivery {
    /// Starts the task that hands out groups on `runtime`; it ends with the writer.
    pub(crate) fn grouped(runtime: &Handle) -> Self {
        let (sender, mut groups) = mpsc::channel(GROUPS_MAX);
        runtime.spawn(async move {
            while let Some(group) = groups.recv().await {
                hand_out(group);
            }
        });
        Self::Grouped(sender)
    }

    pub(crate) async fn deliver(&self, group: Vec<Reply>) {
        match self {
            Self::Direct => hand_out(group),
            Self::Grouped(sender) => {
                if let Err(mpsc::error::SendError(group)) = sender.send(group).await {
                    hand_out(group);
                }
            }
        }
    }
}

fn hand_out(group: Vec<Reply>) {
    for Reply { to, result } in group {
        // A caller that has gone away does not need its result; the write stays.
        drop(to.send(result));
    }
}
