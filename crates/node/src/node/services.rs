//! What a node serves, on each of its listeners.

use super::Parts;
use crate::config::Config;
use crate::seams::Seams;
use concord_gateway::{Exchange, FederationApi, Inbound, Operations, Outbound, Vettings};
use concord_services::{
    AgreementApi, DirectoryApi, DirectoryPing, LocalServices, Search, VettingApi, WantedSearch,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

/// What the agency's own systems and officers call.
pub(super) fn local_services(
    config: &Config,
    seams: &Seams,
    parts: &Parts,
    outbound: &Outbound,
    closing: CancellationToken,
) -> LocalServices {
    let (clock, entropy) = (Arc::clone(&seams.clock), Arc::clone(&seams.entropy));
    let (library, authority) = (parts.library.clone(), parts.authority.clone());
    LocalServices {
        search: Search::new(outbound.clone(), parts.store.clone(), closing),
        directory: DirectoryApi::new(outbound.clone(), seams.heavy, Arc::clone(&entropy)),
        vetting: VettingApi::new(vettings(config, parts, outbound), Arc::clone(&clock), Arc::clone(&entropy)),
        agreement: AgreementApi::new(library, authority, clock, entropy),
        standing: parts.standing.clone(),
        register: Arc::clone(&parts.register),
        store: parts.store.clone(),
        heavy: seams.heavy,
        entropy: Arc::clone(&seams.entropy),
    }
}

/// What waits for an officer: the local API decides it, and the federation API asks it on.
fn vettings(config: &Config, parts: &Parts, outbound: &Outbound) -> Vettings {
    let vettings = Vettings::new(outbound, parts.store.clone());
    vettings.within(config.vetting.within())
}

/// The way out, one for all: what it sends again is bounded for the node as a whole.
pub(super) fn outbound(config: &Config, seams: &Seams, parts: &Parts) -> Outbound {
    Outbound {
        agency: config.agency.clone(),
        keys: parts.keys.clone(),
        clock: Arc::clone(&seams.clock),
        entropy: Arc::clone(&seams.entropy),
        authority: parts.authority.clone(),
        recorder: parts.recorder.clone(),
        ways: parts.ways.clone(),
        courier: Arc::clone(&parts.courier),
        retries: Arc::default(),
        hedge_after: config.routing.hedge_after(),
    }
}

/// What other nodes call.
pub(super) fn federation_services(
    config: &Config,
    seams: &Seams,
    parts: &Parts,
    outbound: Outbound,
) -> Routes {
    let operations =
        Operations::default().with(WantedSearch::new(Arc::clone(&parts.register))).with(DirectoryPing);
    let vettings = vettings(config, parts, &outbound);
    let mut inbound = Inbound::new(outbound, parts.store.clone(), operations);
    inbound.broker.vettings = vettings;
    let exchange = Exchange::new(parts.library.clone(), parts.store.clone());
    let api = FederationApi::new(inbound, exchange, parts.standing.clone(), Arc::clone(&seams.entropy));
    Routes::new(api.into_service())
}
