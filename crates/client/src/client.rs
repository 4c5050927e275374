//! A connection to the node of our own agency.

use crate::error::ClientError;
use crate::profile::Profile;
use concord_domain::{AgencyId, Clock, SystemClock};
use concord_transport::{ClientLimits, Credentials, Leaf, Network, PeerConnector, PemFile, RealNetwork};
use std::sync::Arc;
use tonic::transport::Channel;

/// What a client takes from outside: the network and the time, so that a simulation can bring its own.
#[derive(Debug, Clone)]
pub struct Seams {
    /// Where connections come from.
    pub network: Arc<dyn Network>,
    /// What certificates are held against.
    pub clock: Arc<dyn Clock>,
    /// The bounds of the connection.
    pub limits: ClientLimits,
}

impl Seams {
    /// The machine's own network and clock, and the default limits.
    pub fn real() -> Self {
        Self { network: Arc::new(RealNetwork), clock: Arc::new(SystemClock), limits: ClientLimits::default() }
    }
}

/// A client of one node. Cheap to clone; clones share one connection, which is made when it is first needed and
/// again when it was lost.
#[derive(Debug, Clone)]
pub struct Client {
    agency: AgencyId,
    channel: Channel,
}

impl Client {
    /// A client over the machine's network. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// The certificates or the address of the profile cannot be used. Whether the node is there shows at the
    /// first call.
    pub fn connect(profile: &Profile) -> Result<Self, ClientError> {
        Self::connect_through(profile, Seams::real())
    }

    /// A client over any network.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn connect_through(profile: &Profile, seams: Seams) -> Result<Self, ClientError> {
        let address = || ClientError::Address(profile.address.clone());
        let uri: http::Uri = profile.address.parse().map_err(|_| address())?;
        if uri.scheme_str() != Some("https") || uri.host().is_none() || uri.port_u16().is_none() {
            return Err(address());
        }
        let leaf = Leaf::load(&profile.certificate, &profile.key, seams.clock.now())?;
        let agency = leaf.agency().clone();
        let authority = PemFile::read(&profile.ca)?;
        let credentials = Arc::new(Credentials::new(leaf));
        let Seams { network, clock, limits } = seams;
        let connector = PeerConnector::to_own_node(network, credentials, authority, clock, limits)?;
        Ok(Self { agency, channel: connector.channel(uri) })
    }

    /// The agency whose node it calls.
    pub fn agency(&self) -> &AgencyId {
        &self.agency
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }
}
