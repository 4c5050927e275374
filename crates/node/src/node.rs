//! A running node: all parts wired together.

mod services;
mod tasks;

use crate::config::Config;
use crate::federation::{Federation, Seen, seen};
use crate::health;
use crate::housekeeping;
use crate::listeners::{BindFailed, Listeners};
use crate::material::Material;
use crate::metrics;
use crate::problem::Problems;
use crate::reload::{Reloader, take_up};
use crate::seams::Seams;
use concord_domain::Timestamp;
use concord_gateway::{
    Admission, Admitted, Authority, Checkpointer, Courier, Fault, HeldKeys, InForce, Library, Links, NotKept,
    Peers, Recorder, Rounds, Standing, Synced, Ways,
};
use concord_ledger::Event;
use concord_services::{ReflectionFailed, Register};
use concord_store::{OpenError, Options, StorageError, Store, Write, WriteError};
use concord_transport::{Credentials, TrustStore};
use concord_trust::DocumentSet;
use services::{federation_services, local_services, outbound};
use std::mem::take;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tasks::join;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic_health::ServingStatus;

/// Why a node does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// What is wrong with configuration and material.
    #[error("{0}")]
    Material(Problems),
    /// The data folder does not open.
    #[error("data: {0}")]
    Store(#[from] OpenError),
    /// The data folder cannot be read.
    #[error("data: {0}")]
    Storage(#[from] StorageError),
    /// The data folder cannot be written.
    #[error("data: {0}")]
    Write(#[from] WriteError),
    /// The documents cannot be taken up.
    #[error("documents: {0}")]
    Documents(#[from] NotKept),
    /// The register cannot be loaded.
    #[error("register: {0}")]
    Register(#[from] Fault),
    /// A port cannot be had.
    #[error(transparent)]
    Bind(#[from] BindFailed),
    /// The metrics' port cannot be had.
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The built-in descriptors cannot be read.
    #[error(transparent)]
    Reflection(#[from] ReflectionFailed),
}

/// A node that serves.
#[derive(Debug)]
pub struct Node {
    local: SocketAddr,
    federation: SocketAddr,
    store: Store,
    reload: Arc<Notify>,
    serving: CancellationToken,
    keeping: CancellationToken,
    listeners: JoinSet<()>,
    asking: TaskTracker,
    keepers: JoinSet<()>,
}

/// The parts that both ways share.
struct Parts {
    keys: HeldKeys,
    store: Store,
    authority: Authority,
    recorder: Recorder,
    register: Arc<Register>,
    credentials: Arc<Credentials>,
    trust: Arc<TrustStore>,
    local_trust: Arc<TrustStore>,
    library: Library,
    links: Links,
    standing: Standing,
    reload: Arc<Notify>,
    ways: Ways,
    courier: Arc<dyn Courier>,
}

/// What was read at the start, until it is taken up.
struct Reading {
    federation: Federation,
    seen: Seen,
}

impl Parts {
    /// Checks everything, opens the store and loads the register.
    async fn open(config: &Config, seams: &Seams) -> Result<(Self, Reading), StartError> {
        let now = seams.clock.now();
        // Before the store is opened, so that a mistake in the configuration leaves no folder behind.
        check_first(config, now)?;
        let options = Options::new(Arc::clone(&seams.clock), seams.storage);
        let store = Store::open(&config.data, options)?;
        let seen = seen(store.sequences()?);
        let material =
            Material::load(config, &seen, store.documents()?, now).map_err(StartError::Material)?;
        material.warnings.iter().for_each(|problem| tracing::warn!(target: "concord::node", "{problem}"));
        let Material { keys, leaf, mut federation, local_anchors, warnings: _ } = material;
        // Of the epoch that there is: a new one goes on the record, and nothing may before peers have shown what they hold.
        let in_force = InForce { rules: Arc::clone(&federation.rules), epoch: store.head()?.epoch };
        let keys = HeldKeys::new(keys);
        let entropy = Arc::clone(&seams.entropy);
        let (credentials, trust) =
            (Arc::new(Credentials::new(leaf)), Arc::new(TrustStore::new(take(&mut federation.anchors))));
        let reload = Arc::new(Notify::new());
        let library = Library::new(store.clone(), config.federation.charter_sha256, Arc::clone(&reload));
        let documents = take(&mut federation.documents);
        // The library leaves out what is superseded.
        let published = federation.rules.directory().checkpoint_keys_ever(&documents, &config.agency);
        library.replace(documents).await?;
        let peers = Peers::default();
        let links = links(seams, &credentials, &trust, peers.clone());
        let parts = Self {
            recorder: Recorder::new(config.agency.clone(), keys.clone(), entropy, store.clone())?,
            register: Arc::new(Register::load(store.clone(), seams.heavy).await?),
            ways: Ways::new(config.agency.clone(), config.routing.lines(), peers),
            courier: Arc::new(links.clone()),
            links,
            standing: Standing::new(store.clone()).signed_by(published),
            credentials,
            trust,
            library,
            reload,
            local_trust: Arc::new(TrustStore::new(local_anchors)),
            authority: Authority::new(in_force),
            keys,
            store,
        };
        Ok((parts, Reading { federation, seen }))
    }

    /// Begins with what was read, and with what peers have brought since.
    async fn begin(
        &self,
        config: &Config,
        seams: &Seams,
        brought: Synced,
        read: Reading,
    ) -> Result<(), WriteError> {
        let Reading { federation, seen } = read;
        self.authority.replace(take_up(&self.store, &federation, &seen).await?);
        if brought.received > 0 {
            self.reloader(config.clone(), seams).reload().await;
        }
        Ok(())
    }

    fn reloader(&self, config: Config, seams: &Seams) -> Reloader {
        Reloader {
            config,
            clock: Arc::clone(&seams.clock),
            store: self.store.clone(),
            authority: self.authority.clone(),
            library: self.library.clone(),
            standing: self.standing.clone(),
            trust: Arc::clone(&self.trust),
            local_trust: Arc::clone(&self.local_trust),
            credentials: Arc::clone(&self.credentials),
            keys: self.keys.clone(),
            now: Arc::clone(&self.reload),
        }
    }
}

impl Node {
    /// Checks everything, opens the store, loads the register, takes the ports, and serves.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing listens then.
    pub async fn start(config: Config, seams: Seams) -> Result<Self, StartError> {
        let (parts, read) = Parts::open(&config, &seams).await?;
        let brought = catch_up(&config, &seams, &parts).await;
        if config.accept_rollback && parts.standing.accept().await?.is_none() {
            tracing::warn!(
                target: "concord::node", reached = brought.reached, missed = brought.missed,
                "--accept-rollback changed nothing: no peer that was reached holds more of this ledger than there is"
            );
        }
        // A ledger that is not whole takes no entry at all, not even of this start.
        if parts.standing.rolled_back().is_none() {
            parts.begin(&config, &seams, brought, read).await?;
        }
        Self::serve(config, seams, parts).await
    }

    async fn serve(config: Config, seams: Seams, parts: Parts) -> Result<Self, StartError> {
        let Parts { credentials, trust, local_trust, .. } = &parts;
        let Listeners { local, federation } =
            Listeners::bind(&config, &seams, credentials, trust, local_trust).await?;
        if let Some(endpoint) = &config.metrics {
            metrics::serve(endpoint.listen)?;
        }
        if parts.standing.rolled_back().is_none() {
            record_start(&parts.store).await?;
        }
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", ServingStatus::Serving).await;
        let (serving, keeping) = (CancellationToken::new(), CancellationToken::new());
        let outbound = outbound(&config, &seams, &parts);
        let local_services = local_services(&config, &seams, &parts, &outbound, serving.clone());
        let asking = local_services.search.under_way();
        let local_routes = local_services.into_routes(health.clone())?;
        let federation_routes = federation_services(&config, &seams, &parts, outbound);
        let federation_routes = federation_routes.add_service(health).prepare();
        let slots = Admission::new(Admission::DELIVERIES_MAX, Admission::DELIVERIES_PER_AGENCY_MAX);
        let federation_routes = Admitted::new(federation_routes, slots);
        let mut node = Self {
            local: local.local_addr(),
            federation: federation.local_addr(),
            store: parts.store.clone(),
            reload: Arc::clone(&parts.reload),
            listeners: JoinSet::new(),
            asking,
            keepers: JoinSet::new(),
            serving: serving.clone(),
            keeping: keeping.clone(),
        };
        node.listeners.spawn(local.serve(local_routes, serving.clone()));
        node.listeners.spawn(federation.serve(federation_routes, serving));
        node.keepers.spawn(health::tell(parts.standing.clone(), reporter, node.keeping.clone()));
        node.keep(config, seams, parts);
        Ok(node)
    }

    /// Starts what goes on in the background.
    fn keep(&mut self, config: Config, seams: Seams, parts: Parts) {
        let rounds = rounds(&config, &seams, &parts);
        self.keepers.spawn(rounds.run(self.keeping.clone()));
        let reloader = parts.reloader(config.clone(), &seams);
        let Parts { keys, store, standing, .. } = parts;
        let checkpointer = Checkpointer {
            agency: config.agency.clone(),
            keys,
            store: store.clone(),
            standing,
            every: config.checkpoints.every(),
        };
        self.keepers.spawn(checkpointer.run(self.keeping.clone()));
        self.keepers.spawn(housekeeping::run(store, seams.clock, self.keeping.clone()));
        self.keepers.spawn(reloader.run(self.keeping.clone()));
    }

    /// Where the agency's own systems and officers call.
    pub fn local_api(&self) -> SocketAddr {
        self.local
    }

    /// Where other nodes call.
    pub fn federation_api(&self) -> SocketAddr {
        self.federation
    }

    /// Asks for a reload at once, from any task.
    pub fn reload_handle(&self) -> Arc<Notify> {
        Arc::clone(&self.reload)
    }

    /// Serves until `signal`, then ends in peace: what is under way ends, the last checkpoint covers everything, the
    /// folder is released.
    pub async fn run_until(self, signal: impl Future<Output = ()>) {
        signal.await;
        self.stop().await;
    }

    /// Ends in peace.
    pub async fn stop(mut self) {
        self.serving.cancel();
        join(&mut self.listeners).await;
        self.asking.close();
        self.asking.wait().await;
        // What nobody waited for, such as that searches were given up, stands in the queue before this one.
        let drained = Write { name: "drained", guards: vec![], changes: vec![], entries: vec![] };
        if let Err(error) = self.store.submit(drained).await {
            tracing::error!(target: "concord::node", %error, "the record is not complete");
        }
        // Only now, so that the last checkpoint covers what was answered while draining.
        self.keeping.cancel();
        join(&mut self.keepers).await;
        self.store.close().await;
    }
}

/// A mistake in the configuration of a node that never ran. One that did may keep newer documents than its folder has.
fn check_first(config: &Config, now: Timestamp) -> Result<(), StartError> {
    if config.data.exists() && config.data.join("node.db").exists() {
        return Ok(());
    }
    let nothing = DocumentSet::default();
    Material::load(config, &Default::default(), nothing, now).map(drop).map_err(StartError::Material)
}

fn rounds(config: &Config, seams: &Seams, parts: &Parts) -> Rounds {
    Rounds {
        agency: config.agency.clone(),
        library: parts.library.clone(),
        links: parts.links.clone(),
        lines: config.routing.lines(),
        authority: parts.authority.clone(),
        standing: parts.standing.clone(),
        clock: Arc::clone(&seams.clock),
        entropy: Arc::clone(&seams.entropy),
        every: config.sync.every(),
    }
}

/// How long each peer may take at the start: who is not there is not waited for.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(2);

/// Before anything is served: what happened while this node was down, or before the backup that it was restored from.
async fn catch_up(config: &Config, seams: &Seams, parts: &Parts) -> Synced {
    let synced = rounds(config, seams, parts).with_all(CATCH_UP_WITHIN).await;
    let Synced { reached, missed, received } = synced;
    tracing::info!(target: "concord::node", reached, missed, received, "compared documents");
    synced
}

async fn record_start(store: &Store) -> Result<(), WriteError> {
    let program = concat!("concord ", env!("CARGO_PKG_VERSION")).parse();
    let entries = program.into_iter().map(|program| Event::Started { program }).collect();
    store.submit(Write { name: "started", guards: vec![], changes: vec![], entries }).await.map(drop)
}

fn links(seams: &Seams, credentials: &Arc<Credentials>, trust: &Arc<TrustStore>, peers: Peers) -> Links {
    let (network, clock) = (Arc::clone(&seams.network), Arc::clone(&seams.clock));
    let (credentials, trust) = (Arc::clone(credentials), Arc::clone(trust));
    Links::new(network, credentials, trust, clock, seams.link_limits.clone(), peers)
}

#[cfg(test)]
mod tests;
