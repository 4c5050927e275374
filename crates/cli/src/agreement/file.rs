//! Files that commands of people write and read.

use anyhow::{Context, bail};
use concord_trust::SigningKey;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes a file that was not there, or in the place of one that was if `force` says so: what somebody has edited is not
/// to be lost.
pub(super) fn create(file: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(force).create_new(!force);
    let mut opened = match options.open(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!("{} exists already", file.display()),
        other => other.with_context(|| file.display().to_string())?,
    };
    opened.write_all(text.as_bytes()).with_context(|| file.display().to_string())
}

/// Reads a party's agreement key, which nobody else on this machine may read.
pub(super) fn read_key(file: &Path) -> anyhow::Result<SigningKey> {
    Ok(concord_pki::read_key(file.to_owned())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_unless_forced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("picture.svg");
        create(&file, "a longer text", false).unwrap();
        let refused = create(&file, "other", false).unwrap_err().to_string();
        assert!(refused.ends_with("picture.svg exists already"), "{refused}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a longer text");
        create(&file, "other", true).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "other");
        assert!(create(&dir.path().join("no/folder"), "", true).is_err());
    }
}
