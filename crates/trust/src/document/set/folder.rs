//! Reading a federation's folder: `charter.toml`, `charter.SEQUENCE.toml`, and a folder for each other kind.

use super::DocumentSet;
use crate::document::{DocumentError, DocumentKind, SignedFile};
use std::path::{Path, PathBuf};

impl DocumentSet {
    /// Documents of one kind in a folder at most. Each pair of 31 provinces makes 465 pacts; this leaves room for their
    /// old versions and for declarations about them, which stay.
    pub const FOLDER_MAX: usize = 16_384;

    /// Reads every document below `folder` with the signatures beside it. What cannot be read is told in the list; a
    /// folder that is not there is empty.
    pub fn read(folder: &Path) -> (Self, Vec<DocumentError>) {
        let (mut set, mut problems) = (Self::default(), Vec::new());
        for kind in DocumentKind::ALL {
            let paths = match kind.folder() {
                Some(name) => documents(&folder.join(name), |_| true),
                None => documents(folder, is_charter),
            };
            let paths = paths.unwrap_or_else(|problem| {
                problems.push(problem);
                Vec::new()
            });
            for path in paths {
                let added = SignedFile::read(&path).and_then(|file| set.insert(kind, file));
                problems.extend(added.err());
            }
        }
        (set, problems)
    }
}

/// `charter.toml`, or the `charter.SEQUENCE.toml` of a successor.
fn is_charter(stem: &str) -> bool {
    let sequence = |rest: &str| rest.strip_prefix('.').is_some_and(|n| n.parse::<u64>().is_ok());
    stem.strip_prefix("charter").is_some_and(|rest| rest.is_empty() || sequence(rest))
}

fn documents(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, DocumentError> {
    let failed = |source| DocumentError::File { file: folder.display().to_string(), source };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if path.extension().is_some_and(|e| e == "toml") && stem.is_some_and(&wanted) {
            paths.push(path);
        }
    }
    let (count, limit) = (paths.len(), DocumentSet::FOLDER_MAX);
    if count > limit {
        let message = format!("{count} documents are more than the limit of {limit}; none was read");
        return Err(DocumentError::Contradiction { file: folder.display().to_string(), message });
    }
    paths.sort();
    Ok(paths)
}
