//! Signed notes (C2SP signed-note) with Ed25519 signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use concord_trust::{PublicKey, SigningKey, sha256};
use std::fmt;
use thiserror::Error;

/// Bytes of a note at most: room for [`SIGNATURES_MAX`] signatures of up to 5 kB, as post-quantum ones are.
pub const NOTE_BYTES_MAX: usize = 128 * 1024;

/// Signatures on a note at most: as many as C2SP signed-note obliges everyone to accept.
pub const SIGNATURES_MAX: usize = 16;

/// The signature type of Ed25519, part of what a key identifier is computed over.
const ED25519: u8 = 0x01;

/// Why a text is not a note, or not one to believe.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteInvalid {
    /// Over [`NOTE_BYTES_MAX`].
    #[error("a note of {found} bytes is over the limit of {NOTE_BYTES_MAX}")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// Over [`SIGNATURES_MAX`].
    #[error("a note with more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A control character other than a newline.
    #[error("a control character in a note")]
    Control,
    /// No text, no blank line or no signature lines after it.
    #[error("a note is a text, a blank line and signature lines")]
    Shape,
    /// A line after the blank one that is not a signature.
    #[error("signature line {line} is malformed")]
    SignatureLine {
        /// Which one, counted from 1.
        line: usize,
    },
    /// A signature under the name and identifier of a known key that this key did not make.
    #[error("the signature by {name} does not verify")]
    Signature {
        /// The name on the line.
        name: String,
    },
    /// No signature by any known key.
    #[error("no signature by a known key of {name}")]
    NotSigned {
        /// The name looked for.
        name: String,
    },
}

/// A text with signatures that nobody has verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// Ends with a newline.
    text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    key: [u8; 4],
    bytes: Vec<u8>,
}

impl Note {
    /// Signs a text, which must end with a newline, under a key name without spaces and pluses.
    pub(crate) fn sign(text: String, name: &str, key: &SigningKey) -> Self {
        let bytes = key.sign_raw(text.as_bytes()).to_vec();
        let signature = NoteSignature { name: name.to_owned(), key: key_id(name, &key.public()), bytes };
        Self { text, signatures: vec![signature] }
    }

    pub(crate) fn parse(note: &str) -> Result<Self, NoteInvalid> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteInvalid::TooLong { found: note.len() });
        }
        if note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteInvalid::Control);
        }
        // The last blank line separates: the text may have blank lines of its own.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteInvalid::Shape)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteInvalid::Shape)?;
        if lines.split('\n').count() > SIGNATURES_MAX {
            return Err(NoteInvalid::TooManySignatures);
        }
        let signatures = (1..)
            .zip(lines.split('\n'))
            .map(|(n, line)| NoteSignature::parse(line).ok_or(NoteInvalid::SignatureLine { line: n }));
        Ok(Self { text: format!("{text}\n"), signatures: signatures.collect::<Result<_, _>>()? })
    }

    /// The text with its final newline. Not to be believed before [`Note::verify`].
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Demands a signature under `name` by at least one of `keys`, and that none under them is wrong. Others'
    /// signatures are passed over.
    pub(crate) fn verify(&self, name: &str, keys: &[PublicKey]) -> Result<(), NoteInvalid> {
        let mut signed = false;
        for key in keys {
            let id = key_id(name, key);
            for signature in self.signatures.iter().filter(|s| s.name == name && s.key == id) {
                key.verify_raw(self.text.as_bytes(), &signature.bytes)
                    .map_err(|_| NoteInvalid::Signature { name: name.to_owned() })?;
                signed = true;
            }
        }
        if signed { Ok(()) } else { Err(NoteInvalid::NotSigned { name: name.to_owned() }) }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| {
            let NoteSignature { name, key, bytes } = signature;
            writeln!(f, "— {name} {}", STANDARD.encode([key.as_slice(), bytes].concat()))
        })
    }
}

impl NoteSignature {
    /// `— <name> base64(key id || signature)`
    fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix("— ")?.split_once(' ')?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
            return None;
        }
        let decoded = STANDARD.decode(base64).ok()?;
        let (key, bytes) = decoded.split_first_chunk()?;
        (!bytes.is_empty()).then(|| Self { name: name.to_owned(), key: *key, bytes: bytes.to_vec() })
    }
}

/// `SHA-256(name || 0x0A || signature type || public key)[:4]`
fn key_id(name: &str, key: &PublicKey) -> [u8; 4] {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519], key.as_bytes()]).0;
    [a, b, c, d]
}

/// `<name>+<key id>+base64(signature type || public key)`: the key as tools for signed notes take it.
pub(crate) fn verifier_key(name: &str, key: &PublicKey) -> String {
    let id = u32::from_be_bytes(key_id(name, key));
    format!("{name}+{id:08x}+{}", STANDARD.encode([&[ED25519], key.as_bytes().as_slice()].concat()))
}
