//! What all commands share: where results go, and which node is called.

use crate::arguments::Global;
use crate::cluster::ClusterDocument;
use crate::output::Output;
use anyhow::{Context, bail};
use concord_client::{Client, Profile};
use concord_domain::AgencyId;
use std::path::{Path, PathBuf};

/// One run of the command line.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) output: Output,
    connect: Option<PathBuf>,
    cluster: Option<PathBuf>,
    agency: Option<AgencyId>,
}

impl Session {
    pub(crate) fn new(output: Output, global: Global) -> Self {
        let Global { output: _, connect, cluster, agency } = global;
        Self { output, connect, cluster, agency }
    }

    /// The node that the command talks to.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let profile = match (&self.connect, &self.cluster, &self.agency) {
            (Some(file), _, _) => Profile::load(file)?,
            (None, Some(dir), Some(agency)) => ClusterDocument::read(dir)?
                .node(agency)
                .with_context(|| format!("{agency} has no node in {}", dir.display()))?
                .app_profile(),
            (None, _, _) => {
                bail!(
                    "which node? give --connect FILE, or --cluster DIR with --agency AGENCY, before the command"
                )
            }
        };
        Client::connect(&profile).context("the client profile cannot be used")
    }

    /// Whether a node is named to talk to.
    pub(crate) const fn names_node(&self) -> bool {
        self.connect.is_some() || self.cluster.is_some()
    }

    /// The agency named with `--agency`.
    pub(crate) fn agency(&self) -> Option<&AgencyId> {
        self.agency.as_ref()
    }

    /// The folder named with `--cluster`.
    pub(crate) fn cluster(&self) -> Option<&Path> {
        self.cluster.as_deref()
    }
}
