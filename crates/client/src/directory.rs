//! The other agencies and the ways to them, as the node sees them.

use crate::client::Client;
use crate::error::ClientError;
use crate::search::GRACE;
use concord_domain::AgencyId;
use concord_wire::pb::directory::v1 as pb;
use concord_wire::pb::directory::v1::directory_service_client::DirectoryServiceClient;
use concord_wire::{Listing, Ping, Pinged};
use std::time::Duration;
use tonic::Request;

impl Client {
    /// Every other agency by name, or only the one that is named.
    ///
    /// # Errors
    /// As the node rejects it: INVALID_ARGUMENT if the agency named is no other member.
    pub async fn agencies(&self, only: Option<&AgencyId>) -> Result<Vec<Listing>, ClientError> {
        let request =
            pb::ListAgenciesRequest { agency: only.map(|agency| agency.to_string()).unwrap_or_default() };
        let mut service = DirectoryServiceClient::new(self.channel());
        let mut stream = service.list_agencies(Request::new(request)).await?.into_inner();
        let mut all = Vec::new();
        while let Some(pb::ListAgenciesResponse { agencies }) = stream.message().await? {
            for agency in agencies {
                all.push(agency.try_into().map_err(ClientError::Answer)?);
            }
        }
        Ok(all)
    }

    /// Asks an agency whether it answers, by the path that requests take. `timeout` goes to the node as `grpc-timeout`.
    ///
    /// # Errors
    /// As the node rejects the ping; that the agency does not answer is no error.
    pub async fn ping(&self, ping: Ping, timeout: Duration) -> Result<Pinged, ClientError> {
        let mut request = Request::new(pb::PingRequest::from(ping));
        request.set_timeout(timeout);
        let mut service = DirectoryServiceClient::new(self.channel());
        let call = tokio::time::timeout(timeout + GRACE, service.ping(request));
        let response = call.await.map_err(|_| ClientError::BrokenOff)??;
        response.into_inner().try_into().map_err(ClientError::Answer)
    }
}
