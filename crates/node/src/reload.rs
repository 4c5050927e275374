//! Taking up new certificates, keys, revocations and published documents while running.

use crate::config::Config;
use crate::federation::{Federation, Seen, local_anchors, seen};
use crate::keys::{self, KeyFiles};
use crate::material;
use crate::problem::Problems;
use concord_domain::Clock;
use concord_gateway::{Authority, HeldKeys, InForce, Library, Standing};
use concord_store::{Change, Store, Write, WriteError};
use concord_transport::{Credentials, TrustStore};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What a reload replaces.
#[derive(Debug)]
pub(crate) struct Reloader {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Store,
    pub(crate) authority: Authority,
    pub(crate) library: Library,
    pub(crate) standing: Standing,
    pub(crate) trust: Arc<TrustStore>,
    pub(crate) local_trust: Arc<TrustStore>,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) keys: HeldKeys,
    pub(crate) now: Arc<Notify>,
}

/// Modification time and length of each file that is looked at.
type Fingerprint = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

impl Reloader {
    /// Looks at the files at each interval, and at once when told to, until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let mut taken = self.fingerprint();
        let mut ticks = tokio::time::interval(self.config.reload.every());
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                _ = ticks.tick() => false,
                () = self.now.notified() => true,
                () = shutdown.cancelled() => return,
            };
            let found = self.fingerprint();
            if asked || found != taken {
                taken = found;
                self.reload().await;
            }
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        let mut found = Fingerprint::new();
        add(&mut found, &self.config.federation.folder, FOLDER_LEVELS);
        let Config { tls, local_rules, .. } = &self.config;
        for file in [&tls.ca, &tls.certificate, &tls.key].into_iter().chain(local_rules) {
            add(&mut found, file, 0);
        }
        // Without those that are dead, so that the end of one is a change too.
        keys::alive(&self.config.keys.folder, self.clock.now())
            .iter()
            .for_each(|file| add(&mut found, file, 0));
        found
    }

    /// Takes up what is there now; what cannot be read leaves the old in place.
    pub(crate) async fn reload(&self) {
        let mut problems = Problems::default();
        if let Some(leaf) = material::leaf(&self.config, self.clock.now(), &mut problems) {
            self.credentials.replace(leaf);
        }
        problems
            .iter()
            .for_each(|p| tracing::error!(target: "concord::reload", "kept the old certificate: {p}"));
        match self.federation().await {
            Ok(epoch) => tracing::info!(target: "concord::reload", epoch, "reloaded"),
            Err(error) => tracing::error!(target: "concord::reload", "kept the old documents: {error}"),
        }
        // By the keyring that is in force by then.
        self.keys();
    }

    /// Takes up the keys that our keyring names, and gives up those that are dead. Until there is a keyring that names
    /// others, those before go on: as long as it lives, or is the one before, they count elsewhere.
    pub(crate) fn keys(&self) {
        let (folder, now) = (&self.config.keys.folder, self.clock.now());
        let in_force = self.authority.current();
        let Some(keyring) = in_force.directory().keyring(&self.config.agency) else { return };
        let mut problems = Problems::default();
        let files = KeyFiles::read(folder, now, &mut problems);
        files.check(folder, keyring, &mut problems);
        match files.of(keyring).filter(|_| problems.is_empty()) {
            Some(keys) => {
                let changed = keys.message.public() != self.keys.current().message.public();
                self.keys.replace(keys);
                if changed {
                    tracing::info!(target: "concord::reload", keyring = keyring.sequence, "took up new keys");
                }
                if let Err(error) = keys::bury(folder, now) {
                    tracing::warn!(target: "concord::reload", "keys whose time is over are still there: {error}");
                }
            }
            None => problems
                .iter()
                .for_each(|p| tracing::error!(target: "concord::reload", "kept the old keys: {p}")),
        }
    }

    async fn federation(&self) -> Result<u64, String> {
        // Taking up goes on the record, at indices that the ledger has given away before.
        if let Some(rolled_back) = self.standing.rolled_back() {
            return Err(rolled_back.to_string());
        }
        let seen = seen(self.store.sequences().map_err(|e| e.to_string())?);
        let kept = self.store.documents().map_err(|e| e.to_string())?;
        let (read, mut problems) = Federation::read(&self.config, &seen, kept);
        let local_anchors = local_anchors(&self.config, &mut problems);
        problems.iter().for_each(|p| tracing::warn!(target: "concord::reload", "{p}"));
        let read = read.zip(local_anchors);
        let (federation, local_anchors) = read.ok_or("charter or own authority cannot be read")?;
        if federation.rules.directory().keyring(&self.config.agency).is_none() {
            return Err("our own keyring is missing or not valid".to_owned());
        }
        let in_force = take_up(&self.store, &federation, &seen).await.map_err(|e| e.to_string())?;
        let epoch = in_force.epoch;
        // At once: from the store's new epoch on nothing is recorded until the rules here are those of it, and the library
        // may be busy for long with what peers send.
        self.authority.replace(in_force);
        self.trust.replace(federation.anchors);
        self.local_trust.replace(local_anchors);
        if let Err(error) = self.library.replace(federation.documents).await {
            tracing::error!(target: "concord::reload", "what is compared with peers stays as it was: {error}");
        }
        Ok(epoch)
    }
}

/// Folders below the federation's own, such as `agreements`.
const FOLDER_LEVELS: u8 = 1;

fn add(found: &mut Fingerprint, path: &Path, levels: u8) {
    let Ok(metadata) = path.metadata() else { return };
    if !metadata.is_dir() {
        found.insert(path.to_owned(), (metadata.modified().ok(), metadata.len()));
        return;
    }
    let entries = path.read_dir().into_iter().flatten().filter_map(Result::ok);
    for entry in entries {
        let path = entry.path();
        match path.is_dir() {
            true if levels == 0 => {}
            _ => add(found, &path, levels.saturating_sub(1)),
        }
    }
}

/// Keeps what was seen, with the record of it, and begins a new epoch, in one write: from its commit on nothing is
/// recorded that was decided under older rules.
pub(crate) async fn take_up(
    store: &Store,
    federation: &Federation,
    seen: &Seen,
) -> Result<InForce, WriteError> {
    let epoch = store.head().map_err(WriteError::Storage)?.epoch + 1;
    let mut news = federation.news(seen);
    while news.len() >= NEWS_MAX {
        let (changes, entries) = news.split_off(news.len() - NEWS_MAX).into_iter().unzip();
        store.submit(Write { name: "saw_documents", guards: vec![], changes, entries }).await?;
    }
    let (mut changes, entries): (Vec<_>, Vec<_>) = news.into_iter().unzip();
    changes.push(Change::SetRulesEpoch(epoch));
    store.submit(Write { name: "take_up_rules", guards: vec![], changes, entries }).await?;
    Ok(InForce { rules: Arc::clone(&federation.rules), epoch })
}

/// Documents noted in one write at most, so that a large federation's first start stays below the limit of a write.
const NEWS_MAX: usize = 250;

#[cfg(test)]
mod tests;
