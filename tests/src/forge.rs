//! Envelopes as only a member's own node could make them, and as no honest node would: everything that a context
//! claims can be altered before it is signed with the member's real key.

use crate::caller;
use concord_agreements::{LocalRules, Rules};
use concord_domain::wanted::Subject;
use concord_domain::{AgencyId, AgreementId, AgreementRef, Clock, Digest, Handling, Purpose, RequestId};
use concord_domain::{SystemClock, SystemEntropy};
use concord_ledger::Receipt;
use concord_pki::{KeyName, Layout};
use concord_trust::envelope::{
    Body, Context, Dispatch, Envelope, PROTOCOL, Reply, SUITE, SealedAnswer, SealedRequest,
};
use concord_trust::{Keyring, Kind, SealingKey, Signed, SigningKey, sha256};
use concord_wire::Ask;
use concord_wire::pb::federation::v1::federation_service_client::FederationServiceClient;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;
use tonic::transport::Channel;

/// The life that a forged envelope claims where nothing else is asked for.
const LIFE: Duration = Duration::from_secs(60);

/// An origin's keys in the hands of a test, and a way to one destination.
#[derive(Debug)]
pub struct Forger {
    /// Signs in the origin's name.
    pub message: SigningKey,
    sealing: SealingKey,
    origin: AgencyId,
    destination: AgencyId,
    rules: Rules,
    service: FederationServiceClient<Channel>,
}

/// A reply whose signature, binding and receipt were verified.
#[derive(Debug)]
pub struct Verified {
    /// What was answered.
    pub reply: Reply,
    /// Where it stands in the destination's ledger.
    pub receipt: Receipt,
}

impl Forger {
    /// Takes the keys out of the origin's folder; `address` is the destination's federation API.
    ///
    /// # Panics
    /// If the folder is not that of a generated federation.
    pub fn new(layout: &Layout, origin: &AgencyId, destination: &AgencyId, address: &str) -> Self {
        Self::carried_by(layout, origin, origin, destination, address)
    }

    /// The same over the connection of another agency's node.
    ///
    /// # Panics
    /// As [`Forger::new`].
    pub fn carried_by(
        layout: &Layout,
        carrier: &AgencyId,
        origin: &AgencyId,
        destination: &AgencyId,
        address: &str,
    ) -> Self {
        let folder = layout.node(origin);
        let text = |name| std::fs::read_to_string(folder.key(name)).expect("a key file");
        let charter = sha256(&[&std::fs::read(layout.charter()).expect("a charter")]);
        let directory = concord_trust::Directory::read(&layout.federation(), charter, |_: &str| None);
        let (directory, _) = directory.expect("a directory");
        let (rules, _) =
            Rules::read(&layout.federation(), Arc::new(directory), LocalRules::default(), |_| None);
        let channel = caller::channel(layout, destination, &layout.node(carrier).node(), address);
        Self {
            message: SigningKey::from_text(&text(KeyName::Message)).expect("a message key"),
            sealing: SealingKey::from_text(&text(KeyName::Sealing)).expect("a sealing key"),
            origin: origin.clone(),
            destination: destination.clone(),
            rules,
            service: FederationServiceClient::new(channel),
        }
    }

    /// The exact text of an agreement.
    ///
    /// # Panics
    /// If the federation has none of that name.
    pub fn agreement(&self, id: &str) -> AgreementRef {
        let id: AgreementId = id.parse().expect("an agreement's id");
        self.rules.get(&id, SystemClock.now()).expect("an agreement").reference()
    }

    /// The destination's keyring.
    ///
    /// # Panics
    /// If it publishes none.
    pub fn peer(&self) -> &Signed<Keyring> {
        self.rules.directory().keyring(&self.destination).expect("a keyring")
    }

    /// A context with nothing wrong in it.
    pub fn context(&self, agreement: &str) -> Context {
        let now = SystemClock.now();
        Context {
            protocol: PROTOCOL,
            suite: SUITE,
            id: RequestId::random(&SystemEntropy),
            origin: self.origin.clone(),
            destination: self.destination.clone(),
            operation: "wanted.search".parse().expect("an operation"),
            purpose: Purpose::FugitiveApprehension,
            handling: Handling::default(),
            branch: None,
            agreement: self.agreement(agreement),
            origin_keyring: 1,
            destination_keyring: self.peer().sequence,
            sealing_key: self.peer().sealing.key_id(),
            created: now,
            expires: now.plus(LIFE),
        }
    }

    /// Seals this content to the destination.
    ///
    /// # Panics
    /// If the content is over the limit of a body.
    pub fn seal(&self, context: Context, content: Vec<u8>) -> SealedRequest {
        let body = Body::new(content, &SystemEntropy).expect("a body");
        SealedRequest::seal(context, &body, &self.peer().sealing, &SystemEntropy)
    }

    /// Signs an attempt that is handed straight to the destination.
    pub fn attempt(&self, request: &SealedRequest, attempt: u32) -> Envelope {
        request.dispatch(self.dispatch(attempt), &self.message)
    }

    /// An attempt that is handed straight to the destination.
    pub fn dispatch(&self, attempt: u32) -> Dispatch {
        Dispatch { attempt, next: self.destination.clone(), sent: SystemClock.now() }
    }

    /// Signs parts that do not belong together, with the origin's real key.
    ///
    /// # Panics
    /// Never: plain fields encode.
    pub fn misfit(&self, context: &Context, sealed_body: Vec<u8>, commitment: Digest) -> Envelope {
        let parts = Parts {
            context: minicbor::to_vec(context).expect("a context encodes"),
            sealed: sha256(&[&sealed_body]),
            commitment,
            dispatch: self.dispatch(1),
        };
        let payload = minicbor::to_vec(parts).expect("parts encode");
        Envelope { request: self.message.sign(Kind::Request, payload), sealed_body }
    }

    /// Hands an envelope over.
    ///
    /// # Errors
    /// The destination's status where there is no signed answer.
    pub async fn deliver(&self, envelope: Envelope) -> Result<SealedAnswer, Status> {
        let answer = self.service.clone().deliver(tonic::Request::new(envelope.into())).await?;
        Ok(answer.into_inner().into())
    }

    /// Opens an answer to `request` and verifies its receipt, all with the destination's published keys.
    ///
    /// # Panics
    /// If the answer is not signed by the destination, not bound to the request, or has no valid receipt.
    pub fn open(&self, request: &SealedRequest, answer: SealedAnswer) -> Verified {
        let reply = answer.open(request, self.peer(), &[&self.sealing]).expect("an answer to this request");
        let receipt = Receipt::verify(&reply.attached.receipt, &self.destination, &self.peer().message);
        Verified { receipt: receipt.expect("a valid receipt"), reply }
    }
}

/// What the origin signs, as `concord_trust::envelope` encodes it.
#[derive(minicbor::Encode)]
struct Parts {
    #[cbor(n(0), with = "minicbor::bytes")]
    context: Vec<u8>,
    #[n(1)]
    sealed: Digest,
    #[n(2)]
    commitment: Digest,
    #[n(3)]
    dispatch: Dispatch,
}

/// What is asked about the generated person with that number.
///
/// # Panics
/// Never.
pub fn ask(number: u32) -> Vec<u8> {
    let passport = format!("passport:{}", crate::people::passport(number)).parse().expect("a passport");
    Ask {
        subject: Subject::new(&[], vec![passport]).expect("a subject"),
        case: "A-2026-001".parse().expect("a case"),
        officer: "053211".parse().expect("an officer"),
    }
    .encode()
}
