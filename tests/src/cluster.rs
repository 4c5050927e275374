//! A federation of real processes in a folder of its own: what the tests of `tests/cluster` look at from outside.

use crate::command::Ran;
use anyhow::Context;
use concord_cli::{Cluster, ClusterNode, ClusterOptions};
use concord_client::{Client, ImportReport};
use concord_domain::AgencyId;
use concord_domain::wanted::Notice;
use concord_ledger::{Entry, Report};
use concord_pki::{Federation, Layout, NodeFolder};
use rustix::process::{Pid, kill_process};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

pub use rustix::process::Signal;

/// An agency by name.
///
/// # Panics
/// If it is no name.
pub fn agency(name: &str) -> AgencyId {
    name.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Nodes of the sample federation, each a process; they and their folder end with it.
#[derive(Debug)]
pub struct TestCluster {
    // Before the folder, so that no process writes to it when it goes.
    cluster: Cluster,
    folder: TempDir,
    program: PathBuf,
}

impl TestCluster {
    /// Starts a node for each agency of the sample federation that is named, run by `program`.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start(program: &str, agencies: &[&str]) -> anyhow::Result<Self> {
        Self::start_with(ClusterOptions::new(program), agencies).await
    }

    /// The same of another federation.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start_of(federation: Federation, program: &str, agencies: &[&str]) -> anyhow::Result<Self> {
        let options = ClusterOptions { federation: Some(federation), ..ClusterOptions::new(program) };
        Self::start_with(options, agencies).await
    }

    async fn start_with(options: ClusterOptions, agencies: &[&str]) -> anyhow::Result<Self> {
        let (folder, program) = (tempfile::tempdir()?, options.program.clone());
        let agencies: Vec<_> = agencies.iter().map(|name| agency(name)).collect();
        let cluster = Cluster::start(folder.path(), &agencies, options).await?;
        Ok(Self { cluster, folder, program })
    }

    /// As [`TestCluster::start`], but each node has a copy of the published documents of its own, so that what is new
    /// travels only from node to node, every half second.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start_apart(program: &str, agencies: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let agencies: Vec<_> = agencies.iter().map(|name| agency(name)).collect();
        let options = ClusterOptions::new(program);
        Cluster::build(folder.path(), &agencies, &options)?;
        let layout = Layout::new(folder.path());
        for agency in &agencies {
            let node = layout.node(agency);
            copy_folder(&layout.federation(), &node.dir().join("federation"))?;
            let text = std::fs::read_to_string(node.config())?;
            let apart = text.replace("\"../federation\"", "\"federation\"");
            anyhow::ensure!(apart != text, "the configuration names another folder");
            std::fs::write(node.config(), format!("{apart}\n[sync]\nevery_ms = 500\n"))?;
        }
        let cluster = Cluster::start(folder.path(), &agencies, options).await?;
        Ok(Self { cluster, folder, program: program.into() })
    }

    /// The folder of everything.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Where everything stands in it.
    pub fn layout(&self) -> Layout {
        Layout::new(self.dir())
    }

    /// The files of one node.
    pub fn files(&self, name: &str) -> NodeFolder {
        self.layout().node(&agency(name))
    }

    /// One node as `cluster.json` shows it.
    ///
    /// # Panics
    /// If there is none of that agency.
    pub fn node(&self, name: &str) -> &ClusterNode {
        self.cluster.node(&agency(name)).unwrap_or_else(|| panic!("{name} has no node"))
    }

    /// A client with a connection of its own, as the agency's application.
    ///
    /// # Errors
    /// If its certificate cannot be used.
    pub fn application(&self, name: &str) -> anyhow::Result<Client> {
        self.cluster.client(&agency(name))
    }

    /// A client with a connection of its own, as the agency's officer.
    ///
    /// # Errors
    /// If the certificate cannot be used.
    pub fn officer(&self, name: &str) -> anyhow::Result<Client> {
        Ok(Client::connect(&self.node(name).officer_profile())?)
    }

    /// Makes these notices the content of one source of an agency's register.
    ///
    /// # Errors
    /// As the node rejects it.
    pub async fn import(
        &self,
        name: &str,
        source: &str,
        notices: Vec<Notice>,
    ) -> anyhow::Result<ImportReport> {
        let rows = (1..).zip(notices).map(Ok);
        Ok(self.application(name)?.import(source, futures_util::stream::iter(rows), |_| ()).await?)
    }

    /// SIGKILL, and the end of the process.
    ///
    /// # Errors
    /// If there is no such node.
    pub async fn kill(&mut self, name: &str) -> anyhow::Result<()> {
        self.cluster.kill(&agency(name)).await
    }

    /// Starts a node that was killed, on its ports.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restart(&mut self, name: &str) -> anyhow::Result<()> {
        self.cluster.restart(&agency(name)).await
    }

    /// Sends a signal to a node's process.
    ///
    /// # Errors
    /// If there is no such process.
    pub fn signal(&self, name: &str, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.node(name).pid).ok().and_then(Pid::from_raw);
        Ok(kill_process(pid.context("a process id")?, signal)?)
    }

    /// Tells every node to look for new documents, and waits until each says in its log that it has taken up what is there.
    ///
    /// # Panics
    /// If one does not in time.
    pub async fn reload(&self) {
        let reloads = || self.cluster.nodes().map(|node| reloads(&self.files(node.agency.as_str())));
        let before: Vec<_> = reloads().collect();
        self.cluster.reload();
        let again = async || Ok(reloads().zip(&before).all(|(now, before)| now > *before).then_some(()));
        until("every node has reloaded", RELOADED_WITHIN, again).await;
    }

    /// Stops a node's process (SIGSTOP), and waits until none of its threads runs any more.
    ///
    /// # Errors
    /// If the process is not there, or does not stand still in time.
    pub async fn freeze(&self, name: &str) -> anyhow::Result<()> {
        self.signal(name, Signal::STOP)?;
        let threads = format!("/proc/{}/task", self.node(name).pid);
        until("the process stands still", FROZEN_WITHIN, async || Ok(all_stopped(&threads)?.then_some(())))
            .await;
        Ok(())
    }

    /// Runs `concord --output json --cluster DIR --agency NAME ARGUMENTS...`.
    ///
    /// # Errors
    /// If the program does not run or does not end.
    pub async fn concord(&self, name: &str, arguments: &[&str]) -> anyhow::Result<Ran> {
        let dir = self.dir().to_str().context("a plain path")?;
        let about = ["--cluster", dir, "--agency", name];
        Ran::of(&self.program, &[about.as_slice(), arguments].concat()).await
    }

    /// Runs `concord --output json ARGUMENTS...`.
    ///
    /// # Errors
    /// If the program does not run or does not end.
    pub async fn concord_alone(&self, arguments: &[&str]) -> anyhow::Result<Ran> {
        Ran::of(&self.program, arguments).await
    }

    /// Ends all nodes in peace and keeps what they leave.
    ///
    /// # Errors
    /// As [`Cluster::stop`].
    pub async fn stop(self) -> anyhow::Result<Stopped> {
        let Self { cluster, folder, program: _ } = self;
        cluster.stop().await?;
        Ok(Stopped { folder })
    }
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

/// What a cluster left.
#[derive(Debug)]
pub struct Stopped {
    folder: TempDir,
}

impl Stopped {
    /// Where everything stands.
    pub fn layout(&self) -> Layout {
        Layout::new(self.folder.path())
    }

    /// A node's state.
    pub fn data(&self, name: &str) -> PathBuf {
        self.layout().node(&agency(name)).data()
    }

    /// The entries of an agency's ledger, in order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn entries(&self, name: &str) -> anyhow::Result<Vec<Entry>> {
        crate::audit::entries(&self.data(name))
    }

    /// Audits an agency's ledger.
    ///
    /// # Errors
    /// What the audit finds.
    pub fn verify(&self, name: &str) -> anyhow::Result<Report> {
        crate::audit::verify(&self.layout().federation(), &agency(name), &self.data(name))
            .with_context(|| format!("the ledger of {name}"))
    }
}

/// How often [`until`] looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks again and again until there is something, for what no event tells.
///
/// # Panics
/// If there is nothing `within` that time.
pub async fn until<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> T {
    let end = tokio::time::Instant::now() + within;
    loop {
        let found = look().await.unwrap_or_else(|error| panic!("{what}: {error:#}"));
        match found {
            Some(found) => return found,
            None => assert!(tokio::time::Instant::now() < end, "{what}: not within {within:?}"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Reading all documents takes a debug build a fraction of a second; a busy machine longer.
const RELOADED_WITHIN: Duration = Duration::from_secs(20);

/// How often a node has said that it reloaded.
fn reloads(files: &NodeFolder) -> usize {
    let log = std::fs::read_to_string(files.dir().join("node.log")).unwrap_or_default();
    log.lines().filter(|line| line.contains("concord::reload: reloaded")).count()
}

/// A signal is delivered thread by thread; on a busy machine that takes a moment.
const FROZEN_WITHIN: Duration = Duration::from_secs(10);

/// Whether every thread is in the state "stopped" (proc(5), `/proc/pid/stat`: the letter behind the name in
/// parentheses).
fn all_stopped(threads: &str) -> anyhow::Result<bool> {
    for thread in std::fs::read_dir(threads)? {
        let stat = std::fs::read_to_string(thread?.path().join("stat"))?;
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
        if state != Some(Some('T')) {
            return Ok(false);
        }
    }
    Ok(true)
}
