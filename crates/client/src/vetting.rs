//! What waits for the agency's officers.

use crate::client::Client;
use crate::error::ClientError;
use concord_domain::{Reference, WaitingRequest};
use concord_wire::pb::vetting::v1 as pb;
use concord_wire::pb::vetting::v1::vetting_service_client::VettingServiceClient;
use concord_wire::{Deciding, WaitingSearch};
use tonic::Request;

impl Client {
    /// Every request of another agency that waits or has waited for an officer, the oldest first; only those that can still
    /// be decided if `open_only`.
    ///
    /// # Errors
    /// As the node rejects it.
    pub async fn vettings(&self, open_only: bool) -> Result<Vec<WaitingRequest>, ClientError> {
        let request = Request::new(pb::ListVettingsRequest { open_only });
        let mut stream = self.vetting_service().list_vettings(request).await?.into_inner();
        let mut all = Vec::new();
        while let Some(pb::ListVettingsResponse { vettings }) = stream.message().await? {
            for vetting in vettings {
                all.push(waiting(Some(vetting))?);
            }
        }
        Ok(all)
    }

    /// One request with what is asked about whom: personal data.
    ///
    /// # Errors
    /// As the node rejects it: NOT_FOUND.
    pub async fn vetting(&self, reference: Reference) -> Result<WaitingSearch, ClientError> {
        let request = pb::GetVettingRequest { reference: reference.to_string() };
        let response = self.vetting_service().get_vetting(Request::new(request)).await?.into_inner();
        response.try_into().map_err(ClientError::Answer)
    }

    /// Decides one request; when this returns, the decision is on the record.
    ///
    /// # Errors
    /// As the node rejects it: NOT_FOUND, FAILED_PRECONDITION (VETTING_DECIDED, VETTING_EXPIRED).
    pub async fn decide_vetting(&self, deciding: Deciding) -> Result<WaitingRequest, ClientError> {
        let request = pb::DecideVettingRequest::from(deciding);
        let response = self.vetting_service().decide_vetting(Request::new(request)).await?.into_inner();
        waiting(response.vetting)
    }

    fn vetting_service(&self) -> VettingServiceClient<tonic::transport::Channel> {
        VettingServiceClient::new(self.channel())
    }
}

fn waiting(vetting: Option<pb::Vetting>) -> Result<WaitingRequest, ClientError> {
    vetting.unwrap_or_default().try_into().map_err(ClientError::Answer)
}
