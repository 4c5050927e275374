//! The two listeners, bound before anything is served.

use crate::config::Config;
use crate::seams::Seams;
use concord_transport::{Accept, Bound, Credentials, Server, ServerLimits, ServerTls, TrustStore};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Both listeners with their ports.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) local: Bound,
    pub(crate) federation: Bound,
}

/// A port that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{field}: {address}: {source}")]
pub struct BindFailed {
    field: &'static str,
    address: SocketAddr,
    source: io::Error,
}

impl Listeners {
    /// Takes both ports.
    pub(crate) async fn bind(
        config: &Config,
        seams: &Seams,
        credentials: &Arc<Credentials>,
        trust: &Arc<TrustStore>,
        local_trust: &Arc<TrustStore>,
    ) -> Result<Self, BindFailed> {
        let tls = |trust: &Arc<TrustStore>, accept| ServerTls {
            credentials: Arc::clone(credentials),
            trust: Arc::clone(trust),
            clock: Arc::clone(&seams.clock),
            accept,
        };
        let bind = |field, address, tls, limits: &ServerLimits| {
            let server = Server::new(Arc::clone(&seams.network), tls, limits.clone());
            async move { server.bind(address).await.map_err(|source| BindFailed { field, address, source }) }
        };
        let locals = tls(local_trust, Accept::Locals { agency: config.agency.clone() });
        let nodes = tls(trust, Accept::Nodes);
        Ok(Self {
            local: bind("local_api.listen", config.local_api.listen, locals, &seams.local_limits).await?,
            federation: bind(
                "federation_api.listen",
                config.federation_api.listen,
                nodes,
                &seams.federation_limits,
            )
            .await?,
        })
    }
}
