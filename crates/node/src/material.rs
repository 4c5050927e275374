//! Everything that a configuration names, read and checked as a whole.

use crate::config::Config;
use crate::federation::{Federation, Seen};
use crate::problem::Problems;
use concord_domain::{Clock, Timestamp, Workload};
use concord_gateway::Keys;
use concord_transport::Leaf;
use concord_trust::{Directory, Keyring, SealingKey, SigningKey, StorageKey};
use std::fmt::Display;
use std::path::Path;
use zeroize::Zeroizing;

/// What a node needs besides its store.
#[derive(Debug)]
pub(crate) struct Material {
    pub(crate) keys: Keys,
    pub(crate) leaf: Leaf,
    pub(crate) federation: Federation,
    /// What is wrong with others' documents; the node runs without them.
    pub(crate) warnings: Problems,
}

impl Material {
    /// Reads everything.
    ///
    /// # Errors
    /// All that would keep the node from working, at once.
    pub(crate) fn load(config: &Config, seen: &Seen, now: Timestamp) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        check_listeners(config, &mut problems);
        let keys = keys(config, &mut problems);
        let leaf = leaf(config, now, &mut problems);
        let (federation, found) = Federation::read(config, seen);
        if let (Some(federation), Some(keys)) = (&federation, &keys) {
            check_own_documents(config, federation.rules.directory(), keys, now, &mut problems);
        }
        let fatal = federation.is_none() || !problems.is_empty();
        if fatal {
            found.iter().for_each(|p| problems.add(&p.file, &p.field, &p.message));
        }
        let all = keys.zip(leaf).zip(federation);
        let loaded = all.map(|((keys, leaf), federation)| Self { keys, leaf, federation, warnings: found });
        problems.finish(loaded)
    }
}

/// Checks a configuration without starting anything: what would keep the node from working, else what it would run
/// without.
pub fn check(config: &Config, clock: &dyn Clock) -> Result<Problems, Problems> {
    Material::load(config, &Seen::default(), clock.now()).map(|material| material.warnings)
}

fn check_listeners(config: &Config, problems: &mut Problems) {
    if let Some(metrics) = config.metrics.as_ref().filter(|m| !m.listen.ip().is_loopback()) {
        let message = format!("{} is not a loopback address; metrics are plain text", metrics.listen);
        problems.add("node.toml", "metrics.listen", message);
    }
    let (local, federation) = (config.local_api.listen, config.federation_api.listen);
    if local == federation && local.port() != 0 {
        problems.add(
            "node.toml",
            "federation_api.listen",
            format!("{federation} is the local API's address too"),
        );
    }
}

fn keys(config: &Config, problems: &mut Problems) -> Option<Keys> {
    let folder = &config.keys.folder;
    let message = key(folder, "message.key", SigningKey::from_text, problems);
    let checkpoint = key(folder, "checkpoint.key", SigningKey::from_text, problems);
    let sealing = key(folder, "sealing.key", SealingKey::from_text, problems);
    let storage = key(folder, "storage.key", StorageKey::from_text, problems);
    let (message, checkpoint, sealing, storage) = (message?, checkpoint?, sealing?, storage?);
    Some(Keys { message, checkpoint, sealing: vec![sealing], storage })
}

fn key<T, E: Display>(
    folder: &Path,
    name: &str,
    parse: impl Fn(&str) -> Result<T, E>,
    problems: &mut Problems,
) -> Option<T> {
    let path = folder.join(name);
    let text = problems.take(&path, "keys.folder", std::fs::read_to_string(&path).map(Zeroizing::new))?;
    problems.take(&path, "keys.folder", parse(&text))
}

/// The node's certificate, and that it is a node's of this agency.
pub(crate) fn leaf(config: &Config, now: Timestamp, problems: &mut Problems) -> Option<Leaf> {
    let file = &config.tls.certificate;
    let leaf = problems.take_all(
        file,
        "tls.certificate",
        Leaf::load(&config.tls.certificate, &config.tls.key, now),
    )?;
    let identity = leaf.identity();
    match &identity.workload {
        Workload::Node(_) if identity.agency == config.agency => Some(leaf),
        Workload::Node(_) | Workload::App(_) | Workload::Officer(_) => {
            problems.add(
                file,
                "tls.certificate",
                format!("is {identity:?}, not a node's of {}", config.agency),
            );
            None
        }
    }
}

/// Our own documents must be there, alive, and name the keys that we hold.
fn check_own_documents(
    config: &Config,
    directory: &Directory,
    keys: &Keys,
    now: Timestamp,
    problems: &mut Problems,
) {
    let agency = &config.agency;
    let folder = &config.federation.folder;
    if directory.member(agency).is_none() {
        problems.add(folder, "agency", format!("{agency} is not a member in the charter"));
        return;
    }
    let Some(keyring) = directory.keyring(agency) else {
        problems.add(folder, "federation.folder", format!("there is no valid keyring of {agency}"));
        return;
    };
    if !keyring.is_current(now) {
        let message = format!("the keyring of {agency} expired on {}", keyring.expires);
        problems.add(folder, "federation.folder", message);
    }
    check_keys(config, keyring, keys, problems);
}

fn check_keys(config: &Config, keyring: &Keyring, keys: &Keys, problems: &mut Problems) {
    let pairs = [
        ("message.key", keyring.message == keys.message.public()),
        ("checkpoint.key", keyring.checkpoint == keys.checkpoint.public()),
        ("sealing.key", keys.sealing.iter().any(|key| *key.public() == keyring.sealing)),
    ];
    for (name, same) in pairs {
        if !same {
            let file = config.keys.folder.join(name);
            problems.add(&file, "keys.folder", "is not the key that our keyring publishes");
        }
    }
}
