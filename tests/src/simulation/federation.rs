//! The nodes of a simulation: each a turmoil host that runs the real node over a folder of its own.

use super::{SeededEntropy, SimClock, SimNetwork};
use concord_client::{Client, Profile};
use concord_domain::{AgencyId, Clock, Timestamp};
use concord_node::{Config, Node, Seams};
use concord_pki::{Addresses, Federation, Layout, NodeFolder, Options, generate};
use concord_transport::ClientLimits;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use turmoil::Sim;

/// Where a simulated node serves other nodes.
pub const fn federation_port() -> u16 {
    7443
}

const LOCAL_PORT: u16 = 8443;

/// turmoil does not send again what a partition swallowed: pings find the dead connection soon.
const KEEPALIVE: Duration = Duration::from_secs(2);

/// A generated federation on the hosts of a simulation.
#[derive(Debug)]
pub struct SimFederation {
    folder: TempDir,
    agencies: Vec<AgencyId>,
    seed: u64,
    start: Timestamp,
}

impl SimFederation {
    /// Generates nodes for `agencies`, which live on hosts of the same names, and starts them.
    pub fn start(sim: &mut Sim<'_>, agencies: &[&str], seed: u64) -> anyhow::Result<Self> {
        let start: Timestamp = "2026-06-01T08:00:00Z".parse()?;
        let agencies: Vec<AgencyId> = agencies.iter().map(|a| a.parse()).collect::<Result<_, _>>()?;
        let folder = tempfile::tempdir()?;
        let address = |agency: &AgencyId, port| SocketAddr::new(sim.lookup(agency.as_str()), port);
        let addresses: BTreeMap<_, _> = agencies
            .iter()
            .map(|agency| {
                let local_api = address(agency, LOCAL_PORT);
                (agency.clone(), Addresses { local_api, federation_api: address(agency, federation_port()) })
            })
            .collect();
        let entropy = SeededEntropy::new(seed);
        let options = Options { now: start, entropy: &entropy, addresses, lives: Default::default() };
        generate(&Federation::sample()?, Some(&agencies), folder.path(), &options)?;
        let federation = Self { folder, agencies, seed, start };
        federation.host(sim);
        Ok(federation)
    }

    fn host(&self, sim: &mut Sim<'_>) {
        for (number, agency) in self.agencies.iter().enumerate() {
            let config = self.node(agency).config();
            let seed = self.seed.wrapping_add(u64::try_from(number).unwrap_or_default());
            let entropy = Arc::new(SeededEntropy::new(seed));
            let clock = self.clock();
            sim.host(agency.as_str(), move || {
                let (config, entropy, clock) = (config.clone(), Arc::clone(&entropy), Arc::clone(&clock));
                async move {
                    let mut seams = Seams::inline(clock, entropy, Arc::new(SimNetwork));
                    seams.link_limits = links();
                    seams.federation_limits.keepalive_interval = KEEPALIVE;
                    seams.federation_limits.keepalive_timeout = KEEPALIVE;
                    let node = Node::start(Config::load(&config)?, seams).await?;
                    node.run_until(std::future::pending()).await;
                    Ok(())
                }
            });
        }
    }

    /// The simulation's clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SimClock::starting(self.start))
    }

    /// The folder of one node.
    pub fn node(&self, agency: &AgencyId) -> NodeFolder {
        Layout::new(self.folder.path()).node(agency)
    }

    /// The published documents.
    pub fn documents(&self) -> std::path::PathBuf {
        Layout::new(self.folder.path()).federation()
    }

    /// The agencies.
    pub fn agencies(&self) -> &[AgencyId] {
        &self.agencies
    }

    /// How an agency's application reaches its node. Needed on a host of the simulation, as a [`Connecting`].
    pub fn application(&self, agency: &AgencyId, address: SocketAddr) -> Connecting {
        let node = self.node(agency);
        let (client, ca) = (node.client(NodeFolder::APPLICATION), node.authority().certificate);
        let profile = Profile {
            address: format!("https://{address}"),
            ca,
            certificate: client.certificate,
            key: client.key,
        };
        Connecting { profile, clock: self.clock() }
    }

    /// Where an agency's local API is.
    pub fn local_api(sim: &Sim<'_>, agency: &AgencyId) -> SocketAddr {
        SocketAddr::new(sim.lookup(agency.as_str()), LOCAL_PORT)
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn links() -> ClientLimits {
    ClientLimits { keepalive_interval: KEEPALIVE, keepalive_timeout: KEEPALIVE, ..ClientLimits::default() }
}

/// A client that connects once it is on a simulated host.
#[derive(Debug, Clone)]
pub struct Connecting {
    profile: Profile,
    clock: Arc<dyn Clock>,
}

impl Connecting {
    /// Connects from the host at hand.
    pub fn connect(&self) -> anyhow::Result<Client> {
        let seams = concord_client::Seams {
            network: Arc::new(SimNetwork),
            clock: Arc::clone(&self.clock),
            limits: links(),
        };
        Ok(Client::connect_through(&self.profile, seams)?)
    }
}
