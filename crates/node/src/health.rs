//! The task that tells by the health service how the node is.

use concord_gateway::Standing;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// Tells by the health service whether the ledger is whole.
pub(crate) async fn tell(standing: Standing, reporter: HealthReporter, keeping: CancellationToken) {
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
