//! Lines between nodes in memory, with nodes behind them that are honest, silent or hostile.

use crate::carry::Lost;
use crate::courier::{Courier, Handover, NoAnswer};
use crate::deadline::Deadline;
use crate::inbound::{Inbound, NotServed};
use concord_domain::{AgencyId, Failure};
use concord_trust::envelope::{Envelope, SealedAnswer};
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

type Answered = Result<SealedAnswer, NoAnswer>;
type Behaviour = Arc<dyn Fn(AgencyId, Envelope, Deadline) -> BoxFuture<'static, Answered> + Send + Sync>;

/// Every node by its agency; who is not in it cannot be reached.
#[derive(Clone, Default)]
pub(crate) struct Mesh(Arc<Mutex<BTreeMap<AgencyId, Behaviour>>>);

impl Mesh {
    /// Puts an honest node at an agency.
    pub(crate) fn join(&self, at: &str, inbound: Inbound) {
        self.put(at, move |from, envelope, deadline| {
            let inbound = inbound.clone();
            Box::pin(async move { inbound.deliver(&from, envelope, deadline).await.map_err(as_heard) })
        });
    }

    /// Puts a node that does as it likes at an agency.
    pub(crate) fn put(
        &self,
        at: &str,
        behaviour: impl Fn(AgencyId, Envelope, Deadline) -> BoxFuture<'static, Answered> + Send + Sync + 'static,
    ) {
        self.0.lock().unwrap().insert(at.parse().unwrap(), Arc::new(behaviour));
    }

    /// Takes an agency's node away.
    pub(crate) fn leave(&self, at: &str) {
        self.0.lock().unwrap().remove(&at.parse().unwrap());
    }

    /// Hands an envelope to the node at `to` over the connection of `from`.
    pub(crate) async fn hand(
        &self,
        from: &str,
        to: &str,
        envelope: Envelope,
        deadline: Deadline,
    ) -> Answered {
        let node = self.0.lock().unwrap().get(&to.parse().unwrap()).cloned();
        match node {
            Some(node) => node(from.parse().unwrap(), envelope, deadline).await,
            None => Err(NoAnswer::Unreachable(Failure::ConnectFailed)),
        }
    }

    /// The courier of a node.
    pub(crate) fn courier(&self, from: &'static str) -> impl Courier + use<> {
        MeshCourier { mesh: self.clone(), from }
    }
}

/// What a caller hears of a node that has no signed answer for it.
fn as_heard(error: NotServed) -> NoAnswer {
    match error {
        NotServed::Lost(Lost::NoRoute) => NoAnswer::Unreachable(Failure::NoRoute),
        NotServed::Lost(Lost::TimedOut | Lost::TooLittleTime) => NoAnswer::TimedOut,
        NotServed::Lost(Lost::Broken) => NoAnswer::Failed(Failure::ConnectionLost),
        NotServed::Lost(Lost::Failed(failure)) => NoAnswer::Failed(failure),
        NotServed::Invalid(_) | NotServed::NotFromPeer => NoAnswer::Failed(Failure::NotAuthenticated),
        NotServed::Overloaded(_) => NoAnswer::Unreachable(Failure::Overloaded),
        NotServed::Fault(_) => NoAnswer::Failed(Failure::PeerFault),
    }
}

struct MeshCourier {
    mesh: Mesh,
    from: &'static str,
}

impl std::fmt::Debug for MeshCourier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MeshCourier({})", self.from)
    }
}

impl Courier for MeshCourier {
    fn deliver<'a>(
        &'a self,
        to: Handover<'a>,
        envelope: Envelope,
        deadline: Deadline,
    ) -> BoxFuture<'a, Answered> {
        Box::pin(async move {
            let handed = self.mesh.hand(self.from, to.next.as_str(), envelope, deadline);
            tokio::time::timeout_at(deadline.instant(), handed).await.unwrap_or(Err(NoAnswer::TimedOut))
        })
    }
}
