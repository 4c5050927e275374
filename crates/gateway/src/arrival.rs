//! How a request came here.

use concord_domain::{Passed, Timestamp};
use concord_trust::envelope::AddressedRequest;

/// How a request came here, and when: what an operation may tell of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    at: Timestamp,
    passed: Vec<Passed>,
}

impl Arrival {
    /// Of a request whose hops are verified, looked at now.
    pub(crate) fn of(request: &AddressedRequest<'_>, at: Timestamp) -> Self {
        let (context, dispatch) = (request.context(), request.dispatch());
        let origin = Passed { agency: context.origin.clone(), at: dispatch.sent };
        let carriers = request.hops().map(|hop| Passed { agency: hop.carrier.clone(), at: hop.at });
        let here = Passed { agency: context.destination.clone(), at };
        Self { at, passed: std::iter::once(origin).chain(carriers).chain([here]).collect() }
    }

    /// The time by which it is judged.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// Every agency on its way, the origin first and we last, each with the time by its own clock.
    pub fn passed(&self) -> &[Passed] {
        &self.passed
    }
}
