//! Who calls the local API, and for which officer.

use concord_domain::{Officer, Role, Workload};
use concord_transport::Peer;
use concord_wire::refused;
use thiserror::Error;
use tonic::{Code, Status};

/// A verified caller of the local API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    workload: Workload,
    roles: Vec<Role>,
}

/// Why no officer answers for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotNamed {
    /// An application must say which officer it acts for.
    #[error("is missing; an application must name the officer")]
    Missing,
    /// The application's role does not let it name one.
    #[error("the application lacks the role on-behalf, which lets it name an officer")]
    NotAllowed,
    /// An officer's own certificate names somebody else.
    #[error("the officer named is not that of the certificate")]
    SomebodyElse,
    /// The certificate's name is no officer's.
    #[error("the certificate names no officer")]
    NoOfficer,
}

impl Caller {
    /// Reads the peer of a connection; roles that are not known here give nothing.
    pub fn new(peer: &Peer) -> Self {
        let roles = peer.roles.iter().filter_map(|role| role.parse().ok()).collect();
        Self { workload: peer.identity.workload.clone(), roles }
    }

    /// The caller of a request.
    pub(crate) fn of<T>(request: &tonic::Request<T>) -> Result<Self, Status> {
        let peer = request.extensions().get::<Peer>();
        peer.map(Self::new).ok_or_else(|| Status::unauthenticated("the connection has no verified peer"))
    }

    /// Tells callers apart in memory; an officer's is a service number, never to be logged.
    pub(crate) fn name(&self) -> String {
        match &self.workload {
            Workload::Node(name) => format!("node/{name}"),
            Workload::App(name) => format!("app/{name}"),
            Workload::Officer(name) => format!("officer/{name}"),
        }
    }

    /// Its roles.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The officer who answers for the call: an officer's certificate is the officer; an application names one.
    pub fn officer(&self, named: Option<Officer>) -> Result<Officer, NotNamed> {
        match (&self.workload, named) {
            (Workload::Node(_), _) => Err(NotNamed::NoOfficer),
            (Workload::App(_), None) => Err(NotNamed::Missing),
            (Workload::App(_), Some(_)) if !self.roles.contains(&Role::OnBehalf) => Err(NotNamed::NotAllowed),
            (Workload::App(_), Some(officer)) => Ok(officer),
            (Workload::Officer(own), None) => own.parse().map_err(|_| NotNamed::NoOfficer),
            (Workload::Officer(own), Some(officer)) if officer.as_str() == own => Ok(officer),
            (Workload::Officer(_), Some(_)) => Err(NotNamed::SomebodyElse),
        }
    }
}

impl From<NotNamed> for Status {
    fn from(error: NotNamed) -> Self {
        match error {
            NotNamed::Missing => concord_wire::violations(&concord_wire::Problems::one("officer", error)),
            NotNamed::NotAllowed | NotNamed::SomebodyElse | NotNamed::NoOfficer => {
                refused(Code::PermissionDenied, "OFFICER_NOT_ALLOWED", error.to_string(), &[])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(identity: &str, roles: &[&str]) -> Caller {
        let roles = roles.iter().map(ToString::to_string).collect();
        Caller::new(&Peer { identity: identity.parse().unwrap(), roles })
    }

    #[test]
    fn who_answers_for_a_call() {
        let named = |s: &str| Some(s.parse::<Officer>().unwrap());
        let officer = caller("spiffe://yn.police.cn/officer/053211", &["inquirer"]);
        assert_eq!(officer.officer(None).unwrap().as_str(), "053211");
        assert!(officer.officer(named("053211")).is_ok());
        assert_eq!(officer.officer(named("053212")), Err(NotNamed::SomebodyElse));
        let plain = caller("spiffe://yn.police.cn/app/records", &["inquirer"]);
        assert_eq!(plain.officer(None), Err(NotNamed::Missing));
        assert_eq!(plain.officer(named("053211")), Err(NotNamed::NotAllowed));
        let trusted = caller("spiffe://yn.police.cn/app/records", &["inquirer", "on-behalf", "unheard-of"]);
        assert!(trusted.officer(named("053211")).is_ok());
        assert_eq!(trusted.roles(), [Role::Inquirer, Role::OnBehalf]);
    }
}
