//! Checkpoints (C2SP tlog-checkpoint): a ledger's size and root, signed by its checkpoint key.
//!
//! ```text
//! yn.police.cn/ledger
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — yn.police.cn/ledger Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//! ```

use crate::note::{Note, NoteInvalid, verifier_key};
use crate::tree::{SIZE_MAX, TreeHead};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use concord_domain::{AgencyId, Digest};
use concord_trust::{PublicKey, SigningKey};
use std::fmt;
use thiserror::Error;

/// After the agency, the rest of an origin line and of a key name.
const ORIGIN_SUFFIX: &str = "/ledger";

/// What a ledger was at some size. Extension lines are allowed by the format, discouraged, and never written:
/// the time of an entry stands in the entry and in its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The agency that keeps the ledger.
    pub ledger: AgencyId,
    /// Entries covered.
    pub size: u64,
    /// Their root.
    pub root: Digest,
}

/// Why a text is not a checkpoint, or not one to believe.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointInvalid {
    /// The signed note around it.
    #[error(transparent)]
    Note(#[from] NoteInvalid),
    /// The first line is not `<agency>/ledger`.
    #[error("the origin of a checkpoint is <agency>/ledger")]
    Origin,
    /// The second line is not a plain decimal number within [`SIZE_MAX`].
    #[error("the size of a checkpoint is a decimal number up to {SIZE_MAX}")]
    Size,
    /// The third line is not the base64 of 32 bytes.
    #[error("the root of a checkpoint is the base64 of 32 bytes")]
    Root,
    /// An empty line among the extension lines.
    #[error("an empty line in a checkpoint")]
    EmptyLine,
    /// A checkpoint of another ledger.
    #[error("the checkpoint is of {found}'s ledger")]
    OtherLedger {
        /// Whose it says it is.
        found: AgencyId,
    },
}

impl Checkpoint {
    /// The origin line, also the name of the signing key.
    pub fn origin(&self) -> String {
        origin(&self.ledger)
    }

    /// Size and root alone.
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root }
    }

    /// Reads the text of a note.
    fn parse(text: &str) -> Result<Self, CheckpointInvalid> {
        let mut lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let ledger = lines.next().and_then(|line| line.strip_suffix(ORIGIN_SUFFIX)?.parse().ok());
        let ledger = ledger.ok_or(CheckpointInvalid::Origin)?;
        let size = lines.next().and_then(decimal).ok_or(CheckpointInvalid::Size)?;
        let root = lines.next().and_then(|line| Digest::from_slice(&STANDARD.decode(line).ok()?));
        let root = root.ok_or(CheckpointInvalid::Root)?;
        if lines.any(str::is_empty) {
            return Err(CheckpointInvalid::EmptyLine);
        }
        Ok(Self { ledger, size, root })
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin(), self.size, STANDARD.encode(self.root.as_bytes()))
    }
}

/// A checkpoint with its signatures, as it is stored, published and sent; `Display` gives that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Signs a checkpoint with the agency's checkpoint key.
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Self {
        let note = Note::sign(checkpoint.to_string(), &checkpoint.origin(), key);
        Self { checkpoint, note }
    }

    /// Reads the text; nothing is believed yet.
    ///
    /// # Errors
    /// If it is not a signed note, or its text not a checkpoint of a Concord ledger.
    pub fn parse(text: &str) -> Result<Self, CheckpointInvalid> {
        let note = Note::parse(text)?;
        Ok(Self { checkpoint: Checkpoint::parse(note.text())?, note })
    }

    /// The checkpoint, once it is known to be of `ledger` and signed by one of that agency's checkpoint keys.
    ///
    /// # Errors
    /// If it is of another ledger, if none of the keys signed it, or a signature of one of them is wrong.
    pub fn verify(&self, ledger: &AgencyId, keys: &[PublicKey]) -> Result<&Checkpoint, CheckpointInvalid> {
        if self.checkpoint.ledger != *ledger {
            return Err(CheckpointInvalid::OtherLedger { found: self.checkpoint.ledger.clone() });
        }
        self.note.verify(&origin(ledger), keys)?;
        Ok(&self.checkpoint)
    }

    /// What the text claims, unverified: for looking up keys and for showing, not for trusting.
    pub fn claimed(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// A checkpoint key as other tools for signed notes take it: `<agency>/ledger+<key id>+<base64>`.
pub fn checkpoint_verifier_key(ledger: &AgencyId, key: &PublicKey) -> String {
    verifier_key(&origin(ledger), key)
}

fn origin(ledger: &AgencyId) -> String {
    format!("{ledger}{ORIGIN_SUFFIX}")
}

/// A number without sign and leading zeros.
fn decimal(line: &str) -> Option<u64> {
    let size: u64 = line.parse().ok().filter(|size| *size <= SIZE_MAX)?;
    (size.to_string() == line).then_some(size)
}

#[cfg(test)]
mod tests;
