//! Roles on the local API: a role maps to methods, everything else is denied.

use crate::caller::Caller;
use concord_transport::Peer;
use concord_wire::refused;
use futures_util::future::{Either, Ready, ready};
use http::{Request, Response};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::Service;

/// What a caller may do, as an organizational unit of its certificate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May search.
    Inquirer,
    /// An application that may name the officer it acts for.
    OnBehalf,
    /// May change and read the agency's own register.
    Registrar,
    /// May read the record.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Inquirer, Self::OnBehalf, Self::Registrar, Self::Auditor];

    /// As it stands in a certificate.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inquirer => "inquirer",
            Self::OnBehalf => "on-behalf",
            Self::Registrar => "registrar",
            Self::Auditor => "auditor",
        }
    }

    /// What it lets a caller call: whole services, as the path of a gRPC call begins.
    const fn services(self) -> &'static [&'static str] {
        match self {
            Self::Inquirer => &["/concord.wanted.v1.WantedService/"],
            Self::OnBehalf => &[],
            Self::Registrar => &["/concord.register.v1.RegisterService/"],
            Self::Auditor => &["/concord.ledger.v1.LedgerService/"],
        }
    }
}

/// What every verified caller may call: whether the node is well, and what it offers.
const FOR_ALL: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
];

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not a role known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role: one of inquirer, on-behalf, registrar, auditor is")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(s: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == s).ok_or(UnknownRole)
    }
}

/// Whether a caller with `roles` may call the method at `path`.
fn allowed(roles: &[Role], path: &str) -> bool {
    let covered = |services: &[&str]| services.iter().any(|service| path.starts_with(service));
    covered(&FOR_ALL) || roles.iter().any(|role| covered(role.services()))
}

/// Puts the check of roles around the local API.
pub(crate) fn guard(inner: Routes) -> Guarded {
    Guarded { inner }
}

/// The local API behind the check of roles.
#[derive(Debug, Clone)]
pub struct Guarded {
    inner: Routes,
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
        match check(&request) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(status) => Either::Right(ready(Ok(status.into_http()))),
        }
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
    tracing::info!(target: "concord::local", path, "denied");
    let roles: Vec<_> = caller.roles().iter().map(ToString::to_string).collect();
    let metadata = [("method", path.to_owned()), ("roles", roles.join(","))];
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
        for method in [search, import, entries, "/concord.federation.v1.FederationService/Deliver", "/"] {
            assert!(!allowed(&[], method), "{method}");
        }
        assert!(allowed(&[], "/grpc.health.v1.Health/Check"));
    }
}
