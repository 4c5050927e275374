//! Change of an agency's message, checkpoint and sealing keys, with overlap: announced first, used later, and opened with
//! for as long as something sealed to them may be under way.

use crate::error::PkiError;
use crate::file::{only_ours, read_text, remove_durably};
use crate::keyring::{LastKeyring, Renewal};
use crate::keys::write_key;
use crate::layout::{KeyName, Layout, NodeFolder};
use concord_domain::{AgencyId, Entropy, Timestamp};
use concord_trust::envelope::{CLOCK_SKEW_MAX, LIFE_MAX};
use concord_trust::{
    InvalidKey, Keyring, NextKeys, PublicKey, SealingKey, SealingPublicKey, SigningKey, Turn,
};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// How keys change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// When.
    pub now: Timestamp,
    /// How long the keyring lives; [`Keyring::LIFE_MAX`] at most.
    pub life: Duration,
}

/// What was done about an agency's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotated {
    /// There were no next keys: now there are, and the keyring of this sequence announces them.
    Announced {
        /// The keyring's sequence.
        sequence: u64,
    },
    /// The next keys are the current ones in the keyring of this sequence, which announces others in their place.
    Changed {
        /// The keyring's sequence.
        sequence: u64,
    },
}

impl Rotation {
    /// Keys are not used sooner after the keyring that announces them: six rounds of comparing documents, so that
    /// whoever is in touch knows them. Nobody else would accept what they sign.
    pub const ANNOUNCED_MIN: Duration = Duration::from_secs(60);
    /// A sealing key dies so long after the last envelope that may be sealed to it.
    pub const SEALING_LEFT: Duration = Duration::from_secs(86_400);
}

/// Changes an agency's keys to those that its keyring announces, or announces the first next ones.
///
/// The keys stand in the node's folder before the keyring names them, and those before stay until they die, so that a
/// node finds what its keyring names whichever step it sees, and after whichever step this ends: the command can be run
/// again.
///
/// # Errors
/// [`PkiError::AnnouncedTooLately`]; [`PkiError::NoSuchKey`] if the folder has not the keys that the keyring names;
/// [`PkiError::TooManyKeys`] if a node would not read its keys any more. No file is changed then.
pub fn rotate_keys(
    layout: &Layout,
    agency: &AgencyId,
    rotation: Rotation,
    entropy: &dyn Entropy,
) -> Result<Rotated, PkiError> {
    let Rotation { now, life } = rotation;
    let last = LastKeyring::read(layout, agency)?;
    let folder = layout.node(agency);
    let successor = last.successor(&Renewal { now, life, endpoints: None })?;
    let coming = Trio::generate(entropy);
    let Some(next) = &last.keyring.next else {
        have_room(&folder, now, |_| vec![Turn::Next])?;
        coming.write(&folder, |_| Turn::Next)?;
        let announcing = Keyring { next: Some(coming.public()), ..successor };
        return Ok(Rotated::Announced { sequence: last.follow(layout, &announcing)? });
    };
    let from = last.keyring.issued.plus(Rotation::ANNOUNCED_MIN);
    if now < from {
        return Err(PkiError::AnnouncedTooLately { agency: agency.clone(), from });
    }
    let keyring = &last.keyring;
    let current = Trio::find(&folder, &keyring.message, &keyring.checkpoint, &keyring.sealing)?;
    let following = Trio::find(&folder, &next.message, &next.checkpoint, &next.sealing)?;
    let past = |name| Turn::Past { dies: dies(name, &last) };
    have_room(&folder, now, |name| vec![past(name), Turn::Next])?;
    current.write(&folder, past)?;
    following.write(&folder, |_| Turn::Current)?;
    coming.write(&folder, |_| Turn::Next)?;
    let changed = Keyring {
        message: next.message,
        checkpoint: next.checkpoint,
        sealing: next.sealing.clone(),
        next: Some(coming.public()),
        ..successor
    };
    let sequence = last.follow(layout, &changed)?;
    bury(&folder, now)?;
    Ok(Rotated::Changed { sequence })
}

/// Puts the keys that a keyring names to their places, unless its current ones are there: a change that broke off has
/// called them past ones, and its next ones current.
pub(crate) fn put_in_place(folder: &NodeFolder, keyring: &Keyring) -> Result<(), PkiError> {
    let Keyring { message, checkpoint, sealing, next, .. } = keyring;
    let current = Trio::find(folder, message, checkpoint, sealing)?;
    if current.is_in_place(folder)? {
        return Ok(());
    }
    // First, as the files of the current ones may be all that has them.
    if let Some(NextKeys { message, checkpoint, sealing }) = next {
        Trio::find(folder, message, checkpoint, sealing)?.write(folder, |_| Turn::Next)?;
    }
    current.write(folder, |_| Turn::Current)
}

/// When a key of the keyring before is needed no more: others accept what it signed as long as that keyring lives, and
/// seal to it as long as any that names it, each by a clock of its own.
fn dies(name: KeyName, last: &LastKeyring) -> Timestamp {
    match name {
        KeyName::Sealing => {
            let sealed = last.sealed_to_until().plus(CLOCK_SKEW_MAX).plus(LIFE_MAX);
            sealed.plus(CLOCK_SKEW_MAX).plus(Rotation::SEALING_LEFT)
        }
        KeyName::Root
        | KeyName::Agreement
        | KeyName::Keyring
        | KeyName::Message
        | KeyName::Checkpoint
        | KeyName::Storage => last.keyring.expires.plus(CLOCK_SKEW_MAX),
    }
}

/// The keys that change together.
struct Trio {
    message: SigningKey,
    checkpoint: SigningKey,
    sealing: SealingKey,
}

/// What they are for.
const CHANGING: [KeyName; 3] = [KeyName::Message, KeyName::Checkpoint, KeyName::Sealing];

impl Trio {
    fn generate(entropy: &dyn Entropy) -> Self {
        Self {
            message: SigningKey::generate(entropy),
            checkpoint: SigningKey::generate(entropy),
            sealing: SealingKey::generate(entropy),
        }
    }

    /// Those of the folder that go with these public keys, whatever their files are called.
    fn find(
        folder: &NodeFolder,
        message: &PublicKey,
        checkpoint: &PublicKey,
        sealing: &SealingPublicKey,
    ) -> Result<Self, PkiError> {
        let signing = |name, public: &PublicKey| {
            find(folder, name, SigningKey::from_text, |key| key.public() == *public)
        };
        Ok(Self {
            message: signing(KeyName::Message, message)?,
            checkpoint: signing(KeyName::Checkpoint, checkpoint)?,
            sealing: find(folder, KeyName::Sealing, SealingKey::from_text, |key| key.public() == sealing)?,
        })
    }

    fn write(&self, folder: &NodeFolder, turn: impl Fn(KeyName) -> Turn) -> Result<(), PkiError> {
        let Self { message, checkpoint, sealing } = self;
        let texts = [
            (KeyName::Message, message.to_text()),
            (KeyName::Checkpoint, checkpoint.to_text()),
            (KeyName::Sealing, sealing.to_text()),
        ];
        let file = |name: KeyName| folder.keys().join(turn(name).file_name(name.as_str()));
        texts.iter().try_for_each(|(name, text)| write_key(&file(*name), text))
    }

    /// Whether the files of the current keys have these.
    fn is_in_place(&self, folder: &NodeFolder) -> Result<bool, PkiError> {
        let Self { message, checkpoint, sealing } = self;
        let text = |name| read_text(&folder.key(name)).map(Zeroizing::new);
        let signing = |name, wanted: &SigningKey| {
            let key = SigningKey::from_text(&text(name)?);
            Ok::<_, PkiError>(key.is_ok_and(|key| key.public() == wanted.public()))
        };
        let sealing =
            SealingKey::from_text(&text(KeyName::Sealing)?).is_ok_and(|k| k.public() == sealing.public());
        Ok(sealing && signing(KeyName::Message, message)? && signing(KeyName::Checkpoint, checkpoint)?)
    }

    fn public(&self) -> NextKeys {
        let Self { message, checkpoint, sealing } = self;
        NextKeys {
            message: message.public(),
            checkpoint: checkpoint.public(),
            sealing: sealing.public().clone(),
        }
    }
}

/// The key of this use that is the wanted one.
fn find<T>(
    folder: &NodeFolder,
    name: KeyName,
    parse: impl Fn(&str) -> Result<T, InvalidKey>,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<T, PkiError> {
    for (file, _) in files(folder, name)? {
        let text = Zeroizing::new(read_text(&file)?);
        only_ours(&file)?;
        let key = parse(&text).map_err(|why| PkiError::Key { file, why })?;
        if is_wanted(&key) {
            return Ok(key);
        }
    }
    Err(PkiError::NoSuchKey { folder: folder.keys(), name: name.as_str() })
}

/// The files of keys of this use.
fn files(folder: &NodeFolder, name: KeyName) -> Result<Vec<(PathBuf, Turn)>, PkiError> {
    let keys = folder.keys();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&keys).map_err(PkiError::file(&keys))? {
        let path = entry.map_err(PkiError::file(&keys))?.path();
        let turn = path.file_name().and_then(|file| Turn::of(file.to_str()?, name.as_str()));
        found.extend(turn.map(|turn| (path.clone(), turn)));
    }
    found.sort();
    Ok(found)
}

/// Demands that a node still reads the keys when those of `added` are there too. Sealing keys live longest: what is told
/// of them holds for all.
fn have_room(
    folder: &NodeFolder,
    now: Timestamp,
    added: impl Fn(KeyName) -> Vec<Turn>,
) -> Result<(), PkiError> {
    for name in CHANGING.into_iter().rev() {
        let there = files(folder, name)?.into_iter().map(|(_, turn)| turn);
        let all = there.chain(added(name)).chain([Turn::Current]);
        let alive: BTreeSet<Turn> = all.filter(|turn| !turn.is_dead(now)).collect();
        let (count, limit) = (alive.len(), Turn::FILES_MAX);
        if count > limit {
            let dies = |turn: &Turn| match turn {
                Turn::Past { dies } => Some(*dies),
                Turn::Current | Turn::Next => None,
            };
            let room = alive.iter().find_map(dies);
            return Err(PkiError::TooManyKeys {
                folder: folder.keys(),
                name: name.as_str(),
                count,
                limit,
                room,
            });
        }
    }
    Ok(())
}

/// Removes keys whose time is over; a running node does so too.
fn bury(folder: &NodeFolder, now: Timestamp) -> Result<(), PkiError> {
    for name in CHANGING {
        let dead = files(folder, name)?.into_iter().filter(|(_, turn)| turn.is_dead(now));
        dead.map(|(file, _)| file).try_for_each(|file| remove_durably(&file))?;
    }
    Ok(())
}
