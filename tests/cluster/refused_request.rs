//! What the local API refuses of its own agency's systems and officers, and how it says so.

use crate::PROGRAM;
use concord_client::{ClientError, Rejection};
use concord_domain::{Clock, Role, SystemClock, SystemEntropy, Workload};
use concord_pki::{CredentialFiles, NodeFolder, Validity, issue_client};
use concord_testkit::caller;
use concord_testkit::cluster::{TestCluster, agency};
use concord_testkit::people::{notice, passport};
use concord_wire::Problems;
use concord_wire::pb::ledger::v1::GetCheckpointRequest;
use concord_wire::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_wire::pb::person::v1 as person;
use concord_wire::pb::register::v1::StatsRequest;
use concord_wire::pb::register::v1::register_service_client::RegisterServiceClient;
use concord_wire::pb::request::v1 as pb_request;
use concord_wire::pb::wanted::v1 as pb;
use concord_wire::pb::wanted::v1::wanted_service_client::WantedServiceClient;
use futures_util::StreamExt;
use std::time::Duration;
use tonic::Code;
use tonic::transport::Channel;

const YUNNAN: &str = "yn.police.cn";
const SICHUAN: &str = "sc.police.cn";

/// Stands in every field that could name a person: no error may repeat it.
const SECRET: &str = "Marker";

const PASSPORT: i32 = 2;

/// A change to a good request.
type Alter = Box<dyn Fn(&mut pb::SearchRequest)>;

struct World {
    cluster: TestCluster,
}

impl World {
    async fn start() -> Self {
        let cluster = TestCluster::start(PROGRAM, &[YUNNAN, SICHUAN]).await.unwrap();
        cluster.import(SICHUAN, "sample", vec![notice(7, "Person Number 7")]).await.unwrap();
        Self { cluster }
    }

    fn channel(&self, files: &CredentialFiles) -> Channel {
        let address = &self.cluster.node(YUNNAN).local_api;
        caller::channel(&self.cluster.layout(), &agency(YUNNAN), files, address)
    }

    fn application(&self) -> Channel {
        self.channel(&self.cluster.files(YUNNAN).client(NodeFolder::APPLICATION))
    }

    fn officer(&self) -> Channel {
        self.channel(&self.cluster.files(YUNNAN).client(NodeFolder::OFFICER))
    }

    /// An application with these roles and no others.
    fn with_roles(&self, file: &str, roles: &[Role]) -> Channel {
        let client = concord_pki::Client {
            file: file.to_owned(),
            workload: Workload::App(file.to_owned()),
            roles: roles.iter().map(ToString::to_string).collect(),
        };
        let validity = Validity::starting(SystemClock.now(), Duration::from_secs(3600));
        let issued = issue_client(&self.cluster.layout(), &agency(YUNNAN), &client, validity, &SystemEntropy);
        self.channel(&issued.unwrap())
    }

    async fn entries(&self) -> usize {
        let client = self.cluster.application(YUNNAN).unwrap();
        client.entries(0, None).await.unwrap().count().await
    }
}

/// A request that nothing is wrong with, by an application.
fn good() -> pb::SearchRequest {
    let identifier = person::Identifier { kind: PASSPORT, number: passport(7), country: String::new() };
    pb::SearchRequest {
        subject: Some(person::Subject { identifiers: vec![identifier], ..Default::default() }),
        scope: Some(listed(&[SICHUAN])),
        purpose: pb_request::Purpose::FugitiveApprehension.into(),
        case_reference: format!("A-2026-001 {SECRET}"),
        officer: format!("053211 {SECRET}"),
        handling: None,
        branch: 0,
        offence_nature: 0,
    }
}

fn listed(agencies: &[&str]) -> pb::Scope {
    let term = |name: &&str| pb::ScopeTerm { term: Some(pb::scope_term::Term::Agencies((*name).to_owned())) };
    pb::Scope { terms: agencies.iter().map(term).collect(), except: vec![] }
}

fn subject(request: &mut pb::SearchRequest) -> &mut person::Subject {
    request.subject.as_mut().unwrap()
}

fn identifier(kind: i32, number: &str) -> person::Identifier {
    person::Identifier { kind, number: number.to_owned(), country: String::new() }
}

/// How many findings it brought.
async fn served(channel: &Channel, request: pb::SearchRequest) -> usize {
    let stream = WantedServiceClient::new(channel.clone()).search(request).await.unwrap().into_inner();
    let messages: Vec<_> = stream.map(|message| message.unwrap().result.unwrap()).collect().await;
    assert!(matches!(messages.last(), Some(pb::search_response::Result::Summary(_))));
    messages.len() - 1
}

async fn rejected(channel: &Channel, request: pb::SearchRequest) -> Rejection {
    let status =
        WantedServiceClient::new(channel.clone()).search(request).await.expect_err("it should be refused");
    assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
    let ClientError::Rejected(rejection) = ClientError::from(status.clone()) else { panic!("{status}") };
    *rejection
}

/// The fields that are wrong, as INVALID_ARGUMENT names them.
async fn wrong_fields(channel: &Channel, request: pb::SearchRequest) -> Vec<String> {
    let rejection = rejected(channel, request).await;
    assert_eq!(rejection.code, Code::InvalidArgument, "{rejection}");
    assert_eq!(rejection.reason.as_deref(), Some("INVALID_FIELDS"), "{rejection}");
    assert!(rejection.violations.iter().all(|violation| !violation.message.is_empty()));
    let mut fields: Vec<_> = rejection.violations.into_iter().map(|violation| violation.field).collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn everything_missing_is_named_at_once() {
    let world = World::start().await;
    let (application, officer) = (world.application(), world.officer());
    let before = world.entries().await;
    let mandatory = ["case_reference", "officer", "purpose", "scope", "subject"];
    assert_eq!(wrong_fields(&application, pb::SearchRequest::default()).await, mandatory);
    // An officer's certificate is the officer.
    let named = mandatory.iter().filter(|field| **field != "officer").copied().collect::<Vec<_>>();
    assert_eq!(wrong_fields(&officer, pb::SearchRequest::default()).await, named);
    let each: [(&str, Alter); 5] = [
        ("case_reference", Box::new(|request| request.case_reference.clear())),
        ("officer", Box::new(|request| request.officer.clear())),
        ("purpose", Box::new(|request| request.purpose = 0)),
        ("scope", Box::new(|request| request.scope = None)),
        ("subject", Box::new(|request| request.subject = None)),
    ];
    for (field, clear) in each {
        let mut request = good();
        clear(&mut request);
        assert_eq!(wrong_fields(&application, request).await, [field]);
    }
    assert_eq!(world.entries().await, before, "nothing was asked");
    assert_eq!(served(&application, good()).await, 1);
}

#[tokio::test]
async fn each_wrong_value_is_named_by_its_path() {
    let world = World::start().await;
    let application = world.application();
    let before = world.entries().await;
    let long = |chars| SECRET.repeat(chars / SECRET.len() + 1);
    let cases: Vec<(Vec<&str>, Alter)> = vec![
        (vec!["purpose"], Box::new(|request| request.purpose = 99)),
        (vec!["branch"], Box::new(|request| request.branch = 99)),
        (vec!["handling.level"], Box::new(|request| request.handling = Some(handling(99, 0)))),
        (vec!["handling.code"], Box::new(|request| request.handling = Some(handling(0, -1)))),
        (vec!["case_reference"], Box::new(move |request| request.case_reference = long(128))),
        (vec!["officer"], Box::new(|request| request.officer = format!("{SECRET}\u{7}{SECRET}"))),
        (vec!["subject"], Box::new(|request| subject(request).identifiers.clear())),
        (vec!["subject.names[1]"], Box::new(|request| subject(request).names = vec!["A".into(), " ".into()])),
        (vec!["subject.names[0]"], Box::new(move |request| subject(request).names = vec![long(256)])),
        (vec!["subject.names"], Box::new(|request| subject(request).names = vec![SECRET.into(); 9])),
        (vec!["subject.birth"], Box::new(|request| subject(request).birth = format!("1980-{SECRET}"))),
        (vec!["subject.sex"], Box::new(|request| subject(request).sex = 3)),
        (
            vec![
                "subject.identifiers[1].kind",
                "subject.identifiers[2].number",
                "subject.identifiers[3].number",
            ],
            Box::new(move |request| {
                let more = [identifier(0, SECRET), identifier(PASSPORT, ""), identifier(PASSPORT, &long(64))];
                subject(request).identifiers.extend(more);
            }),
        ),
        (
            vec!["subject.identifiers"],
            Box::new(|request| subject(request).identifiers = vec![identifier(PASSPORT, SECRET); 9]),
        ),
        (vec!["scope.terms"], Box::new(|request| request.scope = Some(listed(&[])))),
        (vec!["scope.terms"], Box::new(|request| request.scope = Some(listed(&[SICHUAN; 257])))),
        (vec!["scope.terms[1].agencies"], Box::new(|r| r.scope = Some(listed(&[SICHUAN, "Sichuan"])))),
        (vec!["scope"], Box::new(|request| request.scope = Some(listed(&["*.sc.police.cn"])))),
        (vec!["scope"], Box::new(|request| request.scope = Some(listed(&[YUNNAN, SICHUAN])))),
        (vec!["scope"], Box::new(|request| request.scope = Some(members_of("unheard-of")))),
        (vec!["scope.terms[0].agreement"], Box::new(|request| request.scope = Some(members_of("Not an id")))),
    ];
    for (fields, alter) in cases {
        let mut request = good();
        alter(&mut request);
        let found = wrong_fields(&application, request).await;
        assert_eq!(found, fields);
    }
    assert_eq!(world.entries().await, before, "nothing was asked");
    assert_eq!(served(&application, good()).await, 1);
}

fn handling(level: i32, code: i32) -> pb_request::Handling {
    pb_request::Handling { level, code }
}

fn members_of(agreement: &str) -> pb::Scope {
    let term = Some(pb::scope_term::Term::Agreement(agreement.to_owned()));
    pb::Scope { terms: vec![pb::ScopeTerm { term }], except: vec![] }
}

/// However much is wrong, the answer stays small enough to arrive.
#[tokio::test]
async fn what_is_too_much_is_told_with_its_limit() {
    let world = World::start().await;
    let application = world.application();
    let mut request = good();
    subject(&mut request).identifiers = vec![identifier(0, ""); 5000];
    assert_eq!(wrong_fields(&application, request).await.len(), Problems::COUNT_MAX);
    let names: Vec<_> = (0..64).map(|n| format!("多{n}").repeat(100)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let rejection = rejected(&application, pb::SearchRequest { scope: Some(listed(&names)), ..good() }).await;
    assert_eq!(rejection.code, Code::InvalidArgument, "{rejection}");
    assert_eq!(rejection.violations.len(), Problems::COUNT_MAX);
    // The limit of a search's message is 64 KiB.
    let rejection =
        rejected(&application, pb::SearchRequest { case_reference: "A".repeat(70_000), ..good() }).await;
    assert!(rejection.code == Code::OutOfRange && rejection.message.contains("65536"), "{rejection}");
    assert_eq!(served(&application, good()).await, 1);
}

#[tokio::test]
async fn a_role_is_needed_for_each_service() {
    let world = World::start().await;
    let inquirer = world.with_roles("inquirer", &[Role::Inquirer]);
    let registrar = world.with_roles("registrar", &[Role::Registrar]);
    let auditor = world.with_roles("auditor", &[Role::Auditor]);
    let nothing = world.with_roles("nothing", &[]);
    for (who, channel) in [("registrar", &registrar), ("auditor", &auditor), ("nothing", &nothing)] {
        let rejection = rejected(channel, good()).await;
        assert_eq!((rejection.code, rejection.reason.as_deref()), DENIED, "{who}");
    }
    let stats = |channel: &Channel| {
        let mut service = RegisterServiceClient::new(channel.clone());
        async move { service.stats(StatsRequest {}).await.map(drop) }
    };
    let checkpoint = |channel: &Channel| {
        let mut service = LedgerServiceClient::new(channel.clone());
        async move { service.get_checkpoint(GetCheckpointRequest {}).await.map(drop) }
    };
    stats(&registrar).await.unwrap();
    checkpoint(&auditor).await.unwrap();
    for (who, refused) in [
        ("inquirer, register", stats(&inquirer).await),
        ("auditor, register", stats(&auditor).await),
        ("nothing, register", stats(&nothing).await),
        ("officer, register", stats(&world.officer()).await),
        ("inquirer, ledger", checkpoint(&inquirer).await),
        ("registrar, ledger", checkpoint(&registrar).await),
        ("officer, ledger", checkpoint(&world.officer()).await),
    ] {
        assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied, "{who}");
    }
    // An application without the role `on-behalf` cannot act for an officer, so it cannot search at all.
    let rejection = rejected(&inquirer, good()).await;
    assert_eq!((rejection.code, rejection.reason.as_deref()), NOT_ALLOWED);
}

const DENIED: (Code, Option<&str>) = (Code::PermissionDenied, Some("ROLE_MISSING"));
const NOT_ALLOWED: (Code, Option<&str>) = (Code::PermissionDenied, Some("OFFICER_NOT_ALLOWED"));

#[tokio::test]
async fn an_officer_speaks_for_nobody_else() {
    let world = World::start().await;
    let officer = world.officer();
    let rejection = rejected(&officer, good()).await;
    assert_eq!((rejection.code, rejection.reason.as_deref()), NOT_ALLOWED);
    for own in ["", "053211"] {
        assert_eq!(served(&officer, pb::SearchRequest { officer: own.into(), ..good() }).await, 1);
    }
}
