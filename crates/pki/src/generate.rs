//! A whole federation, from its description to a folder that nodes start from.

use crate::authority::Authority;
use crate::documents::{Documents, FirstKeyring};
use crate::error::PkiError;
use crate::federation::Federation;
use crate::file::{Readers, create_folder, replace};
use crate::issue::{Client, write_client, write_node};
use crate::keys::{FederationKeys, MemberKeys, NodeKeys};
use crate::layout::{Layout, NodeFolder};
use crate::node_toml::{NodeSettings, node_toml};
use crate::revocation::write_first;
use crate::validity::{Lives, Validity};
use concord_domain::{AgencyId, Digest, Entropy, Role, Timestamp, Workload};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;

/// The application that each agency's application client stands for.
const APPLICATION_NAME: &str = "console";
/// The service number of each agency's sample officer.
const OFFICER_NUMBER: &str = "053211";

/// Where a node listens, and where its keyring says that others find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For the agency's own clients.
    pub local_api: SocketAddr,
    /// For other nodes; its endpoint in the keyring is `https://` and this.
    pub federation_api: SocketAddr,
}

/// How to generate.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// The time at which everything begins to live.
    pub now: Timestamp,
    /// Where keys come from.
    pub entropy: &'a dyn Entropy,
    /// Where each node listens.
    pub addresses: BTreeMap<AgencyId, Addresses>,
    /// How long things live.
    pub lives: Lives,
}

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// SHA-256 of the charter, as nodes and relying parties must be told out of band.
    pub charter: Digest,
    /// Where everything stands.
    pub layout: Layout,
    /// The agencies that have a node here, each with its folder.
    pub nodes: BTreeMap<AgencyId, NodeFolder>,
}

/// Generates `federation` into `dir`: charter, cards and agreements of all members, and a node's folder for each agency in
/// `only` (`None`: for all). Keys of members without a node go to [`Layout::offline_keys`].
///
/// Everything is made and verified in memory first. The charter is written last, so a folder that an error left half
/// written can be generated again.
///
/// # Errors
/// [`PkiError::AlreadyThere`] if `dir` has a charter; [`PkiError::NotAMember`] and [`PkiError::NoAddresses`] for a bad
/// `only`; what a node would not accept; what the file system refuses.
pub fn generate(
    federation: &Federation,
    only: Option<&[AgencyId]>,
    dir: &Path,
    options: &Options<'_>,
) -> Result<Generated, PkiError> {
    let layout = Layout::new(dir);
    if layout.charter().exists() {
        return Err(PkiError::AlreadyThere { folder: layout.federation() });
    }
    let nodes = chosen(federation, only)?
        .into_iter()
        .map(|agency| {
            let no_line_to = federation.no_line_to(&agency);
            Node::make(agency, no_line_to, options)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let charter_keys = FederationKeys::generate(federation.charter.keys, options.entropy);
    let members: BTreeMap<_, _> = federation
        .members
        .iter()
        .map(|m| (m.agency.clone(), MemberKeys::generate(options.entropy)))
        .collect();
    let keyrings: Vec<_> = nodes.iter().map(|node| node.first_keyring(options)).collect();
    let documents = Documents::sign(federation, &charter_keys, &members, &keyrings);
    documents.verify()?;

    charter_keys.write(&layout)?;
    write_member_keys(&layout, &members, &nodes)?;
    for node in &nodes {
        node.write(&layout, documents.charter_digest(), options)?;
    }
    documents.write(&layout)?;
    let nodes = nodes.into_iter().map(|node| (node.agency.clone(), layout.node(&node.agency))).collect();
    Ok(Generated { charter: documents.charter_digest(), layout, nodes })
}

/// The agencies that get a node, each once.
fn chosen(federation: &Federation, only: Option<&[AgencyId]>) -> Result<BTreeSet<AgencyId>, PkiError> {
    let Some(only) = only else { return Ok(federation.members.iter().map(|m| m.agency.clone()).collect()) };
    match only.iter().find(|agency| federation.member(agency).is_none()) {
        Some(stranger) => Err(PkiError::NotAMember { agency: stranger.clone() }),
        None => Ok(only.iter().cloned().collect()),
    }
}

/// A member's keys go to its node's folder, or offline where it has none.
fn write_member_keys(
    layout: &Layout,
    members: &BTreeMap<AgencyId, MemberKeys>,
    nodes: &[Node],
) -> Result<(), PkiError> {
    let with_node: BTreeSet<_> = nodes.iter().map(|node| &node.agency).collect();
    members.iter().try_for_each(|(agency, keys)| {
        let here = with_node.contains(agency);
        keys.write(&if here { layout.node(agency).keys() } else { layout.offline_keys(agency) })
    })
}

/// What an agency with a node has besides its member keys.
struct Node {
    agency: AgencyId,
    addresses: Addresses,
    keys: NodeKeys,
    authority: Authority,
    no_line_to: BTreeSet<AgencyId>,
}

impl Node {
    fn make(
        agency: AgencyId,
        no_line_to: BTreeSet<AgencyId>,
        options: &Options<'_>,
    ) -> Result<Self, PkiError> {
        let Some(addresses) = options.addresses.get(&agency).copied() else {
            return Err(PkiError::NoAddresses { agency });
        };
        let validity = Validity::starting(options.now, options.lives.authority);
        let authority = Authority::create(&agency, validity, options.entropy)?;
        let keys = NodeKeys::generate(options.entropy);
        Ok(Self { agency, addresses, keys, authority, no_line_to })
    }

    fn first_keyring(&self, options: &Options<'_>) -> FirstKeyring<'_> {
        FirstKeyring {
            agency: &self.agency,
            endpoint: format!("https://{}", self.addresses.federation_api),
            issued: options.now,
            expires: options.now.plus(options.lives.keyring),
            tls_bundle: self.authority.credential().certificate.clone(),
            keys: &self.keys,
        }
    }

    fn write(&self, layout: &Layout, charter: Digest, options: &Options<'_>) -> Result<(), PkiError> {
        let folder = layout.node(&self.agency);
        self.keys.write(&folder.keys())?;
        create_folder(&folder.data(), Readers::Owner)?;
        self.authority.credential().write(&folder.authority())?;
        write_first(layout, &self.agency, &self.authority, options.now)?;
        let validity = Validity::starting(options.now, options.lives.leaf);
        write_node(&folder, &self.authority, &self.agency, validity, options.entropy)?;
        for client in [application(), officer()] {
            write_client(&folder, &self.authority, &self.agency, &client, validity, options.entropy)?;
        }
        let Addresses { local_api, federation_api } = self.addresses;
        let no_line_to = &self.no_line_to;
        let settings = NodeSettings { agency: &self.agency, charter, local_api, federation_api, no_line_to };
        replace(&folder.config(), node_toml(&settings).as_bytes(), Readers::All)
    }
}

fn application() -> Client {
    Client {
        file: NodeFolder::APPLICATION.to_owned(),
        workload: Workload::App(APPLICATION_NAME.to_owned()),
        roles: Role::ALL.iter().map(ToString::to_string).collect(),
    }
}

fn officer() -> Client {
    Client {
        file: NodeFolder::OFFICER.to_owned(),
        workload: Workload::Officer(OFFICER_NUMBER.to_owned()),
        roles: vec![Role::Inquirer.to_string()],
    }
}
