//! Keys change with overlap.

use super::*;
use crate::{KeyName, Renewal, Rotated, Rotation, renew_keyring, rotate_keys};
use concord_trust::{DocumentKind, DocumentSet, Keyring, SigningKey, Turn};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn yn() -> AgencyId {
    agency("yn.police.cn")
}

fn rotate(generated: &Generated, now: Timestamp) -> Result<Rotated, PkiError> {
    let rotation = Rotation { now, life: Keyring::LIFE_MAX };
    rotate_keys(&generated.layout, &yn(), rotation, &SystemEntropy)
}

fn keyring(generated: &Generated) -> Keyring {
    Keyring::clone(directory(generated).keyring(&yn()).unwrap())
}

/// The content of each file of keys.
fn keys(generated: &Generated) -> BTreeMap<String, String> {
    let entries = fs::read_dir(generated.nodes[&yn()].keys()).unwrap().map(Result::unwrap);
    let named = entries.map(|entry| {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
    });
    named.collect()
}

#[test]
fn keys_are_announced_then_used_and_those_before_still_count() {
    let (_dir, generated) = fresh();
    let first = keyring(&generated);
    assert_eq!(first.next, None);
    assert_eq!(rotate(&generated, now()).unwrap(), Rotated::Announced { sequence: 2 });
    let announced = keyring(&generated);
    let next = announced.next.clone().unwrap();
    assert_eq!((announced.message, announced.checkpoint), (first.message, first.checkpoint));
    let early = rotate(&generated, now().plus(Rotation::ANNOUNCED_MIN).minus(Duration::from_millis(1)));
    assert!(matches!(early, Err(PkiError::AnnouncedTooLately { .. })), "{early:?}");

    let later = now().plus(HOUR);
    assert_eq!(rotate(&generated, later).unwrap(), Rotated::Changed { sequence: 3 });
    let changed = keyring(&generated);
    assert_eq!((changed.message, changed.checkpoint), (next.message, next.checkpoint));
    assert_eq!(changed.sealing, next.sealing);
    assert_ne!(changed.next.clone().unwrap().message, next.message, "the keys after those");
    let directory = directory(&generated);
    assert!(directory.message_keys(&yn(), later).contains(&first.message));
    assert!(directory.checkpoint_keys(&yn(), later).contains(&first.checkpoint));

    let files = keys(&generated);
    let key = |purpose: &str, turn: Turn| files.get(&turn.file_name(purpose)).unwrap().clone();
    let message = |turn| SigningKey::from_text(&key("message", turn)).unwrap().public();
    let unused = announced.expires.plus(Duration::from_secs(60));
    assert_eq!(message(Turn::Current), changed.message);
    assert_eq!(message(Turn::Next), changed.next.unwrap().message);
    assert_eq!(message(Turn::Past { dies: unused }), first.message);
    key("checkpoint", Turn::Past { dies: unused });
    key("sealing", Turn::Past { dies: unused.plus(11 * Duration::from_secs(60) + 24 * HOUR) });
}

#[test]
fn a_sealing_key_outlives_every_keyring_that_names_it() {
    let (_dir, generated) = fresh();
    let first = keyring(&generated);
    for hours in [1, 2] {
        let rotation = Rotation { now: now().plus(HOUR * hours), life: HOUR };
        rotate_keys(&generated.layout, &yn(), rotation, &SystemEntropy).unwrap();
    }
    let dies = first.expires.plus(12 * Duration::from_secs(60) + 24 * HOUR);
    assert!(keys(&generated).contains_key(&Turn::Past { dies }.file_name("sealing")), "{dies}");
}

#[test]
fn renewing_the_keyring_changes_no_key_and_keeps_what_is_announced() {
    let (_dir, generated) = fresh();
    rotate(&generated, now()).unwrap();
    let before = (keyring(&generated), keys(&generated));
    let renewal = Renewal { now: now().plus(HOUR), life: Keyring::LIFE_MAX, endpoints: None };
    renew_keyring(&generated.layout, &yn(), &renewal).unwrap();
    let after = keyring(&generated);
    assert_eq!((after.next, after.message), (before.0.next, before.0.message));
    assert_eq!(keys(&generated), before.1);
    assert!(matches!(rotate(&generated, now().plus(2 * HOUR)), Ok(Rotated::Changed { sequence: 4 })));
}

#[test]
fn a_change_that_broke_off_anywhere_is_done_again() {
    let (_dir, generated) = fresh();
    rotate(&generated, now()).unwrap();
    let (before, announced) = (keys(&generated), keyring(&generated));
    let whole = rotate(&generated, now().plus(HOUR)).unwrap();
    assert_eq!(whole, Rotated::Changed { sequence: 3 });
    let after = keys(&generated);
    // The files as they are written one after the other, then the keyring.
    let past = |name: &&String| !before.contains_key(*name);
    let current = |name: &&String| ["message.key", "checkpoint.key", "sealing.key"].contains(&name.as_str());
    let next = |name: &&String| name.contains(".next.");
    let steps: Vec<_> = [after.keys().filter(past).collect::<Vec<_>>()]
        .into_iter()
        .chain([after.keys().filter(current).collect(), after.keys().filter(next).collect()])
        .flatten()
        .collect();
    assert_eq!(steps.len(), 9);
    for done in 0..=steps.len() {
        let (_dir, again) = fresh();
        let folder = again.nodes[&yn()].clone();
        let put = |name: &String, text: &String| {
            fs::write(folder.keys().join(name), text).unwrap();
            fs::set_permissions(folder.keys().join(name), fs::Permissions::from_mode(0o600)).unwrap();
        };
        before.iter().for_each(|(name, text)| put(name, text));
        steps.iter().take(done).for_each(|name| put(name, &after[*name]));
        copy_federation(&generated, &again, &announced);
        let again = Generated { charter: generated.charter, ..again };
        assert_eq!(rotate(&again, now().plus(HOUR)).unwrap(), whole, "after {done} files");
        assert_eq!(keyring(&again).message, announced.next.as_ref().unwrap().message);
    }
}

#[test]
fn renewing_the_keyring_after_a_change_that_broke_off_lets_no_key_die_that_it_names() {
    let (_dir, generated) = fresh();
    rotate(&generated, now()).unwrap();
    let announced = keys(&generated);
    let named = keyring(&generated);
    rotate(&generated, now().plus(HOUR)).unwrap();
    // All files of keys are written, and the keyring is not.
    let keyrings = generated.layout.keyrings();
    for file in [format!("{}.toml", yn()), format!("{0}.{0}.sig", yn())] {
        let kept = file.replacen(yn().as_str(), &format!("{}~2", yn()), 1);
        fs::rename(keyrings.join(kept), keyrings.join(file)).unwrap();
    }
    let later = now().plus(2 * HOUR);
    let renewal = Renewal { now: later, life: Keyring::LIFE_MAX, endpoints: None };
    assert_eq!(renew_keyring(&generated.layout, &yn(), &renewal).unwrap(), 3);
    let renewed = keyring(&generated);
    assert_eq!((renewed.message, &renewed.next), (named.message, &named.next));
    let there = keys(&generated);
    assert!(announced.iter().all(|(name, text)| there.get(name) == Some(text)));
    assert_eq!(rotate(&generated, later.plus(HOUR)).unwrap(), Rotated::Changed { sequence: 4 });
}

/// Gives `to` the documents of `from` as they were when this keyring was the latest.
fn copy_federation(from: &Generated, to: &Generated, latest: &Keyring) {
    for folder in ["cards", "keyrings"] {
        let (source, target) = (from.layout.federation().join(folder), to.layout.federation().join(folder));
        fs::remove_dir_all(&target).unwrap();
        fs::create_dir(&target).unwrap();
        for entry in fs::read_dir(source).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), target.join(entry.file_name())).unwrap();
        }
    }
    let federation = to.layout.federation();
    for entry in fs::read_dir(from.layout.federation()).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            fs::copy(entry.path(), federation.join(entry.file_name())).unwrap();
        }
    }
    let (agency, sequence) = (yn(), latest.sequence);
    for (kept, current) in [
        (format!("{agency}~{sequence}.toml"), format!("{agency}.toml")),
        (format!("{agency}~{sequence}.{agency}.sig"), format!("{agency}.{agency}.sig")),
    ] {
        fs::rename(to.layout.keyrings().join(kept), to.layout.keyrings().join(current)).unwrap();
    }
}

#[test]
fn the_keyrings_before_stay_readable_while_the_next_is_put_in_their_place() {
    let (_dir, generated) = fresh();
    rotate(&generated, now()).unwrap();
    let keyrings = generated.layout.keyrings();
    let signature = format!("{0}.{0}.sig", yn());
    let first_signature = fs::read(keyrings.join(format!("{0}~1.{0}.sig", yn()))).unwrap();
    // As between the two files of a publication: the text of one with the signature of another.
    fs::write(keyrings.join(&signature), first_signature).unwrap();
    let read = Directory::read(&generated.layout.federation(), generated.charter, |_| None).unwrap();
    assert_eq!(read.0.keyring(&yn()).unwrap().sequence, 1);
    assert_eq!(read.1.len(), 1, "{:?}", read.1);
}

#[test]
fn a_publication_that_broke_off_between_its_files_is_done_again() {
    let at = now().plus(HOUR);
    let broken_off = || {
        let (dir, generated) = fresh();
        rotate(&generated, now()).unwrap();
        rotate(&generated, at).unwrap();
        // The text of the second keyring with the signature of the third.
        let keyrings = generated.layout.keyrings();
        let text = keyrings.join(format!("{}.toml", yn()));
        fs::copy(keyrings.join(format!("{}~2.toml", yn())), &text).unwrap();
        (dir, generated, text)
    };
    let (_dir, generated, _) = broken_off();
    assert_eq!(rotate(&generated, at).unwrap(), Rotated::Changed { sequence: 3 });
    assert_eq!(keyring(&generated).sequence, 3);
    let (_dir, generated, _) = broken_off();
    let renewal = Renewal { now: at, life: Keyring::LIFE_MAX, endpoints: None };
    assert_eq!(renew_keyring(&generated.layout, &yn(), &renewal).unwrap(), 3);
    assert_eq!(keyring(&generated).sequence, 3);
    // Another text than the one that is kept is no publication that broke off.
    let (_dir, generated, text) = broken_off();
    fs::write(&text, fs::read_to_string(&text).unwrap() + "# \n").unwrap();
    assert!(matches!(rotate(&generated, at), Err(PkiError::Document(_))));
}

#[test]
fn past_keys_that_are_dead_go_and_every_keyring_stays() {
    let (_dir, generated) = fresh();
    let mut at = now();
    for _ in 0..6 {
        rotate(&generated, at).unwrap();
        at = at.plus(4 * 24 * HOUR);
    }
    let past = |purpose: &str| keys(&generated).keys().filter(|name| name.starts_with(purpose)).count();
    assert_eq!(past("message.2"), 1, "a keyring lives seven days");
    assert_eq!(past("sealing.2"), 2, "what was sealed by it is opened a day longer");
    let (set, _) = DocumentSet::read(&generated.layout.federation());
    assert_eq!(set.of_name(DocumentKind::Keyring, yn().as_str()).count(), 7);
    assert_eq!(directory(&generated).checkpoint_keys_ever(&set, &yn()).len(), 7);
}

#[test]
fn a_folder_without_the_keys_that_the_keyring_names_is_left_as_it_is() {
    let (_dir, generated) = fresh();
    rotate(&generated, now()).unwrap();
    fs::remove_file(generated.nodes[&yn()].keys().join("sealing.next.key")).unwrap();
    let before = keys(&generated);
    let refused = rotate(&generated, now().plus(HOUR));
    assert!(matches!(refused, Err(PkiError::NoSuchKey { name: "sealing", .. })), "{refused:?}");
    assert_eq!((keys(&generated), keyring(&generated).sequence), (before, 2));
    let file = generated.nodes[&yn()].key(KeyName::Keyring);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o604)).unwrap();
    let refused = rotate(&generated, now().plus(HOUR));
    assert!(matches!(refused, Err(PkiError::OthersMayRead { mode: 0o604, .. })), "{refused:?}");
}

#[test]
fn no_more_keys_are_made_than_a_node_reads() {
    let (_dir, generated) = fresh();
    rotate(&generated, now()).unwrap();
    let node = &generated.nodes[&yn()];
    let others = u32::try_from(Turn::FILES_MAX).unwrap() - 2;
    let at = now().plus(HOUR);
    // With the current and the next one as many as there may be.
    for hours in 1..=others {
        let past = Turn::Past { dies: at.plus(HOUR * hours) };
        fs::copy(node.key(KeyName::Sealing), node.keys().join(past.file_name("sealing"))).unwrap();
    }
    let before = (keys(&generated), keyring(&generated).sequence);
    let first = at.plus(HOUR);
    match rotate(&generated, first.minus(Duration::from_millis(1))) {
        Err(PkiError::TooManyKeys { name: "sealing", count: 65, limit: 64, room, .. }) => {
            assert_eq!(room, Some(first));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((keys(&generated), keyring(&generated).sequence), before);
    rotate(&generated, first).unwrap();
    let sealing = keys(&generated).into_keys().filter(|name| name.starts_with("sealing."));
    assert_eq!(sealing.count(), Turn::FILES_MAX);
}
