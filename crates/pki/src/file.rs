//! Files that are replaced whole or not at all.

use crate::error::PkiError;
use concord_trust::{DocumentError, SignedFile};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Who may read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// The owner only: private keys.
    Owner,
    /// Everybody: certificates and documents.
    All,
}

impl Readers {
    #[cfg(unix)]
    const fn file_mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::All => 0o644,
        }
    }

    #[cfg(unix)]
    const fn folder_mode(self) -> u32 {
        match self {
            Self::Owner => 0o700,
            Self::All => 0o755,
        }
    }
}

/// Writes a file beside `path`, makes it durable and renames it: whoever opens `path` finds the old bytes or the new.
pub(crate) fn replace(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), PkiError> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    // One that a crash left behind might have another mode.
    remove_if_there(new).map_err(PkiError::file(new))?;
    write_new(new, bytes, readers).map_err(PkiError::file(new))?;
    rename(new, path)
}

/// Renames durably.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), PkiError> {
    fs::rename(from, to).map_err(PkiError::file(to))?;
    let folder = to.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(PkiError::file(folder))
}

/// Makes a folder and those above it, unless they are there.
pub(crate) fn create_folder(path: &Path, readers: Readers) -> Result<(), PkiError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, readers.folder_mode());
    builder.create(path).map_err(PkiError::file(path))
}

/// Replaces the document `STEM.toml` in `folder` and its signatures, one after the other, the document last. What stands
/// in the folder under other names is not touched.
pub(crate) fn publish(folder: &Path, stem: &str, file: &SignedFile) -> Result<(), PkiError> {
    // Readers take what ends in .toml: a folder of this name is none of theirs.
    let new = folder.join(format!("{stem}.new"));
    create_folder(&new, Readers::All)?;
    file.write(&new, stem)?;
    let signatures = file.signatures.iter().map(|signature| format!("{stem}.{}.sig", signature.label));
    for name in signatures.chain([format!("{stem}.toml")]) {
        File::open(new.join(&name)).and_then(|file| file.sync_all()).map_err(PkiError::file(&new))?;
        rename(&new.join(&name), &folder.join(&name))?;
    }
    fs::remove_dir(&new).map_err(PkiError::file(&new))
}

/// Keeps the document that stands as `STEM.toml` in `folder` as `STEM~SEQUENCE.toml` too, before its successor takes its
/// place: what it names counts for a while yet, and a reader who comes between the files of the successor still finds
/// something whole. No agency has such a name.
pub(crate) fn keep_before(
    folder: &Path,
    stem: &str,
    sequence: u64,
    file: &SignedFile,
) -> Result<(), PkiError> {
    publish(folder, &format!("{stem}~{sequence}"), file)
}

/// The documents that [`keep_before`] has kept under the names `STEM~SEQUENCE.toml`.
pub(crate) fn kept_before(folder: &Path, stem: &str) -> Result<Vec<SignedFile>, PkiError> {
    let prefix = format!("{stem}~");
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder).map_err(PkiError::file(folder))? {
        let path = entry.map_err(PkiError::file(folder))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if path.extension().is_some_and(|end| end == "toml") && stem.is_some_and(|s| s.starts_with(&prefix)) {
            kept.push(SignedFile::read(&path)?);
        }
    }
    Ok(kept)
}

/// The document that stands as `STEM.toml` in `folder`, which `verify` accepts. A publication that broke off may have left
/// its successor's signature beside it: then it is the copy among `kept` that has its own. No other text takes its place,
/// since a second successor of an earlier one would contradict the first.
pub(crate) fn last_whole<T>(
    folder: &Path,
    stem: &str,
    kept: &[SignedFile],
    verify: impl Fn(&SignedFile) -> Result<T, DocumentError>,
) -> Result<SignedFile, PkiError> {
    let file = SignedFile::read(&folder.join(format!("{stem}.toml")))?;
    let Err(refused) = verify(&file) else { return Ok(file) };
    let whole = kept.iter().find(|copy| copy.bytes == file.bytes && verify(copy).is_ok());
    Ok(whole.cloned().ok_or(refused)?)
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String, PkiError> {
    fs::read_to_string(path).map_err(PkiError::file(path))
}

/// Removes a file durably; that it is gone already is as well.
pub(crate) fn remove_durably(path: &Path) -> Result<(), PkiError> {
    remove_if_there(path).map_err(PkiError::file(path))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(PkiError::file(folder))
}

/// Refuses a private key that others on the machine can read: it is not private.
pub(crate) fn only_ours(path: &Path) -> Result<(), PkiError> {
    #[cfg(unix)]
    {
        let metadata = path.metadata().map_err(PkiError::file(path))?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(PkiError::OthersMayRead { file: path.to_owned(), mode });
        }
    }
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, readers.file_mode());
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}
