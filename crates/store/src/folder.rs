//! The data folder: its files, and the lock that keeps other processes out.

use crate::error::OpenError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The folder that one node keeps its state in.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

/// Held as long as anybody may write to the folder; released when dropped, and by the operating system when
/// the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("node.db")
    }

    /// Where the derived tiles and the published checkpoint are.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.0.join("ledger")
    }

    /// Makes the folder, for the owner's eyes only.
    pub(crate) fn create(&self) -> Result<(), OpenError> {
        create_private_folder(&self.0).map_err(|error| OpenError::File { path: self.0.clone(), error })
    }

    /// Makes an empty database file for the owner's eyes only; SQLite gives its side files the same mode. Only
    /// for the holder of the lock: closing a file drops the POSIX locks that the process has on it, those of
    /// SQLite too (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
    pub(crate) fn create_database(&self, _: &Lock) -> Result<(), OpenError> {
        let database = self.database();
        open_private(&database)
            .and_then(|file| file.sync_all())
            .and_then(|()| sync_folder(&self.0))
            .map_err(|error| OpenError::File { path: database, error })
    }

    /// Takes the lock, or says who cannot have it.
    pub(crate) fn lock(&self) -> Result<Lock, OpenError> {
        let path = self.0.join("lock");
        let file = open_private(&path).map_err(|error| OpenError::File { path: path.clone(), error })?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { folder: self.0.clone() }),
            Err(TryLockError::Error(error)) => Err(OpenError::File { path, error }),
        }
    }
}

/// Makes what is written into a folder's list of names durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        let held = folder.lock().unwrap();
        let refused = folder.lock().unwrap_err();
        assert!(matches!(&refused, OpenError::Locked { folder } if folder == dir.path()));
        assert!(refused.to_string().contains(&dir.path().display().to_string()));
        drop(held);
        folder.lock().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn files_are_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(&dir.path().join("data"));
        folder.create().unwrap();
        folder.create_database(&folder.lock().unwrap()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir.path().join("data")), 0o700);
        assert_eq!(mode(&folder.database()), 0o600);
    }
}
