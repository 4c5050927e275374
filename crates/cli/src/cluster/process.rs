//! One node as a child process.

use super::ClusterOptions;
use crate::node::Ready;
use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Lines of a log that an error repeats: what a node says before it gives up fits.
const LOG_LINES_SHOWN: usize = 15;

/// A child that has said that it serves.
#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    ready: Ready,
    ended: watch::Receiver<Option<ExitStatus>>,
    reported: bool,
    /// Owns the child, and kills it when it is dropped.
    guard: JoinHandle<()>,
    /// The child ends when this does, however we end.
    _input: ChildStdin,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.guard.abort();
    }
}

impl Process {
    /// Starts the node in `folder` and waits until it serves.
    pub(super) async fn start(options: &ClusterOptions, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join("node.log");
        let mut child = spawn(options, folder, &log)?;
        let pid = child.id().context("the node has no process id")?;
        let input = child.stdin.take().context("the node has no standard input")?;
        let mut lines =
            BufReader::new(child.stdout.take().context("the node has no standard output")?).lines();
        let ready = match timeout(options.ready_within, ready(&mut lines)).await {
            Ok(Ok(Some(ready))) => ready,
            Ok(Ok(None)) => bail!("the node did not start; {}", end_of(&log)),
            Ok(Err(error)) => return Err(error),
            Err(_) => bail!("the node was not ready within {:?}; {}", options.ready_within, end_of(&log)),
        };
        let (tell, ended) = watch::channel(None);
        let guard = tokio::spawn(async move {
            // Its output is read on, so that a line that it prints later cannot block it.
            let drained = async { while let Ok(Some(_)) = lines.next_line().await {} };
            let (status, ()) = tokio::join!(child.wait(), drained);
            tell.send_replace(status.ok());
        });
        Ok(Self { pid, ready, ended, reported: false, guard, _input: input })
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) const fn ready(&self) -> &Ready {
        &self.ready
    }

    pub(super) fn has_ended(&self) -> bool {
        self.guard.is_finished() || self.ended.borrow().is_some()
    }

    pub(super) const fn is_reported(&self) -> bool {
        self.reported
    }

    /// Waits for the end and says how it was; afterwards [`Process::is_reported`].
    pub(super) async fn report_end(&mut self) -> String {
        let status = self.end().await;
        self.reported = true;
        status.map_or_else(|| "unknown end".to_owned(), |status| status.to_string())
    }

    async fn end(&mut self) -> Option<ExitStatus> {
        // An error means that the guard is gone, and the child with it.
        self.ended.wait_for(Option::is_some).await.map_or(None, |status| *status)
    }

    /// SIGKILL, and the end.
    pub(super) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.end().await;
    }

    /// SIGTERM and the end, or SIGKILL after `within`.
    pub(super) async fn stop(&mut self, within: Duration) {
        self.signal(Signal::TERM);
        if timeout(within, self.end()).await.is_err() {
            self.kill().await;
        }
    }

    /// SIGHUP: look at the files now.
    pub(super) fn reload(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        // Once it was waited for, its number may be another process's.
        if self.has_ended() {
            return;
        }
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let sent = pid.map(|pid| kill_process(pid, signal));
        if let Some(Err(error)) = sent {
            // It has just ended by itself.
            tracing::debug!(target: "concord::cluster", pid = self.pid, %error, "no signal sent");
        }
    }
}

fn spawn(options: &ClusterOptions, folder: &Path, log: &PathBuf) -> anyhow::Result<Child> {
    let errors = OpenOptions::new().create(true).append(true).open(log);
    let errors = errors.with_context(|| log.display().to_string())?;
    Command::new(&options.program)
        .arg("node")
        .arg("--config")
        .arg(folder.join("node.toml"))
        .arg("--end-with-input")
        .envs(options.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(errors)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| options.program.display().to_string())
}

/// What the node says when it serves; none if it ended instead.
async fn ready(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<Option<Ready>> {
    while let Some(line) = lines.next_line().await? {
        if let Some(ready) = line.strip_prefix(Ready::WORD) {
            return Ok(Some(serde_json::from_str(ready).context("what the node says when ready")?));
        }
    }
    Ok(None)
}

fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
    let end = lines.get(from..).unwrap_or_default().join("\n");
    format!("its log is {}, which ends:\n{end}", log.display())
}
