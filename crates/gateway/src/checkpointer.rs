//! Signs what the ledger is, whenever it has grown.

use crate::keys::HeldKeys;
use crate::operation::Fault;
use crate::standing::Standing;
use concord_domain::AgencyId;
use concord_ledger::{Checkpoint, SignedCheckpoint};
use concord_store::Store;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Signs a checkpoint at each tick at which the ledger has grown, and publishes the ledger's files.
#[derive(Debug)]
pub struct Checkpointer {
    /// Whose ledger it is.
    pub agency: AgencyId,
    /// Has the checkpoint key.
    pub keys: HeldKeys,
    /// Has the ledger.
    pub store: Store,
    /// What peers have seen of the ledger: of one that is not whole nothing is signed, since each checkpoint would prove a
    /// fork.
    pub standing: Standing,
    /// Between two looks at the ledger.
    pub every: Duration,
}

impl Checkpointer {
    /// Runs until `shutdown`, then signs once more, so that a stopped node's last checkpoint covers everything.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let last = tokio::select! {
                _ = ticks.tick() => false,
                () = shutdown.cancelled() => true,
            };
            if let Err(fault) = self.sign().await {
                tracing::error!(target: "concord::ledger", %fault, "no checkpoint");
            }
            if last {
                return;
            }
        }
    }

    /// Signs and publishes a checkpoint if the ledger has grown since the last one.
    pub async fn sign(&self) -> Result<(), Fault> {
        if self.standing.rolled_back().is_some() {
            return Ok(());
        }
        let head = self.store.head().map_err(|e| Fault::new("reading the ledger's head", e))?;
        let last =
            self.store.latest_checkpoint().map_err(|e| Fault::new("reading the last checkpoint", e))?;
        if head.tree.size == 0 || last.is_some_and(|last| last.size >= head.tree.size) {
            return Ok(());
        }
        let checkpoint =
            Checkpoint { ledger: self.agency.clone(), size: head.tree.size, root: head.tree.root };
        let note = SignedCheckpoint::sign(checkpoint, &self.keys.current().checkpoint);
        let published = self.store.publish_checkpoint(&note).await;
        published.map_err(|e| Fault::new("publishing a checkpoint", e))
    }
}

#[cfg(test)]
mod tests;
