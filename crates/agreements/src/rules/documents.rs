//! What rules are made of, and reading it from a folder: the one place of this crate that touches files.

use crate::declaration::Declaration;
use crate::document::Agreement;
use crate::error::AgreementError;
use concord_trust::{DocumentError, SignedFile};
use std::path::{Path, PathBuf};

/// The documents that rules are built from, with the signatures found beside them; nothing is verified yet.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// Every version of every agreement, those no longer in force too: a version shows by the one before it that it
    /// may take its place.
    pub agreements: Vec<SignedFile>,
    /// What parties declared.
    pub declarations: Vec<SignedFile>,
}

impl Documents {
    /// Agreements in a folder at most. Each pair of 31 provinces makes 465 pacts; this leaves room for their old
    /// versions, which stay in the folder.
    pub const AGREEMENTS_MAX: usize = 4096;
    /// Declarations in a folder at most: a few of each party about each agreement.
    pub const DECLARATIONS_MAX: usize = 16_384;

    /// Agreements about which nobody has declared anything.
    pub fn agreements(files: impl IntoIterator<Item = SignedFile>) -> Self {
        Self { agreements: files.into_iter().collect(), declarations: Vec::new() }
    }

    /// Reads `agreements/*.toml` below `folder`, and `declarations/*.toml` if there is that folder, each document with
    /// its signatures beside it. What cannot be read, or bears another document's name, is told in the list.
    pub fn read(folder: &Path) -> (Self, Vec<AgreementError>) {
        let agreement = |file: &SignedFile| Agreement::parse(file).map(|a| a.file_stem());
        let declaration = |file: &SignedFile| Declaration::parse(file).map(|d| d.file_stem());
        let (agreements, mut problems) =
            read(&folder.join("agreements"), "agreements", Self::AGREEMENTS_MAX, agreement);
        let declared = folder.join("declarations");
        let (declarations, more) = if declared.exists() {
            read(&declared, "declarations", Self::DECLARATIONS_MAX, declaration)
        } else {
            (Vec::new(), Vec::new())
        };
        problems.extend(more);
        (Self { agreements, declarations }, problems)
    }
}

type Read = (Vec<SignedFile>, Vec<AgreementError>);

fn read(
    folder: &Path,
    what: &'static str,
    limit: usize,
    stem: impl Fn(&SignedFile) -> Result<String, AgreementError>,
) -> Read {
    let paths = match documents(folder, what, limit) {
        Ok(paths) => paths,
        Err(problem) => return (Vec::new(), vec![problem]),
    };
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match read_one(&path, &stem) {
            Ok(file) => files.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    (files, problems)
}

fn documents(folder: &Path, what: &'static str, limit: usize) -> Result<Vec<PathBuf>, AgreementError> {
    let failed = |source| DocumentError::File { file: folder.display().to_string(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    let count = paths.len();
    if count > limit {
        return Err(AgreementError::TooMany { folder: folder.display().to_string(), what, count, limit });
    }
    paths.sort();
    Ok(paths)
}

fn read_one(
    path: &Path,
    stem: impl Fn(&SignedFile) -> Result<String, AgreementError>,
) -> Result<SignedFile, AgreementError> {
    let file = SignedFile::read(path)?;
    let stem = stem(&file)?;
    if path.file_stem().is_none_or(|found| found != stem.as_str()) {
        return Err(AgreementError::OtherName { file: file.name, expected: format!("{stem}.toml") });
    }
    Ok(file)
}
