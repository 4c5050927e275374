//! Roles on the local API: a role maps to methods, everything else is denied.

use crate::caller::Caller;
use concord_domain::Role;
use concord_gateway::Standing;
use concord_transport::Peer;
use concord_wire::refused;
use futures_util::future::{Either, Ready, ready};
use http::{Request, Response};
use std::convert::Infallible;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::Service;

/// Who searches and who tends the agreements may see for themselves whether a way leads somewhere.
const DIRECTORY: &str = "/concord.directory.v1.DirectoryService/";

/// What a role lets a caller call: whole services, as the path of a gRPC call begins.
const fn services(role: Role) -> &'static [&'static str] {
    match role {
        Role::Inquirer => &["/concord.wanted.v1.WantedService/", DIRECTORY],
        Role::OnBehalf => &[],
        Role::Registrar => &["/concord.register.v1.RegisterService/"],
        Role::Auditor => &["/concord.ledger.v1.LedgerService/"],
        Role::Liaison => &["/concord.agreement.v1.AgreementService/", DIRECTORY],
        Role::Vetter => &["/concord.vetting.v1.VettingService/"],
    }
}

/// What every verified caller may call: whether the node is well, and what it offers.
const FOR_ALL: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

/// What every role may call besides: published documents are no secret among those who work by them, nor is who can be
/// reached.
const FOR_EVERY_ROLE: [&str; 4] = [
    "/concord.agreement.v1.AgreementService/ListDocuments",
    "/concord.agreement.v1.AgreementService/GetDocument",
    "/concord.agreement.v1.AgreementService/ExportDocuments",
    "/concord.directory.v1.DirectoryService/ListAgencies",
];

/// Whether a caller with `roles` may call the method at `path`.
fn allowed(roles: &[Role], path: &str) -> bool {
    let covered = |services: &[&str]| services.iter().any(|service| path.starts_with(service));
    let any_role = !roles.is_empty() && FOR_EVERY_ROLE.contains(&path);
    covered(&FOR_ALL) || any_role || roles.iter().any(|role| covered(services(*role)))
}

/// Puts the check of roles around the local API.
pub(crate) fn guard(inner: Routes, standing: Standing) -> Guarded {
    Guarded { inner, standing }
}

/// The local API behind the check of roles.
#[derive(Debug, Clone)]
pub struct Guarded {
    inner: Routes,
    standing: Standing,
}

impl Service<Request<Body>> for Guarded {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        Either<<Routes as Service<Request<Body>>>::Future, Ready<Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match check(&request).and_then(|()| whole(&self.standing, request.uri().path())) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(status) => Either::Right(ready(Ok(status.into_http()))),
        }
    }
}

/// A node whose ledger is not whole answers whether it is well, and nothing else.
fn whole(standing: &Standing, path: &str) -> Result<(), Status> {
    match standing.rolled_back() {
        Some(rolled_back) if !FOR_ALL.iter().any(|service| path.starts_with(service)) => {
            Err(refused(Code::Unavailable, "ROLLED_BACK", rolled_back.to_string(), &[]))
        }
        Some(_) | None => Ok(()),
    }
}

fn check(request: &Request<Body>) -> Result<(), Status> {
    let peer = request.extensions().get::<Peer>();
    let caller = peer
        .map(Caller::new)
        .ok_or_else(|| Status::unauthenticated("the connection has no verified peer"))?;
    let path = request.uri().path();
    if allowed(caller.roles(), path) {
        return Ok(());
    }
    // Only what we offer is repeated: the rest is the caller's own text.
    let known = Role::ALL.iter().flat_map(|role| services(*role)).find(|service| path.starts_with(**service));
    let method = known.copied().unwrap_or("unknown");
    tracing::info!(target: "concord::local", method, "denied");
    let roles: Vec<_> = caller.roles().iter().map(ToString::to_string).collect();
    let metadata = [("method", method.to_owned()), ("roles", roles.join(","))];
    Err(refused(
        Code::PermissionDenied,
        "ROLE_MISSING",
        "the caller's roles do not allow this method",
        &metadata,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_allows_its_own_methods_and_no_more() {
        let search = "/concord.wanted.v1.WantedService/Search";
        let import = "/concord.register.v1.RegisterService/Import";
        let entries = "/concord.ledger.v1.LedgerService/ListEntries";
        assert!(allowed(&[Role::Inquirer], search) && !allowed(&[Role::Inquirer], import));
        assert!(allowed(&[Role::Registrar], import) && !allowed(&[Role::Registrar], entries));
        assert!(allowed(&[Role::Auditor], entries) && !allowed(&[Role::Auditor], search));
        assert!(!allowed(&[Role::OnBehalf], search));
        let submit = "/concord.agreement.v1.AgreementService/SubmitDocument";
        let list = "/concord.agreement.v1.AgreementService/ListDocuments";
        assert!(allowed(&[Role::Liaison], submit) && allowed(&[Role::Liaison], list));
        let export = "/concord.agreement.v1.AgreementService/ExportDocuments";
        let own_rules = "/concord.agreement.v1.AgreementService/GetLocalRules";
        assert!(allowed(&[Role::Liaison], own_rules));
        for role in Role::ALL.iter().filter(|role| **role != Role::Liaison) {
            assert!(allowed(&[*role], list) && !allowed(&[*role], submit), "{role}");
            assert!(allowed(&[*role], export) && !allowed(&[*role], own_rules), "{role}");
        }
        let ping = "/concord.directory.v1.DirectoryService/Ping";
        let agencies = "/concord.directory.v1.DirectoryService/ListAgencies";
        for role in Role::ALL.iter().copied() {
            let pings = [Role::Inquirer, Role::Liaison].contains(&role);
            assert_eq!((allowed(&[role], ping), allowed(&[role], agencies)), (pings, true), "{role}");
        }
        assert!(!allowed(&[], ping) && !allowed(&[], agencies));
        let decide = "/concord.vetting.v1.VettingService/DecideVetting";
        let get = "/concord.vetting.v1.VettingService/GetVetting";
        for role in Role::ALL {
            let vets = *role == Role::Vetter;
            assert_eq!((allowed(&[*role], decide), allowed(&[*role], get)), (vets, vets), "{role}");
        }
        let of_nodes = "/concord.federation.v1.FederationService/Deliver";
        for method in [search, import, entries, submit, list, export, own_rules, decide, of_nodes, "/"] {
            assert!(!allowed(&[], method), "{method}");
        }
        assert!(allowed(&[], "/grpc.health.v1.Health/Check"));
    }
}
