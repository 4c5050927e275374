//! Where a node is and who calls it.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// A client's profile: one node, and the certificate that is shown to it.
///
/// ```toml
/// address = "https://127.0.0.1:20001"
/// ca = "tls/ca.pem"
/// certificate = "clients/app.pem"
/// key = "clients/app.key"
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The local API, as `https://host:port`.
    pub address: String,
    /// The agency's certification authority, PEM.
    pub ca: PathBuf,
    /// The caller's certificate, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Why a profile cannot be used; names the file.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// It cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("{file}: {why}")]
    NotToml {
        /// The file.
        file: PathBuf,
        /// What the parser says.
        why: String,
    },
    /// Keys that are missing, unknown or not texts, all at once.
    #[error("{file}: {}", problems.join("; "))]
    Fields {
        /// The file.
        file: PathBuf,
        /// One for each key.
        problems: Vec<String>,
    },
}

const ADDRESS: &str = "address";
const CA: &str = "ca";
const CERTIFICATE: &str = "certificate";
const KEY: &str = "key";

impl Profile {
    /// Reads a profile. Paths in it are relative to the file.
    ///
    /// # Errors
    /// The file is unreadable or no TOML, or everything that is wrong with its keys.
    pub fn load(file: &Path) -> Result<Self, ProfileError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| ProfileError::Unreadable { file: file.to_owned(), source })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        Self::parse(&text, file, folder)
    }

    fn parse(text: &str, file: &Path, folder: &Path) -> Result<Self, ProfileError> {
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| ProfileError::NotToml {
            file: file.to_owned(),
            why: e.to_string().trim_end().replace('\n', "; "),
        })?;
        let mut problems: Vec<String> = table
            .keys()
            .filter(|key| ![ADDRESS, CA, CERTIFICATE, KEY].contains(&key.as_str()))
            .map(|key| format!("unknown key {key:?}"))
            .collect();
        let mut text = |key: &str| match table.get(key) {
            Some(toml::Value::String(value)) => value.clone(),
            Some(_) => {
                problems.push(format!("{key} must be a text"));
                String::new()
            }
            None => {
                problems.push(format!("{key} is missing"));
                String::new()
            }
        };
        let profile = Self {
            address: text(ADDRESS),
            ca: folder.join(text(CA)),
            certificate: folder.join(text(CERTIFICATE)),
            key: folder.join(text(KEY)),
        };
        if problems.is_empty() {
            Ok(profile)
        } else {
            Err(ProfileError::Fields { file: file.to_owned(), problems })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Profile, ProfileError> {
        Profile::parse(text, Path::new("x/client.toml"), Path::new("x"))
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let profile =
            parse("address='https://h:1'\nca='tls/ca.pem'\ncertificate='/abs/a.pem'\nkey='a.key'").unwrap();
        assert_eq!(profile.ca, Path::new("x/tls/ca.pem"));
        assert_eq!(profile.certificate, Path::new("/abs/a.pem"));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let error = parse("adress='https://h:1'\nca=3\nkey='a'").unwrap_err().to_string();
        for part in
            ["unknown key \"adress\"", "address is missing", "ca must be a text", "certificate is missing"]
        {
            assert!(error.contains(part), "{error}");
        }
    }
}
