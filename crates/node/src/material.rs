//! Everything that a configuration names, read and checked as a whole.

use crate::config::{Config, RoutingConfig, TlsConfig};
use crate::federation::{Federation, Seen, local_anchors};
use crate::keys::KeyFiles;
use crate::problem::{Problems, WithCauses};
use concord_domain::{Clock, Timestamp, Workload};
use concord_gateway::Keys;
use concord_store::Offline;
use concord_transport::{Anchors, Leaf};
use concord_trust::{Directory, DocumentSet};
use std::path::Path;

/// What a node needs besides its store.
#[derive(Debug)]
pub(crate) struct Material {
    pub(crate) keys: Keys,
    pub(crate) leaf: Leaf,
    pub(crate) federation: Federation,
    /// Whom the local API believes.
    pub(crate) local_anchors: Anchors,
    /// What is wrong with others' documents; the node runs without them.
    pub(crate) warnings: Problems,
}

impl Material {
    /// Reads everything; `kept` are the documents of the store.
    ///
    /// # Errors
    /// All that would keep the node from working, at once.
    pub(crate) fn load(
        config: &Config,
        seen: &Seen,
        kept: DocumentSet,
        now: Timestamp,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        check_listeners(config, &mut problems);
        check_routing(config, &mut problems);
        let keys = KeyFiles::read(&config.keys.folder, now, &mut problems);
        let leaf = leaf(config, now, &mut problems);
        let local_anchors = local_anchors(config, &mut problems);
        let (federation, found) = Federation::read(config, seen, kept);
        if let Some(federation) = &federation {
            check_own_documents(config, federation.rules.directory(), &keys, now, &mut problems);
        }
        let fatal = federation.is_none() || !problems.is_empty();
        if fatal {
            found.iter().for_each(|p| problems.add(&p.file, &p.field, &p.message));
        }
        let keyring = federation.as_ref().and_then(|f| f.rules.directory().keyring(&config.agency));
        let all = keyring.and_then(|keyring| keys.of(keyring)).zip(leaf).zip(federation).zip(local_anchors);
        let loaded = all.map(|(((keys, leaf), federation), local_anchors)| Self {
            keys,
            leaf,
            federation,
            local_anchors,
            warnings: found,
        });
        problems.finish(loaded)
    }
}

/// Checks a configuration and everything that it names, without starting anything. Gives the configuration and what
/// a node would run without.
///
/// # Errors
/// All that would keep the node from working: what is wrong with the text does not hide what is wrong with the rest.
pub fn check(file: &Path, clock: &dyn Clock) -> Result<(Config, Problems), Problems> {
    let (config, mut problems) = Config::read(file);
    let loaded = |config: &Config| Material::load(config, &Seen::default(), kept(config), clock.now());
    let checked = config.and_then(|config| match loaded(&config) {
        Ok(material) => Some((config, material.warnings)),
        Err(found) => {
            problems.extend(found);
            None
        }
    });
    problems.finish(checked)
}

/// The documents that the stopped node keeps: they may be newer than those of its folder. None if there is no store yet,
/// or a node runs on it.
fn kept(config: &Config) -> DocumentSet {
    let offline = Offline::open(&config.data).ok();
    offline.and_then(|offline| offline.documents().ok()).unwrap_or_default()
}

fn check_routing(config: &Config, problems: &mut Problems) {
    let granted = RoutingConfig::HEDGE_AFTER_MS;
    if let Some(after) = config.routing.hedge_after_ms.filter(|after| !granted.contains(after)) {
        let message = format!("{after} is not within {} to {}", granted.start(), granted.end());
        problems.add(&config.file, "routing.hedge_after_ms", message);
    }
}

fn check_listeners(config: &Config, problems: &mut Problems) {
    if let Some(metrics) = config.metrics.as_ref().filter(|m| !m.listen.ip().is_loopback()) {
        let message = format!("{} is not a loopback address; metrics are plain text", metrics.listen);
        problems.add(&config.file, "metrics.listen", message);
    }
    let (local, federation) = (config.local_api.listen, config.federation_api.listen);
    if local == federation && local.port() != 0 {
        problems.add(
            &config.file,
            "federation_api.listen",
            format!("{federation} is the local API's address too"),
        );
    }
}

/// The node's certificate, and that it is a node's of this agency.
pub(crate) fn leaf(config: &Config, now: Timestamp, problems: &mut Problems) -> Option<Leaf> {
    let TlsConfig { ca: _, certificate: file, key } = &config.tls;
    let leaf = match Leaf::load(file, key, now) {
        Ok(leaf) => leaf,
        Err(errors) => {
            for error in &errors {
                let of_key = Path::new(error.file()) == key.as_path();
                let (file, field) = if of_key { (key, "tls.key") } else { (file, "tls.certificate") };
                problems.add(file, field, WithCauses(error));
            }
            return None;
        }
    };
    let identity = leaf.identity();
    match &identity.workload {
        Workload::Node(_) if identity.agency == config.agency => Some(leaf),
        Workload::Node(_) | Workload::App(_) | Workload::Officer(_) => {
            problems.add(
                file,
                "tls.certificate",
                format!(
                    "is {:?} of {}, not a node's of {}",
                    identity.workload, identity.agency, config.agency
                ),
            );
            None
        }
    }
}

/// Our own documents must be there, alive, and name the keys that we hold.
fn check_own_documents(
    config: &Config,
    directory: &Directory,
    keys: &KeyFiles,
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
        let (from, until) = (keyring.issued, keyring.expires);
        let message = format!("the keyring of {agency} lives from {from} to {until}, and it is {now}");
        problems.add(folder, "federation.folder", message);
    }
    keys.check(&config.keys.folder, keyring, problems);
}

#[cfg(test)]
mod tests;
