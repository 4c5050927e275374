//! The federation API as its callers see it, without a network in between.

use super::*;
use crate::admission::{Admission, Admitted};
use crate::testing::{HERE, ORIGIN, OTHER, Seeded, World, envelope, open_answer};
use concord_ledger::Event;
use concord_trust::envelope::{Envelope, SealedRequest};
use concord_wire::pb::federation::v1::federation_service_client::FederationServiceClient;
use tokio::sync::Notify;
use tonic::service::Routes;
use tonic_types::StatusExt;

type Client = FederationServiceClient<Admitted>;

/// A client of the API, with room for so many deliveries in all and for each agency.
fn client(world: &World, total: usize, each: usize) -> Client {
    let library =
        crate::sync::Library::new(world.store.clone(), crate::testing::published().1, Arc::default());
    let exchange = Exchange::new(library, world.store.clone());
    let standing = Standing::new(world.store.clone());
    let api = FederationApi::new(world.inbound.clone(), exchange, standing, Arc::new(Seeded::from(9)));
    FederationServiceClient::new(Admitted::new(Routes::new(api.into_service()), Admission::new(total, each)))
}

/// A call as it arrives over a connection of this agency's node.
fn call(from: &str, envelope: Envelope) -> Request<pb::DeliverRequest> {
    let mut request = Request::new(envelope.into());
    let identity = format!("spiffe://{from}/node/1").parse().unwrap();
    request.extensions_mut().insert(Peer { identity, roles: vec![] });
    request
}

async fn refused_as(client: &mut Client, call: Request<pb::DeliverRequest>) -> (Code, String) {
    let status = client.deliver(call).await.unwrap_err();
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    (status.code(), reason)
}

#[tokio::test]
async fn an_envelope_is_answered() {
    let world = World::new().await;
    let request = world.request(1, "hello");
    let answer = client(&world, 1, 1).deliver(call(ORIGIN, envelope(&request, 1))).await.unwrap();
    assert_eq!(open_answer(&request, answer.into_inner().into()).content(), "hello #1");
}

#[tokio::test]
async fn what_gets_no_signed_answer_gets_a_stable_reason() {
    let world = World::new().await;
    let mut client = client(&world, 1, 1);
    let request = world.request(1, "hello");
    let unsigned = Envelope { request: b"garbage".to_vec(), hops: vec![], sealed_body: vec![] };
    let crowded = Envelope { hops: vec![vec![]; HOPS_READ_MAX + 1], ..envelope(&request, 1) };
    let cases = [
        (call(ORIGIN, crowded), Code::InvalidArgument, "INVALID_FIELDS"),
        (call(ORIGIN, unsigned), Code::Unauthenticated, "ENVELOPE_NOT_AUTHENTIC"),
        (call(OTHER, envelope(&request, 1)), Code::Unauthenticated, "HOP_LINE_BROKEN"),
        (Request::new(envelope(&request, 1).into()), Code::Unauthenticated, ""),
    ];
    for (call, code, reason) in cases {
        assert_eq!(refused_as(&mut client, call).await, (code, reason.to_owned()));
    }
    let about = |event: &Event| event.request().is_some();
    assert!(!world.ledger().iter().any(about), "nothing is recorded of any request");
}

#[tokio::test]
async fn a_fault_of_ours_gives_away_nothing_but_an_incident() {
    let world = World::new().await;
    let request = world.request(1, "fault");
    let status = client(&world, 1, 1).deliver(call(ORIGIN, envelope(&request, 1))).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    let info = status.get_details_error_info().unwrap();
    assert_eq!((info.reason.as_str(), info.metadata.len()), (INCIDENT_REASON, 1));
    assert_eq!(status.message(), format!("internal error, incident {}", info.metadata["incident"]));
}

/// Starts a delivery that stays under way until the gate opens.
async fn held(
    world: &World,
    client: &Client,
    request: &SealedRequest,
) -> (tokio::task::JoinHandle<bool>, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    world.echo.meanwhile(async move { opened.notified().await });
    let (mut client, call) = (client.clone(), call(ORIGIN, envelope(request, 1)));
    let running = tokio::spawn(async move { client.deliver(call).await.is_ok() });
    while world.echo.served() == 0 {
        tokio::task::yield_now().await;
    }
    (running, gate)
}

#[tokio::test]
async fn over_capacity_nothing_is_looked_at_and_nothing_recorded() {
    let world = World::new().await;
    let mut client = client(&world, 2, 1);
    let (first, second) = (world.request(1, "first"), world.request(2, "second"));
    let (running, gate) = held(&world, &client, &first).await;
    let garbage = Envelope { request: b"garbage".to_vec(), hops: vec![], sealed_body: vec![] };
    let shed = refused_as(&mut client, call(ORIGIN, garbage)).await;
    assert_eq!(shed, (Code::ResourceExhausted, "OVERLOADED".to_owned()), "shed before it was looked at");
    let others = world.seal(world.context(OTHER, 3), "others");
    assert!(
        client.deliver(call(OTHER, envelope(&others, 1))).await.is_ok(),
        "one agency leaves room for others"
    );
    assert_eq!(world.ledger().len(), 1);
    gate.notify_one();
    assert!(running.await.unwrap());
    assert!(client.deliver(call(ORIGIN, envelope(&second, 1))).await.is_ok());
}

#[tokio::test]
async fn a_call_that_is_given_up_frees_its_slot() {
    let world = World::new().await;
    let mut client = client(&world, 1, 1);
    let request = world.request(1, "hello");
    let (running, _gate) = held(&world, &client, &request).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    let answer = client.deliver(call(ORIGIN, envelope(&request, 2))).await.unwrap().into_inner();
    assert_eq!(open_answer(&request, answer.into()).content(), "hello #2");
    assert_eq!(world.ledger().len(), 1, "the one given up left nothing in the record of {HERE}");
}
