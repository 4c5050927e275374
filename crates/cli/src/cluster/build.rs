//! The folder of a local federation: generated, or taken up as it is.

use super::{ClusterOptions, ports};
use anyhow::{Context, bail};
use concord_domain::{AgencyId, Clock, SystemClock, SystemEntropy};
use concord_node::Config;
use concord_pki::{
    Addresses, Federation, Layout, Lives, Options, Renewal, Validity, generate, issue_node, renew_keyring,
};
use concord_trust::{Charter, Directory, SignedFile, sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A keyring that is taken up must live for so long at least: a day, for a cluster that is left alone overnight.
const KEYRING_LEFT_MIN: Duration = Duration::from_secs(86_400);

/// Makes the federation, or checks that the one in `dir` has a node for each agency and renews what has grown old.
pub(super) fn prepare(dir: &Path, agencies: &[AgencyId], options: &ClusterOptions) -> anyhow::Result<Layout> {
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let layout = Layout::new(std::path::absolute(dir)?);
    if !layout.charter().exists() {
        let federation = match &options.federation {
            Some(federation) => federation.clone(),
            None => Federation::sample()?,
        };
        make(&federation, agencies, &layout)?;
        return Ok(layout);
    }
    if let Some(stranger) = agencies.iter().find(|agency| !layout.node(agency).config().exists()) {
        bail!("{}: the federation in this folder has no node of {stranger}", dir.display());
    }
    self::agencies(&layout)?.iter().try_for_each(|agency| refresh(&layout, agency))?;
    Ok(layout)
}

fn make(federation: &Federation, agencies: &[AgencyId], layout: &Layout) -> anyhow::Result<()> {
    let all: Vec<_> = federation.members.iter().map(|member| member.agency.clone()).collect();
    let agencies = if agencies.is_empty() { &all } else { agencies };
    let addresses = addresses(agencies)?;
    let options =
        Options { now: SystemClock.now(), entropy: &SystemEntropy, addresses, lives: Lives::default() };
    generate(federation, Some(agencies), layout.dir(), &options)?;
    Ok(())
}

/// Two free ports for each agency.
pub(crate) fn addresses(agencies: &[AgencyId]) -> anyhow::Result<BTreeMap<AgencyId, Addresses>> {
    let ports = ports::free(agencies.len() * 2, &SystemEntropy)?;
    let (local, federation) = ports.split_at(agencies.len());
    let pairs = local.iter().zip(federation);
    let address = |(&local_api, &federation_api)| Addresses { local_api, federation_api };
    Ok(agencies.iter().cloned().zip(pairs.map(address)).collect())
}

/// New node certificate and keyring where the old one would soon end.
fn refresh(layout: &Layout, agency: &AgencyId) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let file = SignedFile::read(&layout.keyrings().join(format!("{agency}.toml")))?;
    let directory = directory(layout)?;
    let keyring = directory.keyring(agency).with_context(|| format!("{}: not a valid keyring", file.name))?;
    if keyring.is_current(now.plus(KEYRING_LEFT_MIN)) {
        return Ok(());
    }
    let Lives { keyring, leaf, authority: _ } = Lives::default();
    renew_keyring(layout, agency, &Renewal { now, life: keyring, endpoints: None })?;
    issue_node(layout, agency, Validity::starting(now, leaf), &SystemEntropy)?;
    Ok(())
}

/// Everything published, by the charter as it stands in the folder: who made the folder needs not be told.
fn directory(layout: &Layout) -> anyhow::Result<Directory> {
    let charter = SignedFile::read(&layout.charter())?;
    let (directory, _) = Directory::read(&layout.federation(), sha256(&[&charter.bytes]), |_| None)?;
    Ok(directory)
}

/// The agencies that have a node's folder.
pub(super) fn agencies(layout: &Layout) -> anyhow::Result<Vec<AgencyId>> {
    let charter = SignedFile::read(&layout.charter())?;
    let charter = Charter::verify(&charter, sha256(&[&charter.bytes]))?;
    let members = charter.members.iter().map(|member| member.agency.clone());
    Ok(members.filter(|agency| layout.node(agency).config().exists()).collect())
}

/// The agency's English name, from its card.
pub(super) fn name_of(layout: &Layout, agency: &AgencyId) -> anyhow::Result<String> {
    let directory = directory(layout)?;
    let card = directory.card(agency).with_context(|| format!("{agency} has no valid card"))?;
    Ok(card.names.en.clone())
}

/// Where a node with this configuration serves metrics.
pub(super) fn metrics_of(config: &Path) -> anyhow::Result<Option<String>> {
    Ok(Config::load(config)?.metrics.map(|metrics| format!("http://{}", metrics.listen)))
}
