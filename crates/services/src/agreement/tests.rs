//! Documents through the local API.

use super::*;
use crate::testing::{ANSWERS, ASKS, World, declared, now, pact, published, signed_pact};
use concord_agreements::{Act, Agreement, Declaration, Documents, LocalRule, LocalRules, Rules, Terms};
use concord_domain::wanted::Field;
use concord_domain::{FixedClock, Purpose, SystemEntropy};
use concord_gateway::InForce;
use concord_store::{Change, Write};
use concord_trust::sha256;
use concord_wire::pb::agreement::v1::DocumentState;
use concord_wire::pb::agreement::v1::agreement_service_client::AgreementServiceClient;
use std::time::Duration;

struct Api {
    world: World,
    authority: Authority,
    client: AgreementServiceClient<AgreementServiceServer<AgreementApi>>,
}

impl Api {
    /// With charter, cards and keyrings, and the pact in force.
    async fn new() -> Self {
        let world = World::new().await;
        let (documents, pinned) = published();
        let library = Library::new(world.store.clone(), pinned, Arc::default());
        library.replace(documents).await.unwrap();
        let authority = Authority::new(InForce { rules: crate::testing::rules(&[Field::Name]), epoch: 1 });
        let clock = Arc::new(FixedClock::at(now()));
        let api = AgreementApi::new(library, authority.clone(), clock, Arc::new(SystemEntropy));
        Self { world, authority, client: AgreementServiceClient::new(api.into_service()) }
    }

    async fn submit(&mut self, file: SignedFile) -> Result<pb::Document, Status> {
        let request = pb::SubmitDocumentRequest {
            kind: "agreement".to_owned(),
            content: file.bytes,
            signatures: file.signatures.into_iter().map(Into::into).collect(),
        };
        Ok(self.client.submit_document(request).await?.into_inner().document.unwrap())
    }

    async fn listed(&mut self, kind: &str) -> Vec<pb::Document> {
        let request = pb::ListDocumentsRequest { kind: kind.to_owned() };
        let mut stream = self.client.list_documents(request).await.unwrap().into_inner();
        let mut all = Vec::new();
        while let Some(page) = stream.message().await.unwrap() {
            all.extend(page.documents);
        }
        all
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_submitted_is_listed_and_can_be_had() {
    let mut api = Api::new().await;
    assert_eq!(api.listed("").await.len(), 1 + 2 + 2);
    let document = api.submit(signed_pact(&pact(&[Field::Name]), &[ASKS])).await.unwrap();
    assert_eq!(document.signers, [ASKS]);
    let again = api.submit(signed_pact(&pact(&[Field::Name]), &[ANSWERS])).await.unwrap();
    assert_eq!(again.signers.len(), 2, "signatures are added");
    assert_eq!(again.state(), DocumentState::InForce);
    assert_eq!(api.listed("agreement").await, std::slice::from_ref(&again));
    assert!(api.listed("card").await.iter().all(|card| card.state() == DocumentState::InForce));
    let request = pb::GetDocumentRequest { digest: again.digest.clone() };
    let got = api.client.get_document(request).await.unwrap().into_inner();
    assert_eq!(got.content, pact(&[Field::Name]).to_toml().into_bytes());
    assert_eq!((got.document, got.signatures.len()), (Some(again), 2));
}

#[tokio::test(start_paused = true)]
async fn everything_that_decisions_rest_on_can_be_had_at_once() {
    let mut api = Api::new().await;
    api.submit(signed_pact(&pact(&[Field::Name]), &[ASKS, ANSWERS])).await.unwrap();
    let digest = sha256(&[pact(&[Field::Name]).to_toml().as_bytes()]);
    let saw = Change::SawSequence { document: "agreement/pact".to_owned(), sequence: 1, digest };
    let write = Write { name: "test_saw", guards: vec![], changes: vec![saw], entries: vec![] };
    api.world.store.submit(write).await.unwrap();
    let stream = api.client.export_documents(pb::ExportDocumentsRequest {}).await.unwrap();
    let messages: Vec<_> = stream.into_inner().map(Result::unwrap).collect().await;
    let (charter, seen): (Vec<_>, Vec<_>) =
        messages.iter().map(|m| (m.charter_sha256.clone(), m.seen.clone())).unzip();
    assert_eq!(charter.concat(), published().1.as_bytes());
    let seen = seen.concat();
    assert_eq!((seen.len(), seen[0].document.as_str(), seen[0].sequence), (1, "agreement/pact", 1));
    assert_eq!(seen[0].digest, digest.as_bytes());
    let documents: Vec<_> = messages.into_iter().flat_map(|m| m.documents).collect();
    assert_eq!(documents.len(), 1 + 2 + 2 + 1);
    let pact_text = pact(&[Field::Name]).to_toml().into_bytes();
    let exported = documents.iter().find(|d| d.content == pact_text).unwrap();
    assert_eq!((exported.kind.as_str(), exported.signatures.len()), ("agreement", 2));
}

#[tokio::test(start_paused = true)]
async fn own_rules_are_told_as_they_are_written() {
    let mut api = Api::new().await;
    let rules = api.client.get_local_rules(pb::GetLocalRulesRequest {}).await.unwrap().into_inner();
    assert_eq!(rules.rules_toml, "", "there are none");
    let local = LocalRules::new(vec![LocalRule {
        name: "no research".to_owned(),
        when: None,
        agencies: None,
        operations: None,
        purposes: Some(vec![Purpose::Research]),
        branches: None,
        handling_above: None,
        vetting: None,
    }]);
    let local = local.unwrap();
    let written = "[[rules]]\nname = \"no research\"\npurposes = [\"research\"]\n";
    let directory = crate::testing::rules(&[]).directory().clone();
    let (rules, _) = Rules::build(Documents::default(), directory, local, |_| None);
    api.authority.replace(InForce { rules: Arc::new(rules), epoch: 2 });
    let rules = api.client.get_local_rules(pb::GetLocalRulesRequest {}).await.unwrap().into_inner();
    assert_eq!(rules.rules_toml, written);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_is_refused_by_blame() {
    let mut api = Api::new().await;
    let code = |refused: Result<pb::Document, Status>| refused.unwrap_err().code();
    let unsigned = signed_pact(&pact(&[Field::Name]), &[]);
    assert_eq!(code(api.submit(unsigned).await), Code::PermissionDenied);
    let nonsense = SignedFile::unsigned("x", "[".to_owned());
    assert_eq!(code(api.submit(nonsense).await), Code::InvalidArgument);
    let request = pb::SubmitDocumentRequest { kind: "letter".to_owned(), ..Default::default() };
    assert_eq!(api.client.submit_document(request).await.unwrap_err().code(), Code::InvalidArgument);
    let unknown = pb::GetDocumentRequest { digest: vec![0; 32] };
    assert_eq!(api.client.get_document(unknown).await.unwrap_err().code(), Code::NotFound);
    let request = pb::ListDocumentsRequest { kind: "letter".to_owned() };
    assert_eq!(api.client.list_documents(request).await.unwrap_err().code(), Code::InvalidArgument);
    assert!(api.listed("agreement").await.is_empty());
}

/// What a withdrawal by the one who asks counts for, a day after it was issued, if it takes effect `after` days.
fn withdrawal(notice_days: u16, after: u32) -> DocumentState {
    let pact = pact(&[Field::Name]);
    let terms = Terms { withdrawal_notice_days: notice_days, ..pact.terms.clone() };
    let pact = Agreement { terms, ..pact };
    let declaration = Declaration {
        agreement: pact.id.clone(),
        version: 1,
        party: ASKS.parse().unwrap(),
        sequence: 1,
        issued: now(),
        act: Act::Withdrawal { effective_at: now().plus(after * DAY) },
    };
    let declared = declared(&declaration);
    let at = DocumentRef::of(DocumentKind::Declaration, &declared).unwrap();
    let documents =
        Documents { agreements: vec![signed_pact(&pact, &[ASKS, ANSWERS])], declarations: vec![declared] };
    let directory = crate::testing::rules(&[]).directory().clone();
    let (rules, _) = Rules::build(documents, directory, LocalRules::default(), |_| None);
    States::new(Arc::new(rules), now().plus(DAY)).of(&at).0
}

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn a_withdrawal_counts_only_with_the_notice_that_the_agreement_asks_for() {
    assert_eq!(withdrawal(10, 10), DocumentState::Upcoming);
    assert_eq!(withdrawal(10, 9), DocumentState::Idle, "its party stays bound");
    assert_eq!(withdrawal(1, 1), DocumentState::InForce);
}
