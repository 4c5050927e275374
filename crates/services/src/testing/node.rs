//! The way out of a node over a test's store.

use super::{agency, message_key, now, sealing_key};
use concord_domain::{FixedClock, SystemEntropy};
use concord_gateway::{Authority, Courier, HeldKeys, Keys, Lines, Outbound, Peers, Recorder, Ways};
use concord_store::Store;
use concord_trust::StorageKey;
use std::sync::Arc;

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
