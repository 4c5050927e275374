//! Where time, randomness, the network and long work enter a node, so that a simulation can steer them.

use concord_domain::{Clock, Entropy, SystemClock, SystemEntropy};
use concord_services::Heavy;
use concord_store::Execution;
use concord_transport::{ClientLimits, Network, RealNetwork, ServerLimits};
use std::sync::Arc;

/// The seams of a node.
#[derive(Debug, Clone)]
pub struct Seams {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Dialing and listening.
    pub network: Arc<dyn Network>,
    /// Where the store's writer runs.
    pub storage: Execution,
    /// Where long work runs.
    pub heavy: Heavy,
    /// The bounds of the local listener.
    pub local_limits: ServerLimits,
    /// The bounds of the federation listener.
    pub federation_limits: ServerLimits,
    /// The bounds of calls to other nodes.
    pub link_limits: ClientLimits,
}

impl Seams {
    /// The machine's own.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            network: Arc::new(RealNetwork),
            storage: Execution::Thread,
            heavy: Heavy::Threads,
            local_limits: ServerLimits::local(),
            federation_limits: ServerLimits::federation(),
            link_limits: ClientLimits::default(),
        }
    }

    /// Inline: everything happens in the steps of the runtime at hand.
    pub fn inline(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, network: Arc<dyn Network>) -> Self {
        Self { clock, entropy, network, storage: Execution::Inline, heavy: Heavy::Inline, ..Self::real() }
    }
}
