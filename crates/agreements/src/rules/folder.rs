//! Reading a folder of agreements: the one place of this crate that touches files.

use super::Rules;
use crate::document::Agreement;
use crate::error::AgreementError;
use concord_trust::{DocumentError, SignedFile};
use std::path::{Path, PathBuf};

/// Every `*.toml` of the folder with its signatures, by name; what cannot be read, or bears another agreement's
/// name, is told in the list.
pub(super) fn read(folder: &Path) -> (Vec<SignedFile>, Vec<AgreementError>) {
    let paths = match documents(folder) {
        Ok(paths) => paths,
        Err(problem) => return (Vec::new(), vec![problem]),
    };
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match read_one(&path) {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    (files, problems)
}

fn documents(folder: &Path) -> Result<Vec<PathBuf>, AgreementError> {
    let failed = |source| DocumentError::File { file: folder.display().to_string(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    let (count, limit) = (paths.len(), Rules::DOCUMENTS_MAX);
    if count > limit {
        return Err(AgreementError::TooMany { folder: folder.display().to_string(), count, limit });
    }
    paths.sort();
    Ok(paths)
}

fn read_one(path: &Path) -> Result<SignedFile, AgreementError> {
    let file = SignedFile::read(path)?;
    let stem = Agreement::parse(&file)?.file_stem();
    if path.file_stem().is_none_or(|found| found != stem.as_str()) {
        return Err(AgreementError::OtherName { file: file.name, expected: format!("{stem}.toml") });
    }
    Ok(file)
}
