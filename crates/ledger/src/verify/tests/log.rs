//! A stored log that tests damage.

use crate::testing::sample;
use crate::tiles::{CHECKPOINT_PATH, OpenTiles};
use crate::verify::{Audit, Fault, Folder, Report, Stop, StoredEntry};
use crate::{Checkpoint, Frontier, SignedCheckpoint, TreeHead, leaf_hash};
use concord_domain::{AgencyId, Digest};
use concord_trust::SigningKey;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;

#[derive(Debug, Clone, Default)]
pub(super) struct Files(pub(super) BTreeMap<String, Vec<u8>>);

impl Folder for Files {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.0.get(path).cloned())
    }
}

#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) rows: Vec<StoredEntry>,
    pub(super) checkpoints: Vec<String>,
    pub(super) head: Option<TreeHead>,
    pub(super) folder: Option<Files>,
    pub(super) against: Option<SignedCheckpoint>,
}

pub(super) fn agency() -> AgencyId {
    "yn.police.cn".parse().unwrap()
}

pub(super) fn key(n: u8) -> SigningKey {
    SigningKey::from_seed([n; 32])
}

impl Log {
    /// A whole log of sample entries with checkpoints at these sizes, tiles up to the last of them.
    pub(super) fn new(size: u64, checkpoints: &[u64]) -> Self {
        Self::of((0..size).map(sample).collect(), checkpoints)
    }

    pub(super) fn of(entries: Vec<Vec<u8>>, checkpoints: &[u64]) -> Self {
        let mut log = Self { rows: vec![], checkpoints: vec![], head: None, folder: None, against: None };
        let (mut tree, mut open, mut files) = (Frontier::new(), OpenTiles::default(), BTreeMap::new());
        let tiled = checkpoints.last().copied().unwrap_or(0);
        for size in 0..=entries.len() as u64 {
            for _ in checkpoints.iter().filter(|at| **at == size) {
                log.checkpoints.push(sign(TreeHead { size, root: tree.root() }).to_string());
                files.extend(open.partial().map(|tile| (tile.path.to_string(), tile.bytes)));
            }
            let Some(bytes) = entries.get(size as usize) else { break };
            let leaf = leaf_hash(bytes);
            let full = open.push(bytes, &tree.append(leaf)).unwrap();
            files.extend(full.into_iter().filter(|_| size < tiled).map(|t| (t.path.to_string(), t.bytes)));
            log.rows.push(StoredEntry { index: size, bytes: bytes.clone(), leaf });
        }
        if let Some(last) = log.checkpoints.last() {
            files.insert(CHECKPOINT_PATH.to_owned(), last.clone().into_bytes());
        }
        log.head = Some(TreeHead { size: tree.size(), root: tree.root() });
        log.folder = Some(Files(files));
        log
    }

    pub(super) fn without_folder(self) -> Self {
        Self { folder: None, ..self }
    }

    pub(super) fn without_head(self) -> Self {
        Self { head: None, ..self }
    }

    pub(super) fn files(&mut self) -> &mut BTreeMap<String, Vec<u8>> {
        &mut self.folder.as_mut().unwrap().0
    }

    pub(super) fn root(&self) -> Digest {
        let mut tree = Frontier::new();
        self.rows.iter().for_each(|row| drop(tree.append(row.leaf)));
        tree.root()
    }

    /// Changes an entry and its leaf hash together.
    pub(super) fn replace(&mut self, index: u64, bytes: Vec<u8>) {
        let row = &mut self.rows[index as usize];
        row.leaf = leaf_hash(&bytes);
        row.bytes = bytes;
    }

    /// Gives the rows the indices of a log without gaps.
    pub(super) fn renumber(&mut self) {
        (0..).zip(&mut self.rows).for_each(|(index, row)| row.index = index);
    }

    pub(super) fn with<T>(&self, run: impl FnOnce(&Audit<'_>) -> T) -> T {
        run(&Audit {
            ledger: &agency(),
            keys: &[key(9).public(), key(1).public()],
            head: self.head,
            folder: self.folder.as_ref().map(|files| files as &dyn Folder),
            against: self.against.as_ref(),
        })
    }

    pub(super) fn audit(&self) -> Result<Report, Fault> {
        let rows = self.rows.iter().cloned().map(Ok::<_, Infallible>);
        let checkpoints = self.checkpoints.iter().cloned().map(Ok);
        self.with(|audit| audit.run(rows, checkpoints)).map_err(|stop| match stop {
            Stop::Fault(fault) => fault,
            Stop::Folder(error) => panic!("{error}"),
        })
    }
}

pub(super) fn sign(head: TreeHead) -> SignedCheckpoint {
    let TreeHead { size, root } = head;
    SignedCheckpoint::sign(Checkpoint { ledger: agency(), size, root }, &key(1))
}

/// A checkpoint over the first `size` sample entries.
pub(super) fn honest(size: u64) -> SignedCheckpoint {
    sign(TreeHead { size, root: Log::new(size, &[]).root() })
}
