//! What goes on beside serving.

use concord_gateway::Standing;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// Tells by the health service whether the ledger is whole.
pub(super) async fn tell_health(standing: Standing, reporter: HealthReporter, keeping: CancellationToken) {
    let mut state = standing.subscribe();
    loop {
        let whole = state.borrow_and_update().is_none();
        let status = if whole { ServingStatus::Serving } else { ServingStatus::NotServing };
        reporter.set_service_status("", status).await;
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return },
            () = keeping.cancelled() => return,
        }
    }
}

/// Waits for all of them.
pub(super) async fn join(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(target: "concord::node", %error, "a task did not end by itself");
        }
    }
}
