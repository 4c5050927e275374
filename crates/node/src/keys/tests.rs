//! Which of the keys in a folder a node takes, and which die.

use super::*;
use crate::testing::{HERE, World, agency};
use concord_domain::SystemEntropy;
use concord_pki::{KeyName, Rotation, rotate_keys};
use concord_trust::Directory;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// Changes the keys a day after the last change.
fn rotate(world: &World) {
    world.clock.advance(DAY);
    let rotation = Rotation { now: world.now(), life: Keyring::LIFE_MAX };
    rotate_keys(&world.layout(), &agency(HERE), rotation, &SystemEntropy).unwrap();
}

fn keyring(world: &World) -> Keyring {
    let pinned = world.config.federation.charter_sha256;
    let (directory, problems) = Directory::read(&world.layout().federation(), pinned, |_| None).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    Keyring::clone(directory.keyring(&agency(HERE)).unwrap())
}

fn read(world: &World) -> (KeyFiles, Problems) {
    let mut problems = Problems::default();
    (KeyFiles::read(&world.config.keys.folder, world.now(), &mut problems), problems)
}

/// The keys that a node takes that knows this keyring.
fn taken(world: &World, keyring: &Keyring) -> Option<Keys> {
    let (files, problems) = read(world);
    assert!(problems.is_empty(), "{problems}");
    files.of(keyring)
}

#[test]
fn the_keyring_says_which_key_is_current_whatever_the_files_are_called() {
    let world = World::new();
    let first = keyring(&world);
    rotate(&world);
    let announced = keyring(&world);
    rotate(&world);
    let changed = keyring(&world);
    for keyring in [first, announced, changed] {
        let keys = taken(&world, &keyring).unwrap();
        assert_eq!(keys.message.public(), keyring.message);
        assert_eq!(keys.checkpoint.public(), keyring.checkpoint);
        assert_eq!(*keys.sealing[0].public(), keyring.sealing);
        assert_eq!(keys.sealing.len(), 3, "past, current and next: all of them open");
    }
}

#[test]
fn a_key_that_the_keyring_names_and_nobody_has_is_named() {
    let world = World::new();
    let other =
        Keyring { message: world.key(crate::testing::OTHER, KeyName::Message).public(), ..keyring(&world) };
    let (files, mut problems) = read(&world);
    files.check(&world.config.keys.folder, &other, &mut problems);
    let named: Vec<_> = problems.iter().map(|problem| problem.file.clone()).collect();
    assert_eq!(named, [world.node().key(KeyName::Message).display().to_string()]);
    assert!(files.of(&other).is_none());
}

#[test]
fn a_past_key_opens_until_it_dies_and_is_removed_then() {
    let world = World::new();
    rotate(&world);
    let announced = keyring(&world);
    rotate(&world);
    let changed = keyring(&world);
    let folder = &world.config.keys.folder;
    let opens = || {
        let keys = taken(&world, &changed).unwrap();
        keys.sealing.iter().any(|key| *key.public() == announced.sealing)
    };
    let unused = announced.expires.plus(Duration::from_secs(60));
    world.clock.advance(unused.since(world.now()));
    bury(folder, world.now()).unwrap();
    assert!(taken(&world, &announced).is_none(), "nobody accepts the message key any more");
    assert!(opens());
    world.clock.advance(DAY);
    assert!(opens(), "a day after the last envelope, which may live for minutes");
    world.clock.advance(Duration::from_secs(11 * 60));
    assert!(!opens(), "dead, though the file is still there");
    let before = std::fs::read_dir(folder).unwrap().count();
    bury(folder, world.now()).unwrap();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), before - 1);
    assert!(taken(&world, &changed).is_some());
}

#[test]
fn more_keys_than_anybody_needs_are_refused() {
    let world = World::new();
    let (folder, current) = (&world.config.keys.folder, world.node().key(KeyName::Message));
    for days in 1..=Turn::FILES_MAX {
        let dies = world.now().plus(DAY * u32::try_from(days).unwrap());
        std::fs::copy(&current, folder.join(Turn::Past { dies }.file_name(MESSAGE))).unwrap();
    }
    let (_, problems) = read(&world);
    assert!(problems.to_string().contains("65 message keys are more than the limit of 64"), "{problems}");
}
