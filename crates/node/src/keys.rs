//! The node's private keys in their folder. Their files may run ahead of the keyring while keys change, or behind it: of
//! those that are there the keyring says which one is current.

use crate::problem::Problems;
use concord_domain::Timestamp;
use concord_gateway::Keys;
use concord_trust::{InvalidKey, Keyring, SealingKey, SigningKey, StorageKey, Turn};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const MESSAGE: &str = "message";
const CHECKPOINT: &str = "checkpoint";
const SEALING: &str = "sealing";
const STORAGE: &str = "storage";

/// The node's keys as far as they can be read, so that one that cannot does not hide what is wrong with the others.
#[derive(Debug)]
pub(crate) struct KeyFiles {
    message: Vec<SigningKey>,
    checkpoint: Vec<SigningKey>,
    sealing: Vec<SealingKey>,
    storage: Option<StorageKey>,
}

impl KeyFiles {
    /// Reads every key in `folder` that is not dead at `now`. The current ones must be there, and nobody else may read any.
    pub(crate) fn read(folder: &Path, now: Timestamp, problems: &mut Problems) -> Self {
        Self {
            message: keys(folder, MESSAGE, now, SigningKey::from_text, problems),
            checkpoint: keys(folder, CHECKPOINT, now, SigningKey::from_text, problems),
            sealing: keys(folder, SEALING, now, SealingKey::from_text, problems),
            storage: key(&folder.join(Turn::Current.file_name(STORAGE)), StorageKey::from_text, problems),
        }
    }

    /// Demands that of each use that could be read one key is the one that our keyring names.
    pub(crate) fn check(&self, folder: &Path, keyring: &Keyring, problems: &mut Problems) {
        let Self { message, checkpoint, sealing, storage: _ } = self;
        let among = [
            (MESSAGE, message.is_empty() || message.iter().any(|key| key.public() == keyring.message)),
            (
                CHECKPOINT,
                checkpoint.is_empty() || checkpoint.iter().any(|k| k.public() == keyring.checkpoint),
            ),
            (SEALING, sealing.is_empty() || sealing.iter().any(|key| *key.public() == keyring.sealing)),
        ];
        for (purpose, _) in among.into_iter().filter(|(_, is_there)| !is_there) {
            let file = folder.join(Turn::Current.file_name(purpose));
            problems.add(&file, "keys.folder", "is not the key that our keyring publishes");
        }
    }

    /// The keys that go with `keyring`: those that it names as current, and for opening all others too.
    pub(crate) fn of(self, keyring: &Keyring) -> Option<Keys> {
        let Self { message, checkpoint, mut sealing, storage } = self;
        // Stable: the others stay in their order.
        sealing.sort_by_key(|key| *key.public() != keyring.sealing);
        sealing.first().filter(|key| *key.public() == keyring.sealing)?;
        Some(Keys {
            message: message.into_iter().find(|key| key.public() == keyring.message)?,
            checkpoint: checkpoint.into_iter().find(|key| key.public() == keyring.checkpoint)?,
            sealing,
            storage: storage?,
        })
    }
}

/// Removes the files of keys that are dead at `now`, durably: from then on nobody opens what was sealed to them.
pub(crate) fn bury(folder: &Path, now: Timestamp) -> std::io::Result<()> {
    let dead: Vec<_> = files(folder)?.into_iter().filter(|(_, turn)| turn.is_dead(now)).collect();
    for (file, _) in &dead {
        std::fs::remove_file(file)?;
        tracing::info!(target: "concord::reload", file = %file.display(), "removed a key whose time is over");
    }
    if dead.is_empty() { Ok(()) } else { File::open(folder)?.sync_all() }
}

/// The files of keys that are alive at `now`.
pub(crate) fn alive(folder: &Path, now: Timestamp) -> Vec<PathBuf> {
    let files = files(folder).unwrap_or_default().into_iter();
    files.filter(|(_, turn)| !turn.is_dead(now)).map(|(file, _)| file).collect()
}

/// Every file of a key in the folder.
fn files(folder: &Path) -> std::io::Result<Vec<(PathBuf, Turn)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let turns = [MESSAGE, CHECKPOINT, SEALING, STORAGE].into_iter().find_map(|use_| Turn::of(name, use_));
        found.extend(turns.map(|turn| (path.clone(), turn)));
    }
    found.sort();
    Ok(found)
}

/// The keys of one use, the one called current first.
fn keys<T>(
    folder: &Path,
    purpose: &str,
    now: Timestamp,
    parse: impl Fn(&str) -> Result<T, InvalidKey>,
    problems: &mut Problems,
) -> Vec<T> {
    let current = folder.join(Turn::Current.file_name(purpose));
    let named = |file: &Path| Turn::of(file.file_name()?.to_str()?, purpose);
    let others: Vec<_> = alive(folder, now)
        .into_iter()
        .filter(|file| named(file).is_some_and(|turn| turn != Turn::Current))
        .collect();
    let (count, limit) = (others.len().saturating_add(1), Turn::FILES_MAX);
    if count > limit {
        let message = format!("{count} {purpose} keys are more than the limit of {limit}");
        problems.add(folder, "keys.folder", message);
        return Vec::new();
    }
    let files = std::iter::once(current).chain(others);
    files.filter_map(|file| key(&file, &parse, problems)).collect()
}

fn key<T>(file: &Path, parse: impl Fn(&str) -> Result<T, InvalidKey>, problems: &mut Problems) -> Option<T> {
    let text = problems.take(file, "keys.folder", std::fs::read_to_string(file).map(Zeroizing::new))?;
    problems.take(file, "keys.folder", only_ours(file))?;
    problems.take(file, "keys.folder", parse(&text))
}

/// A private key that others on the machine can read is not private.
fn only_ours(path: &Path) -> Result<(), String> {
    let mode = path.metadata().map_err(|e| e.to_string())?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(format!("has mode {mode:04o}; others must not read it: 0600"))
    }
}

#[cfg(test)]
mod tests;
