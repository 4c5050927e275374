//! What goes on beside serving.

use tokio::task::JoinSet;

/// Waits for all of them.
pub(super) async fn join(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(target: "concord::node", %error, "a task did not end by itself");
        }
    }
}
