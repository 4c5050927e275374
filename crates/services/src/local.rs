//! The local API put together: services, health, reflection, and the check of roles in front.

use crate::agreement::AgreementApi;
use crate::directory::DirectoryApi;
use crate::heavy::Heavy;
use crate::record::LedgerApi;
use crate::register::{Register, RegisterApi};
use crate::roles::{Guarded, guard};
use crate::vetting::VettingApi;
use crate::wanted::{Search, WantedApi};
use concord_domain::Entropy;
use concord_gateway::Standing;
use concord_store::Store;
use concord_wire::FILE_DESCRIPTOR_SET;
use std::sync::Arc;
use thiserror::Error;
use tonic::service::Routes;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_reflection::server::Builder;

/// What the local API serves.
#[derive(Debug)]
pub struct LocalServices {
    /// Searches other agencies.
    pub search: Search,
    /// The published documents.
    pub agreement: AgreementApi,
    /// The other agencies and the ways to them.
    pub directory: DirectoryApi,
    /// What waits for our officers.
    pub vetting: VettingApi,
    /// Whether our ledger is whole: else nothing is served.
    pub standing: Standing,
    /// Our own register.
    pub register: Arc<Register>,
    /// Our own record.
    pub store: Store,
    /// Keeps long work off the threads that serve connections.
    pub heavy: Heavy,
    /// Makes incident ids.
    pub entropy: Arc<dyn Entropy>,
}

/// The descriptors built into this program cannot be read.
#[derive(Debug, Error)]
#[error("reflection: {0}")]
pub struct ReflectionFailed(#[from] tonic_reflection::server::Error);

/// What reflection names: the services of this API, not those between nodes.
const SERVICES: [&str; 7] = [
    "concord.wanted.v1.WantedService",
    "concord.agreement.v1.AgreementService",
    "concord.directory.v1.DirectoryService",
    "concord.register.v1.RegisterService",
    "concord.ledger.v1.LedgerService",
    "concord.vetting.v1.VettingService",
    "grpc.health.v1.Health",
];

fn reflection() -> Builder<'static> {
    SERVICES
        .into_iter()
        .fold(Builder::configure(), |builder, name| builder.with_service_name(name))
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

impl LocalServices {
    /// The services behind the check of roles, ready for a listener.
    pub fn into_routes(self, health: HealthServer<impl Health>) -> Result<Guarded, ReflectionFailed> {
        let Self { search, agreement, directory, vetting, standing, register, store, heavy, entropy } = self;
        let routes = Routes::new(health)
            .add_service(reflection().build_v1()?)
            // What grpcio and older tools still ask for.
            .add_service(reflection().build_v1alpha()?)
            .add_service(WantedApi::new(search, heavy, Arc::clone(&entropy)).into_service())
            .add_service(agreement.into_service())
            .add_service(directory.into_service())
            .add_service(vetting.into_service())
            .add_service(RegisterApi::new(register, Arc::clone(&entropy)).into_service())
            .add_service(LedgerApi::new(store, entropy).into_service());
        Ok(guard(routes.prepare(), standing))
    }
}
