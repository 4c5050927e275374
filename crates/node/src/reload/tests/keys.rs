//! Keys that change while the node runs.

use super::*;
use concord_pki::{KeyName, Rotation, rotate_keys};

fn rotate(world: &World, after: Duration) {
    world.clock.advance(after);
    let rotation = Rotation { now: world.now(), life: Keyring::LIFE_MAX };
    rotate_keys(&world.layout(), &agency(HERE), rotation, &concord_domain::SystemEntropy).unwrap();
}

#[tokio::test]
async fn keys_change_with_the_keyring_and_past_ones_go_on_opening() {
    let world = World::new();
    let reloader = start(&world).await;
    let first = reloader.keys.current();
    let before = reloader.fingerprint();
    rotate(&world, Duration::ZERO);
    assert_ne!(reloader.fingerprint(), before, "a change is found by itself");
    reloader.reload().await;
    assert_eq!(reloader.keys.current().message.public(), first.message.public(), "announced only");
    rotate(&world, Rotation::ANNOUNCED_MIN);
    reloader.reload().await;
    let now = reloader.keys.current();
    let in_force = reloader.authority.current();
    let ours = agency(HERE);
    assert_eq!(now.message.public(), in_force.directory().keyring(&ours).unwrap().message);
    assert_ne!(now.message.public(), first.message.public());
    assert!(now.sealing.iter().any(|key| key.public() == first.sealing[0].public()));
    let accepted = in_force.directory().message_keys(&ours, world.now());
    assert!(accepted.contains(&first.message.public()), "what it signed a moment ago still counts");
    let before = reloader.fingerprint();
    world.clock.advance(30 * Duration::from_secs(86_400));
    assert_ne!(reloader.fingerprint(), before, "so does the death of a key");
}

#[tokio::test]
async fn without_the_keys_that_the_keyring_names_the_old_ones_go_on() {
    let world = World::new();
    let reloader = start(&world).await;
    let first = reloader.keys.current().message.public();
    rotate(&world, Duration::ZERO);
    rotate(&world, Rotation::ANNOUNCED_MIN);
    let key = world.node().key(KeyName::Message);
    let kept = std::fs::read(&key).unwrap();
    std::fs::write(&key, "no key").unwrap();
    reloader.reload().await;
    assert_eq!(reloader.keys.current().message.public(), first);
    std::fs::write(&key, kept).unwrap();
    reloader.reload().await;
    assert_ne!(reloader.keys.current().message.public(), first);
}
