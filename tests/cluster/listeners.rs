//! What the two listeners offer: to an agency's own everything by role, to other nodes one service and no catalogue.

use crate::PROGRAM;
use concord_pki::NodeFolder;
use concord_testkit::caller;
use concord_testkit::cluster::{TestCluster, agency};
use concord_wire::pb::federation::v1::DeliverRequest;
use concord_wire::pb::federation::v1::federation_service_client::FederationServiceClient;
use concord_wire::pb::register::v1::StatsRequest;
use concord_wire::pb::register::v1::register_service_client::RegisterServiceClient;
use concord_wire::pb::wanted::v1::SearchRequest;
use concord_wire::pb::wanted::v1::wanted_service_client::WantedServiceClient;
use futures_util::StreamExt;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";

/// SERVING (grpc.health.v1).
const SERVING: i32 = 1;

async fn health(channel: &Channel) -> Result<i32, Status> {
    let answer = HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await?;
    Ok(answer.into_inner().status)
}

/// The services that a listener's reflection names.
async fn reflected(channel: &Channel) -> Result<Vec<String>, Status> {
    let list = MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let mut client = ServerReflectionClient::new(channel.clone());
    let requests = futures_util::stream::iter([request]);
    let mut answers = client.server_reflection_info(requests).await?.into_inner();
    let answer = answers.next().await.expect("an answer")?;
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}")
    };
    let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    Ok(names)
}

#[tokio::test]
async fn own_callers_see_a_catalogue_and_other_nodes_do_not() {
    let cluster = TestCluster::start(PROGRAM, &[YUNNAN, SICHUAN]).await.unwrap();
    let (layout, sichuan) = (cluster.layout(), agency(SICHUAN));
    let officer = cluster.files(SICHUAN).client(NodeFolder::OFFICER);
    let local = caller::channel(&layout, &sichuan, &officer, &cluster.node(SICHUAN).local_api);
    let node = cluster.files(YUNNAN).node();
    let federation = caller::channel(&layout, &sichuan, &node, &cluster.node(SICHUAN).federation_api);

    assert_eq!(health(&local).await.unwrap(), SERVING);
    assert_eq!(health(&federation).await.unwrap(), SERVING);

    let services = reflected(&local).await.unwrap();
    for name in
        ["concord.wanted.v1.WantedService", "concord.register.v1.RegisterService", "grpc.health.v1.Health"]
    {
        assert!(services.iter().any(|service| service == name), "{name} in {services:?}");
    }
    assert!(!services.iter().any(|service| service.contains("federation")), "{services:?}");
    assert_eq!(reflected(&federation).await.unwrap_err().code(), Code::Unimplemented);

    let search = WantedServiceClient::new(federation.clone()).search(SearchRequest::default()).await;
    assert_eq!(search.unwrap_err().code(), Code::Unimplemented, "a node searches nobody's register this way");
    let stats = RegisterServiceClient::new(federation).stats(StatsRequest {}).await;
    assert_eq!(stats.unwrap_err().code(), Code::Unimplemented);
    let deliver = FederationServiceClient::new(local).deliver(DeliverRequest::default()).await;
    assert_eq!(deliver.unwrap_err().code(), Code::PermissionDenied);
}
