//! The way out of a node over a test's store.

use super::{agency, message_key, now, sealing_key};
use concord_domain::{Failure, FixedClock, SystemEntropy};
use concord_gateway::{
    Authority, Courier, Deadline, Handover, HeldKeys, Keys, Lines, NoAnswer, Outbound, Peers, Recorder, Ways,
};
use concord_store::Store;
use concord_trust::StorageKey;
use concord_trust::envelope::{Envelope, SealedAnswer};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Lines to nobody.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Courier for Nobody {
    fn deliver<'a>(
        &'a self,
        _: Handover<'a>,
        _: Envelope,
        _: Deadline,
    ) -> BoxFuture<'a, Result<SealedAnswer, NoAnswer>> {
        Box::pin(std::future::ready(Err(NoAnswer::Unreachable(Failure::NoEndpoint))))
    }
}

/// The way out of the node of that agency, which knows nothing of its peers yet.
pub(crate) fn outbound(
    store: &Store,
    name: &str,
    authority: Authority,
    courier: Arc<dyn Courier>,
) -> Outbound {
    let keys = HeldKeys::new(Keys {
        message: message_key(name),
        checkpoint: message_key("checkpoint"),
        sealing: vec![sealing_key(name)],
        storage: StorageKey::from_text(&StorageKey::generate_text(&SystemEntropy)).unwrap(),
    });
    let recorder = Recorder::new(agency(name), keys.clone(), Arc::new(SystemEntropy), store.clone()).unwrap();
    Outbound {
        agency: agency(name),
        keys,
        clock: Arc::new(FixedClock::at(now())),
        entropy: Arc::new(SystemEntropy),
        authority,
        recorder,
        ways: Ways::new(agency(name), Lines::default(), Peers::default()),
        courier,
        retries: Arc::default(),
        hedge_after: None,
    }
}
