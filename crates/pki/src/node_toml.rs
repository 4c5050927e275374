//! The configuration of a generated node.

use concord_domain::{AgencyId, Digest};
use serde::Serialize;
use std::collections::BTreeSet;
use std::net::SocketAddr;

/// What differs from node to node.
#[derive(Debug, Clone, Copy)]
pub struct NodeSettings<'a> {
    /// Whose node it is.
    pub agency: &'a AgencyId,
    /// The charter that it trusts.
    pub charter: Digest,
    /// Where it serves the agency's own clients.
    pub local_api: SocketAddr,
    /// Where it serves other nodes.
    pub federation_api: SocketAddr,
    /// Those to whom no line leads from it.
    pub no_line_to: &'a BTreeSet<AgencyId>,
}

#[derive(Serialize)]
struct NodeToml<'a> {
    agency: &'a AgencyId,
    data: &'static str,
    federation: FederationTable,
    keys: KeysTable,
    tls: TlsTable,
    local_api: ListenTable,
    federation_api: ListenTable,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing: Option<RoutingTable<'a>>,
}

#[derive(Serialize)]
struct RoutingTable<'a> {
    no_line_to: &'a BTreeSet<AgencyId>,
}

#[derive(Serialize)]
struct FederationTable {
    folder: &'static str,
    charter_sha256: Digest,
}

#[derive(Serialize)]
struct KeysTable {
    folder: &'static str,
}

#[derive(Serialize)]
struct TlsTable {
    ca: &'static str,
    certificate: &'static str,
    key: &'static str,
}

#[derive(Serialize)]
struct ListenTable {
    listen: SocketAddr,
}

/// The text of `node.toml`; its paths are relative to the file, as [`NodeFolder`](crate::NodeFolder) lays them out.
#[allow(clippy::expect_used, reason = "plain strings in tables, which TOML can hold")]
pub fn node_toml(settings: &NodeSettings<'_>) -> String {
    let NodeSettings { agency, charter, local_api, federation_api, no_line_to } = *settings;
    toml::to_string(&NodeToml {
        agency,
        data: "data",
        federation: FederationTable { folder: "../federation", charter_sha256: charter },
        keys: KeysTable { folder: "keys" },
        tls: TlsTable { ca: "tls/ca.pem", certificate: "tls/node.pem", key: "tls/node.key" },
        local_api: ListenTable { listen: local_api },
        federation_api: ListenTable { listen: federation_api },
        routing: (!no_line_to.is_empty()).then_some(RoutingTable { no_line_to }),
    })
    .expect("a node's configuration is plain TOML")
}
