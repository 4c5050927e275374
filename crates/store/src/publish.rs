//! Publishing the ledger: tiles and the newest checkpoint as files, derived from the database.
//!
//! Every file is written beside its place, synced and renamed, the folders are synced, and the checkpoint comes
//! last: whoever reads the folder at any moment finds all tiles that its checkpoint promises. What a crash
//! leaves out is written next time, since the checkpoint then still says the old size.

use crate::folder::sync_folder;
use crate::options::Execution;
use crate::refusal::WriteError;
use crate::store::Store;
use crate::write::{Change, Write};
use concord_ledger::{CHECKPOINT_PATH, SignedCheckpoint, TileUnavailable, tiles_between};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a checkpoint was not published.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The checkpoint could not be kept.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A tile could not be made from the database.
    #[error(transparent)]
    Tile(#[from] TileUnavailable),
    /// The folder holds a checkpoint of more entries than the ledger has: the database is older than the folder.
    #[error("a checkpoint of size {published} is published, the ledger has {head} entries")]
    RolledBack {
        /// Size of the published checkpoint.
        published: u64,
        /// Entries that there are.
        head: u64,
    },
    /// A file or folder cannot be written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        error: io::Error,
    },
    /// The runtime ended in the middle.
    #[error("publishing was interrupted")]
    Interrupted,
}

impl Store {
    /// Keeps a signed checkpoint and publishes it with the tiles that it needs under `ledger/`. Some waits for
    /// the disk; on real nodes it is kept off the I/O threads. A checkpoint smaller than the published one is
    /// kept, not published.
    ///
    /// # Errors
    /// See [`PublishError`]. The checkpoint may be kept and not published; the next one makes up for it.
    pub async fn publish_checkpoint(&self, checkpoint: &SignedCheckpoint) -> Result<(), PublishError> {
        let (size, note) = (checkpoint.claimed().size, checkpoint.to_string());
        let one_at_a_time = self.publishing().await;
        let changes = vec![Change::SaveCheckpoint { size, note: note.clone() }];
        self.submit(Write { name: "save_checkpoint", guards: vec![], changes, entries: vec![] }).await?;
        match self.execution() {
            Execution::Inline => self.publish(size, &note),
            Execution::Thread => {
                let store = self.clone();
                let publish = move || {
                    let _one_at_a_time = one_at_a_time;
                    store.publish(size, &note)
                };
                #[allow(clippy::disallowed_methods, reason = "this is the store's execution seam")]
                let publishing = tokio::task::spawn_blocking(publish);
                publishing.await.unwrap_or(Err(PublishError::Interrupted))
            }
        }
    }

    fn publish(&self, size: u64, note: &str) -> Result<(), PublishError> {
        let folder = Publication { root: self.folder().ledger() };
        let published = folder.published_size();
        let head = self.head().map_err(WriteError::from)?.tree.size;
        if published > head {
            return Err(PublishError::RolledBack { published, head });
        }
        if published > size {
            return Ok(());
        }
        let mut touched = folder.create()?;
        let mut superseded = Vec::new();
        for tile in tiles_between(published, size, self, self) {
            let tile = tile?;
            folder.write(&tile.path.to_string(), &tile.bytes, &mut touched)?;
            if !tile.path.is_partial() {
                superseded.push(tile.path.partial_folder());
            }
        }
        folder.sync(&touched)?;
        touched.clear();
        folder.write(CHECKPOINT_PATH, note.as_bytes(), &mut touched)?;
        folder.sync(&touched)?;
        superseded.iter().try_for_each(|partial| folder.remove(partial))
    }
}

/// The folder with the published files.
struct Publication {
    root: PathBuf,
}

impl Publication {
    /// Entries that the published checkpoint covers: none if there is no readable one, since then everything
    /// is written again.
    fn published_size(&self) -> u64 {
        let text = fs::read_to_string(self.root.join(CHECKPOINT_PATH)).unwrap_or_default();
        SignedCheckpoint::parse(&text).map_or(0, |checkpoint| checkpoint.claimed().size)
    }

    /// Makes the folder; gives what is to be synced for it.
    fn create(&self) -> Result<BTreeSet<PathBuf>, PublishError> {
        let above = self.root.parent().filter(|_| !self.root.exists());
        let touched = above.into_iter().map(Path::to_owned).collect();
        fs::create_dir_all(&self.root)
            .map_err(|error| PublishError::File { path: self.root.clone(), error })?;
        Ok(touched)
    }

    /// Writes one file as a whole and notes the folders whose lists of names changed.
    fn write(&self, path: &str, bytes: &[u8], touched: &mut BTreeSet<PathBuf>) -> Result<(), PublishError> {
        let path = self.root.join(path);
        let above = path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.root));
        touched.extend(above.map(Path::to_owned));
        write_whole(&path, bytes).map_err(|error| PublishError::File { path, error })
    }

    fn sync(&self, folders: &BTreeSet<PathBuf>) -> Result<(), PublishError> {
        folders.iter().try_for_each(|folder| {
            sync_folder(folder).map_err(|error| PublishError::File { path: folder.clone(), error })
        })
    }

    fn remove(&self, folder: &str) -> Result<(), PublishError> {
        let path = self.root.join(folder);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PublishError::File { path, error }),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut beside = OsString::from(path);
    beside.push(".tmp");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
