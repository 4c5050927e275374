//! `node.toml`.

use crate::problem::Problems;
use concord_domain::{AgencyId, AgencyPattern, Digest};
use concord_gateway::{Lines, Vettings};
use serde::Deserialize;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The configuration of a node. Paths are relative to the file's folder.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Where it was read from.
    #[serde(skip)]
    pub file: PathBuf,
    /// Whether a person lets the node go on with a ledger smaller than one that a peer has seen; never from the file.
    #[serde(skip)]
    pub accept_rollback: bool,
    /// The agency whose node this is.
    pub agency: AgencyId,
    /// The node's own folder: database, lock, published ledger.
    pub data: PathBuf,
    /// The published documents of the federation.
    pub federation: FederationConfig,
    /// The node's private keys.
    pub keys: KeysConfig,
    /// The node's certificate.
    pub tls: TlsConfig,
    /// For the agency's own systems and officers.
    pub local_api: ApiConfig,
    /// For other nodes.
    pub federation_api: ApiConfig,
    /// Metrics in Prometheus' text form; off unless set.
    #[serde(default)]
    pub metrics: Option<ApiConfig>,
    /// A file of this node's own rules, which only narrow what agreements allow; none unless set.
    #[serde(default)]
    pub local_rules: Option<PathBuf>,
    /// Which way requests go.
    #[serde(default)]
    pub routing: RoutingConfig,
    /// Checkpoints of the ledger.
    #[serde(default)]
    pub checkpoints: CheckpointConfig,
    /// Reloading while running.
    #[serde(default)]
    pub reload: ReloadConfig,
    /// Comparing documents with peers.
    #[serde(default)]
    pub sync: SyncConfig,
    /// What waits for this agency's officers.
    #[serde(default)]
    pub vetting: VettingConfig,
}

/// Where the published documents are: `charter.toml`, `cards/`, `keyrings/`, `crls/`, `agreements/`.
#[derive(Debug, Clone, Deserialize)]
pub struct FederationConfig {
    /// The folder.
    pub folder: PathBuf,
    /// SHA-256 of the charter, given out of band, in hexadecimal.
    pub charter_sha256: Digest,
}

/// Where the private keys are: `message.key`, `checkpoint.key`, `sealing.key`, `storage.key`.
#[derive(Debug, Clone, Deserialize)]
pub struct KeysConfig {
    /// The folder.
    pub folder: PathBuf,
}

/// The node's certificate for both listeners and for its calls.
#[derive(Debug, Clone, Deserialize)]
pub struct TlsConfig {
    /// The agency's own authority, which issued the certificates of its applications and officers.
    pub ca: PathBuf,
    /// The node's certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A listener.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiConfig {
    /// Address and port; port 0 takes any free one.
    pub listen: SocketAddr,
}

/// Which way requests go.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RoutingConfig {
    /// Agencies to which no line leads from here, as names or patterns such as `*.hl.police.cn`: they are never dialed,
    /// and asked by carriers that an agreement names.
    #[serde(default)]
    pub no_line_to: Vec<AgencyPattern>,
    /// Milliseconds that an answer to a search is waited for by one way before the search goes by the next permitted one
    /// too, and the first answer counts; without it, each way is waited for alone.
    pub hedge_after_ms: Option<u64>,
}

impl RoutingConfig {
    /// What a search may be waited for before it is hedged, in milliseconds. Below a round trip every search would go out
    /// twice; above ten seconds most deadlines are over.
    pub const HEDGE_AFTER_MS: RangeInclusive<u64> = 10..=10_000;

    /// When a search is hedged, if at all.
    pub(crate) fn hedge_after(&self) -> Option<Duration> {
        self.hedge_after_ms.map(Duration::from_millis)
    }

    /// The lines that there are.
    pub(crate) fn lines(&self) -> Lines {
        Lines::without(self.no_line_to.clone())
    }
}

/// Checkpoints of the ledger.
#[derive(Debug, Clone, Deserialize)]
pub struct CheckpointConfig {
    /// Milliseconds between two checkpoints of a growing ledger.
    pub every_ms: u64,
}

impl Default for CheckpointConfig {
    /// A receipt is covered by a checkpoint within a second.
    fn default() -> Self {
        Self { every_ms: 1000 }
    }
}

impl CheckpointConfig {
    /// The interval, 10 milliseconds at least.
    pub(crate) fn every(&self) -> Duration {
        Duration::from_millis(self.every_ms.max(10))
    }
}

/// Reloading certificates, revocations and published documents while running; SIGHUP asks for it at once.
#[derive(Debug, Clone, Deserialize)]
pub struct ReloadConfig {
    /// Milliseconds between two looks at the files.
    pub every_ms: u64,
}

impl Default for ReloadConfig {
    /// A revocation takes effect within five seconds of its file.
    fn default() -> Self {
        Self { every_ms: 5000 }
    }
}

impl ReloadConfig {
    /// The interval, 10 milliseconds at least.
    pub(crate) fn every(&self) -> Duration {
        Duration::from_millis(self.every_ms.max(10))
    }
}

/// Comparing documents with the nodes of other agencies.
#[derive(Debug, Clone, Deserialize)]
pub struct SyncConfig {
    /// Milliseconds between two rounds; what arrives or is submitted goes on at once.
    pub every_ms: u64,
}

impl Default for SyncConfig {
    /// An agency is stopped everywhere within ten seconds; an equal peer costs a message of some hundred bytes each time.
    fn default() -> Self {
        Self { every_ms: 10_000 }
    }
}

impl SyncConfig {
    /// The interval, 10 milliseconds at least.
    pub(crate) fn every(&self) -> Duration {
        Duration::from_millis(self.every_ms.max(10))
    }
}

/// What other agencies ask this one to ask on, while it waits for an officer.
#[derive(Debug, Clone, Deserialize)]
pub struct VettingConfig {
    /// Hours that a request waits for a decision, and then for being asked on.
    pub within_hours: u64,
}

impl Default for VettingConfig {
    /// See [`Vettings::WITHIN_DEFAULT`].
    fn default() -> Self {
        Self { within_hours: Vettings::WITHIN_DEFAULT.as_secs() / 3600 }
    }
}

impl VettingConfig {
    /// The time, an hour at least; [`Vettings::WITHIN_MAX`] is the most.
    pub(crate) fn within(&self) -> Duration {
        Duration::from_secs(self.within_hours.max(1).saturating_mul(3600))
    }
}

impl Config {
    /// Bytes of a configuration file at most.
    const BYTES_MAX: usize = 1 << 20;

    /// Reads a configuration file.
    ///
    /// # Errors
    /// Every unknown key, and what else is wrong with the text.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        let (config, problems) = Self::read(path);
        problems.finish(config)
    }

    /// As much as can be understood of a configuration file, and all that is wrong with its text.
    pub(crate) fn read(path: &Path) -> (Option<Self>, Problems) {
        let mut problems = Problems::default();
        let text = problems.take(path, "", std::fs::read_to_string(path));
        let config = text.and_then(|text| Self::parse(path, &text, &mut problems));
        (config, problems)
    }

    fn parse(path: &Path, text: &str, problems: &mut Problems) -> Option<Self> {
        let file = path;
        if text.len() > Self::BYTES_MAX {
            problems.add(
                file,
                "",
                format!("{} bytes are more than the limit of {}", text.len(), Self::BYTES_MAX),
            );
            return None;
        }
        let document =
            problems.take(file, "", toml::Deserializer::parse(text).map_err(|e| one_line(text, &e)))?;
        let mut unknown = Vec::new();
        let parsed = serde_ignored::deserialize(document, |key| unknown.push(key.to_string()));
        unknown.iter().for_each(|key| problems.add(file, key, "is not a key of the configuration"));
        let mut config: Self = problems.take(file, "", parsed.map_err(|e| one_line(text, &e)))?;
        config.file = path.to_owned();
        config.resolve(path.parent().unwrap_or(Path::new(".")));
        Some(config)
    }

    fn resolve(&mut self, folder: &Path) {
        let Self { data, federation, keys, tls, local_rules, .. } = self;
        let TlsConfig { ca, certificate, key } = tls;
        let paths = [data, &mut federation.folder, &mut keys.folder, ca, certificate, key];
        for path in paths.into_iter().chain(local_rules) {
            *path = folder.join(&*path);
        }
    }
}

/// The parser's words with the line that they are about, without its drawing.
pub(crate) fn one_line(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', "; ");
    let before = error.span().and_then(|span| text.get(..span.start));
    let Some(number) = before.map(|before| before.matches('\n').count()) else { return message };
    let line = text.lines().nth(number).unwrap_or_default().trim();
    format!("line {} ({line}): {message}", number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        agency = "yn.police.cn"
        data = "data"
        federation = { folder = "../federation", charter_sha256 = "0000000000000000000000000000000000000000000000000000000000000000" }
        keys = { folder = "keys" }
        tls = { ca = "tls/ca.pem", certificate = "tls/node.pem", key = "tls/node.key" }
        local_api = { listen = "127.0.0.1:0" }
        federation_api = { listen = "127.0.0.1:0" }
    "#;

    fn parse(text: &str) -> Result<Config, Problems> {
        let mut problems = Problems::default();
        let config = Config::parse(Path::new("/node/node.toml"), text, &mut problems);
        problems.finish(config)
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = parse(GOOD).unwrap();
        assert_eq!(config.tls.key, Path::new("/node/tls/node.key"));
        assert_eq!(config.federation.folder, Path::new("/node/../federation"));
        assert_eq!(config.reload.every(), Duration::from_secs(5));
        assert_eq!(config.routing.hedge_after(), None, "off unless set");
    }

    #[test]
    fn the_sample_in_the_readme_is_a_configuration() {
        let readme = include_str!("../../../README.md");
        let (_, after) = readme.split_once("```toml\n").unwrap();
        let (sample, _) = after.split_once("```").unwrap();
        let config = parse(&sample.replace("64 hexadecimal digits", &"0".repeat(64))).unwrap();
        assert!(config.metrics.is_some_and(|metrics| metrics.listen.ip().is_loopback()));
        assert_eq!(config.checkpoints.every_ms, CheckpointConfig::default().every_ms);
        assert_eq!(config.reload.every_ms, ReloadConfig::default().every_ms);
        assert!(config.routing.hedge_after_ms.is_some_and(|ms| RoutingConfig::HEDGE_AFTER_MS.contains(&ms)));
        assert_eq!(config.vetting.within_hours, VettingConfig::default().within_hours);
    }

    #[test]
    fn every_unknown_key_is_named() {
        let text = format!("{GOOD}\nunheard = 1\n[reload]\nevery_ms = 5\nsometimes = true\n");
        let problems = parse(&text).unwrap_err().to_string();
        assert!(problems.contains("/node/node.toml: unheard: is not a key"), "{problems}");
        assert!(problems.contains("reload.sometimes"), "{problems}");
    }

    #[test]
    fn a_wrong_value_is_named_with_its_line() {
        let problems = parse(&GOOD.replacen("\"127.0.0.1:0\"", "\"nowhere\"", 1)).unwrap_err().to_string();
        assert!(problems.contains("line 7") && problems.contains("nowhere"), "{problems}");
    }
}
