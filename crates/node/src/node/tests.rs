//! What a node does before it serves.

mod network;

use super::*;
use crate::testing::{HERE, OTHER, World, agency};
use concord_domain::{AgencyId, Digest, SystemEntropy};
use concord_ledger::{Checkpoint, Entry, SignedCheckpoint};
use concord_pki::{BlockNotice, KeyName, Renewal, Rotation, renew_keyring, rotate_keys};
use concord_store::Change;
use concord_trust::{BlockReason, Keyring, SigningKey};
use network::MemoryNetwork;

fn seams(world: &World, network: &Arc<MemoryNetwork>) -> Seams {
    let clock: Arc<dyn concord_domain::Clock> = Arc::<concord_domain::FixedClock>::clone(&world.clock);
    Seams::inline(clock, Arc::new(SystemEntropy), Arc::<MemoryNetwork>::clone(network))
}

async fn start(world: &World, name: &str, accept_rollback: bool, network: &Arc<MemoryNetwork>) -> Node {
    let config = Config::load(&world.layout().node(&agency(name)).config()).unwrap();
    Node::start(Config { accept_rollback, ..config }, seams(world, network)).await.unwrap()
}

/// The kinds of the entries of a node's ledger.
fn ledger(node: &Node) -> Vec<&'static str> {
    let size = usize::try_from(node.store.head().unwrap().tree.size).unwrap();
    let entries = node.store.entries(0, size).unwrap();
    entries.iter().map(|stored| Entry::decode(&stored.bytes).unwrap().event.name()).collect()
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
    let (parts, _) = Parts::open(&world.config, &seams).await.unwrap();
    let directory = parts.authority.current().rules.directory().clone();
    let theirs = directory.keyring(&agency(OTHER)).unwrap();
    assert!(!theirs.is_current(world.now()));
    assert!(parts.trust.snapshot().agencies().any(|agency| agency.as_str() == OTHER), "TLS believes it");
    catch_up(&world.config, &seams, &parts).await;
    assert_eq!(network.called(), 1);
}

#[tokio::test]
async fn at_the_start_everybody_is_asked() {
    let members = concord_pki::Federation::sample().unwrap().members;
    let others = members.into_iter().map(|member| member.agency).filter(|agency| agency.as_str() != HERE);
    let nodes: Vec<AgencyId> = others.take(Rounds::PEERS_MAX + 4).chain([agency(HERE)]).collect();
    let world = World::of(&nodes);
    let network = Arc::default();
    let seams = seams(&world, &network);
    let (parts, _) = Parts::open(&world.config, &seams).await.unwrap();
    let asked = rounds(&world.config, &seams, &parts);
    let lines = &asked.lines;
    let linked = nodes.iter().filter(|agency| agency.as_str() != HERE && lines.lead_to(agency)).count();
    assert!(linked > Rounds::PEERS_MAX);
    let synced = catch_up(&world.config, &seams, &parts).await;
    assert_eq!((synced.missed, network.called()), (linked, linked));
}

/// Lets a node have seen 99 entries of a ledger of [`HERE`] that is lost, as this key signed them.
async fn has_seen(node: &Node, key: &SigningKey) {
    let checkpoint = Checkpoint { ledger: agency(HERE), size: 99, root: Digest([1; 32]) };
    let note = SignedCheckpoint::sign(checkpoint, key).to_string();
    let changes = vec![Change::SavePeerCheckpoint { agency: agency(HERE), size: 99, note }];
    node.store.submit(Write { name: "test_seen", guards: vec![], changes, entries: vec![] }).await.unwrap();
}

#[tokio::test]
async fn a_ledger_is_held_against_what_a_key_signed_that_has_changed_twice_since() {
    let world = World::new();
    let network = Arc::default();
    let first = world.key(HERE, KeyName::Checkpoint);
    for _ in 0..3 {
        let rotation = Rotation { now: world.now(), life: Keyring::LIFE_MAX };
        rotate_keys(&world.layout(), &agency(HERE), rotation, &SystemEntropy).unwrap();
        world.clock.advance(Rotation::ANNOUNCED_MIN);
    }
    let other = start(&world, OTHER, false, &network).await;
    has_seen(&other, &first).await;
    let here = start(&world, HERE, false, &network).await;
    assert!(ledger(&here).is_empty(), "{:?}", ledger(&here));
    here.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_ledger_that_is_not_whole_takes_no_entry_until_a_person_decides() {
    let world = World::new();
    let network = Arc::default();
    let other = start(&world, OTHER, false, &network).await;
    assert_eq!(ledger(&other).last(), Some(&"started"));
    has_seen(&other, &world.key(HERE, KeyName::Checkpoint)).await;
    let here = start(&world, HERE, false, &network).await;
    here.reload_handle().notify_one();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(ledger(&here).is_empty(), "{:?}", ledger(&here));
    here.stop().await;
    let here = start(&world, HERE, true, &network).await;
    assert_eq!(ledger(&here).first(), Some(&"rollback-accepted"));
    assert_eq!(ledger(&here).get(1), Some(&"adopted"));
    assert_eq!(ledger(&here).last(), Some(&"started"));
    here.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn comparing_with_a_blocked_peer_alone_makes_nobody_fresh() {
    let world = World::new();
    let network = Arc::default();
    let other = start(&world, OTHER, false, &network).await;
    let synced = async || {
        let seams = seams(&world, &network);
        let (parts, _) = Parts::open(&world.config, &seams).await.unwrap();
        let reached = catch_up(&world.config, &seams, &parts).await.reached;
        let synced = parts.authority.synced();
        parts.store.close().await;
        (reached, synced)
    };
    assert_eq!(synced().await, (1, Some(world.now())));
    let notice = BlockNotice { now: world.now(), until: None, reason: BlockReason::Exercise };
    concord_pki::block(&world.layout(), &agency(OTHER), notice).unwrap();
    assert_eq!(synced().await, (1, None));
    other.stop().await;
}
