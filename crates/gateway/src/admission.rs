//! How much of one kind of work is under way at once.

use concord_transport::Peer;
use concord_wire::overloaded;
use futures_util::future::{BoxFuture, FutureExt};
use http::{Request, Response};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use thiserror::Error;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

/// Over a limit; nothing was done, and nothing is put on the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{limit} requests are under way already, the limit")]
pub struct Overloaded {
    /// The limit.
    pub limit: usize,
}

/// Slots for work, in all and for each caller, so that one caller's flood leaves room for the others.
#[derive(Debug, Clone)]
pub struct Admission {
    busy: Arc<Mutex<BTreeMap<String, usize>>>,
    total_max: usize,
    caller_max: usize,
}

impl Admission {
    /// Deliveries under way at once: each may hold a message of a megabyte, and at 10 ms each they are 25,000 a second,
    /// above what one machine's disk takes.
    pub const DELIVERIES_MAX: usize = 256;
    /// Of these, for one agency.
    pub const DELIVERIES_PER_AGENCY_MAX: usize = 64;

    /// Slots with these limits.
    pub fn new(total_max: usize, caller_max: usize) -> Self {
        Self { busy: Arc::default(), total_max, caller_max }
    }

    /// Takes a slot, which is given back when it is dropped.
    pub fn enter(&self, caller: &str) -> Result<Slot, Overloaded> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.values().sum::<usize>() >= self.total_max {
            return Err(Overloaded { limit: self.total_max });
        }
        let mine = busy.get(caller).copied().unwrap_or_default();
        if mine >= self.caller_max {
            return Err(Overloaded { limit: self.caller_max });
        }
        busy.insert(caller.to_owned(), mine + 1);
        Ok(Slot { admission: self.clone(), caller: caller.to_owned() })
    }
}

/// One unit of work under way.
#[derive(Debug)]
pub struct Slot {
    admission: Admission,
    caller: String,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut busy = self.admission.busy.lock().unwrap_or_else(PoisonError::into_inner);
        match busy.get_mut(&self.caller) {
            Some(mine) if *mine > 1 => *mine -= 1,
            Some(_) | None => drop(busy.remove(&self.caller)),
        }
    }
}

/// The federation API behind its slots. Shed before the body is read: one peer's flood must reach neither memory nor
/// signatures nor store.
#[derive(Debug, Clone)]
pub struct Admitted {
    inner: Routes,
    admission: Admission,
}

impl Admitted {
    /// Puts the slots in front of the routes.
    pub fn new(inner: Routes, admission: Admission) -> Self {
        Self { inner, admission }
    }
}

impl Service<Request<Body>> for Admitted {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let caller = request.extensions().get::<Peer>().map(|peer| peer.agency().to_string());
        match self.admission.enter(&caller.unwrap_or_default()) {
            Err(over) => {
                let status = overloaded(over.to_string(), over.limit);
                std::future::ready(Ok(status.into_http())).boxed()
            }
            Ok(slot) => {
                let answer = self.inner.call(request);
                async move {
                    let _held = slot;
                    answer.await
                }
                .boxed()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_does_not_take_every_slot() {
        let admission = Admission::new(3, 2);
        let first = admission.enter("a").unwrap();
        let _second = admission.enter("a").unwrap();
        assert_eq!(admission.enter("a").unwrap_err(), Overloaded { limit: 2 });
        let _third = admission.enter("b").unwrap();
        assert_eq!(admission.enter("b").unwrap_err(), Overloaded { limit: 3 });
        drop(first);
        assert!(admission.enter("b").is_ok());
    }
}
