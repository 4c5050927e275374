//! A local federation: each node a process of its own, and none of them outlives this one.
//!
//! ```text
//!  Cluster::start --> generate or reuse DIR --> concord node --config DIR/AGENCY/node.toml --end-with-input
//!       |                                         |  standard output: ready {...}     standard error: node.log
//!       +--> DIR/cluster.json  <-- all ready -----+
//! ```

mod build;
mod command;
mod document;
mod ports;
mod process;

pub(crate) use build::addresses;
pub(crate) use command::{Command, run};
pub use document::{ClientFiles, ClusterDocument, ClusterNode, NodeClients};

use anyhow::{Context, bail};
use concord_client::Client;
use concord_domain::AgencyId;
use concord_pki::{Federation, Layout};
use process::Process;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a cluster is started.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// The program whose `node` command runs a node: this binary, or the one under test.
    pub program: PathBuf,
    /// What to generate the federation from; the sample if there is none.
    pub federation: Option<Federation>,
    /// How long a node may take until it serves. A debug build loads a register of 25,000 in a few seconds.
    pub ready_within: Duration,
    /// Variables for the nodes' environment, such as `RUST_LOG`.
    pub environment: Vec<(String, String)>,
}

impl ClusterOptions {
    /// The sample federation, run by `program`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            federation: None,
            ready_within: Duration::from_secs(60),
            environment: Vec::new(),
        }
    }
}

/// Nodes that run as child processes. Dropping it kills them all.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    options: ClusterOptions,
    nodes: BTreeMap<AgencyId, Member>,
    /// Locked as long as the cluster runs.
    _lock: File,
}

#[derive(Debug)]
struct Member {
    shown: ClusterNode,
    process: Process,
}

impl Cluster {
    /// How long nodes may take to end in peace before they are killed.
    pub const STOP_WITHIN: Duration = Duration::from_secs(40);

    /// Generates a federation with nodes for `agencies` (all members if none is named) in `dir`, or checks the one
    /// that is there and renews what would soon end. Starts nothing.
    ///
    /// # Errors
    /// The federation cannot be generated, or the one that is there has no node of an agency.
    pub fn build(dir: &Path, agencies: &[AgencyId], options: &ClusterOptions) -> anyhow::Result<()> {
        build::prepare(dir, agencies, options).map(drop)
    }

    /// Generates a federation with nodes for `agencies` in `dir`, or takes up the one that is there; starts a node
    /// for each agency (for all that have a folder if none is named) and writes `cluster.json` when all serve.
    ///
    /// # Errors
    /// The federation cannot be generated, or a node does not start: the message has the end of its log.
    pub async fn start(dir: &Path, agencies: &[AgencyId], options: ClusterOptions) -> anyhow::Result<Self> {
        let layout = build::prepare(dir, agencies, &options)?;
        let lock = lock(layout.dir())?;
        // One left behind by a killed run would send clients to ports that are not ours.
        ClusterDocument::remove(layout.dir()).context("removing an old cluster.json")?;
        let agencies = if agencies.is_empty() { build::agencies(&layout)? } else { agencies.to_vec() };
        let mut cluster = Self { layout, options, nodes: BTreeMap::new(), _lock: lock };
        let starting = agencies.iter().map(|agency| cluster.spawn(agency));
        let started = futures_util::future::try_join_all(starting).await?;
        cluster.nodes = started.into_iter().map(|m| (m.shown.agency.clone(), m)).collect();
        cluster.write_document()?;
        Ok(cluster)
    }

    async fn spawn(&self, agency: &AgencyId) -> anyhow::Result<Member> {
        let folder = self.layout.node(agency);
        let process =
            Process::start(&self.options, folder.dir()).await.with_context(|| agency.to_string())?;
        let ready = process.ready();
        let shown = ClusterNode {
            agency: agency.clone(),
            name: build::name_of(&self.layout, agency)?,
            pid: process.pid(),
            config: folder.config(),
            data: folder.data(),
            local_api: ready.local_api.clone(),
            federation_api: ready.federation_api.clone(),
            metrics: build::metrics_of(&folder.config())?,
            ca: folder.authority().certificate,
            clients: NodeClients::of(&folder),
        };
        Ok(Member { shown, process })
    }

    /// The folder of the federation.
    pub fn dir(&self) -> &Path {
        self.layout.dir()
    }

    /// The nodes, by agency; also those that have died.
    pub fn nodes(&self) -> impl Iterator<Item = &ClusterNode> {
        self.nodes.values().map(|member| &member.shown)
    }

    /// One node.
    pub fn node(&self, agency: &AgencyId) -> Option<&ClusterNode> {
        self.nodes.get(agency).map(|member| &member.shown)
    }

    /// A client of one node, as its agency's application. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// There is no such node, or its client's certificate cannot be used.
    pub fn client(&self, agency: &AgencyId) -> anyhow::Result<Client> {
        let node = self.node(agency).with_context(|| format!("{agency} has no node here"))?;
        Ok(Client::connect(&node.app_profile())?)
    }

    /// Kills one node as a power cut would, with SIGKILL, and waits until it is gone.
    ///
    /// # Errors
    /// There is no such node.
    pub async fn kill(&mut self, agency: &AgencyId) -> anyhow::Result<()> {
        self.member(agency)?.process.kill().await;
        Ok(())
    }

    /// Starts a node that has ended, on the ports that it had; writes `cluster.json` again.
    ///
    /// # Errors
    /// There is no such node, it runs, or it does not start.
    pub async fn restart(&mut self, agency: &AgencyId) -> anyhow::Result<()> {
        if !self.member(agency)?.process.has_ended() {
            bail!("{agency}: its node is running");
        }
        let member = self.spawn(agency).await?;
        self.nodes.insert(agency.clone(), member);
        self.write_document()
    }

    /// Tells every node that runs to look for new documents and certificates now rather than at its next turn.
    pub fn reload(&self) {
        self.nodes.values().for_each(|member| member.process.reload());
    }

    /// Ends all nodes in peace, those that take longer than [`Cluster::STOP_WITHIN`] by force, and removes
    /// `cluster.json`.
    ///
    /// # Errors
    /// `cluster.json` cannot be removed; the nodes have ended then, too.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let ends = self.nodes.values_mut().map(|member| member.process.stop(Self::STOP_WITHIN));
        futures_util::future::join_all(ends).await;
        ClusterDocument::remove(self.dir()).context("removing cluster.json")
    }

    /// Waits until a node ends by itself, and tells which and how. Each is told once; after the last this waits
    /// for ever.
    pub async fn ended(&mut self) -> (AgencyId, String) {
        let waits = self.nodes.values_mut().filter(|m| !m.process.is_reported()).map(|member| {
            let agency = member.shown.agency.clone();
            Box::pin(async move { (agency, member.process.report_end().await) })
        });
        let waits: Vec<_> = waits.collect();
        if waits.is_empty() {
            return std::future::pending().await;
        }
        futures_util::future::select_all(waits).await.0
    }

    fn member(&mut self, agency: &AgencyId) -> anyhow::Result<&mut Member> {
        self.nodes.get_mut(agency).with_context(|| format!("{agency} has no node here"))
    }

    fn write_document(&self) -> anyhow::Result<()> {
        let nodes = self.nodes().cloned().collect();
        ClusterDocument { nodes }.write(self.dir()).context("writing cluster.json")
    }
}

/// Takes the folder for this cluster alone: a second one would remove the first one's `cluster.json`.
fn lock(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join("cluster.lock");
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    file.try_lock().with_context(|| format!("{}: another cluster runs in this folder", dir.display()))?;
    Ok(file)
}
