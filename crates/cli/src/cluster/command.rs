//! `concord cluster`.

use super::{Cluster, ClusterDocument, ClusterOptions};
use crate::session::Session;
use crate::signals::Interrupts;
use clap::Subcommand;
use concord_domain::AgencyId;
use concord_pki::{Federation, Layout};
use std::path::PathBuf;
use std::process::ExitCode;

/// The nodes of the sample federation if none are named: one mechanism's members, two of another, a department.
const SAMPLE_AGENCIES: [&str; 8] = [
    "cq.police.cn",
    "sc.police.cn",
    "gz.police.cn",
    "yn.police.cn",
    "gd.police.cn",
    "hn.police.cn",
    "gx.police.cn",
    "fda.cn",
];

/// What `cluster` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generate a federation or take up the one in DIR, run its nodes until interrupted
    Up {
        /// Folder of the federation; `DIR/cluster.json` says where its nodes are when all serve
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// What to generate it from, in the form of certs-dev/federation.toml [default: the sample federation]
        #[arg(long, value_name = "FILE")]
        federation: Option<PathBuf>,
        /// The agencies that get a node [default: all in FILE, eight of the sample]
        #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
        agencies: Vec<AgencyId>,
    },
}

/// Runs a cluster until interrupted.
pub(crate) async fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    let Command::Up { dir, federation, mut agencies } = command;
    let mut options = ClusterOptions::new(std::env::current_exe()?);
    if let Some(file) = &federation {
        options.federation = Some(Federation::read(file)?);
    } else if agencies.is_empty() && !Layout::new(&dir).charter().exists() {
        agencies = SAMPLE_AGENCIES.iter().map(|agency| agency.parse()).collect::<Result<_, _>>()?;
    }
    let mut interrupts = Interrupts::catch()?;
    let mut cluster = tokio::select! {
        started = Box::pin(Cluster::start(&dir, &agencies, options)) => started?,
        () = interrupts.wait() => return Ok(ExitCode::FAILURE),
    };
    session.output.line(&format!("ready {}", ClusterDocument::path(cluster.dir()).display()))?;
    loop {
        tokio::select! {
            () = interrupts.wait() => break,
            (agency, how) = cluster.ended() => {
                session.output.notice(&format!("{agency}: its node has ended: {how}"));
            }
        }
    }
    cluster.stop().await?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_nodes_are_members_of_the_sample() {
        let sample = Federation::sample().unwrap();
        for agency in SAMPLE_AGENCIES {
            assert!(sample.member(&agency.parse().unwrap()).is_some(), "{agency}");
        }
    }
}
