//! What a node does before it serves.

use super::*;
use crate::testing::{HERE, OTHER, World, agency};
use concord_domain::SystemEntropy;
use concord_pki::{Renewal, renew_keyring};
use concord_transport::{BoxedIo, Listener, Network};
use concord_trust::Keyring;
use std::io::{Error, ErrorKind, Result as IoResult};
use std::pin::Pin;
use std::sync::Mutex;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A network on which nobody answers. Knows who was called.
#[derive(Debug, Default)]
struct Deaf {
    called: Mutex<Vec<String>>,
}

impl Network for Deaf {
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, IoResult<BoxedIo>> {
        self.called.lock().unwrap().push(address.to_owned());
        Box::pin(async { Err(Error::from(ErrorKind::ConnectionRefused)) })
    }

    fn bind(&self, _: SocketAddr) -> BoxFuture<'_, IoResult<Box<dyn Listener>>> {
        Box::pin(async { Err(Error::from(ErrorKind::AddrInUse)) })
    }
}

fn seams(world: &World, network: &Arc<Deaf>) -> Seams {
    let clock: Arc<dyn concord_domain::Clock> = Arc::<concord_domain::FixedClock>::clone(&world.clock);
    Seams::inline(clock, Arc::new(SystemEntropy), Arc::<Deaf>::clone(network))
}

fn renew(world: &World, name: &str) {
    let renewal = Renewal { now: world.now(), life: Keyring::LIFE_MAX, endpoints: None };
    renew_keyring(&world.layout(), &agency(name), &renewal).unwrap();
}

#[tokio::test]
async fn after_longer_than_keyrings_live_the_peers_are_asked_all_the_same() {
    let world = World::new();
    world.clock.advance(Keyring::LIFE_MAX + Duration::from_secs(86_400));
    renew(&world, HERE);
    let network = Arc::default();
    let seams = seams(&world, &network);
    let parts = Parts::open(&world.config, &seams).await.unwrap();
    let directory = parts.authority.current().rules.directory().clone();
    let theirs = directory.keyring(&agency(OTHER)).unwrap();
    assert!(!theirs.is_current(world.now()));
    assert!(parts.trust.snapshot().agencies().any(|agency| agency.as_str() == OTHER), "TLS believes it");
    catch_up(&world.config, &seams, &parts).await;
    assert_eq!(network.called.lock().unwrap().len(), 1);
}
