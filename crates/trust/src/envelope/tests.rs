//! Each rule of the envelope, with what breaks it. What an honest agency's code cannot produce is forged here byte
//! by byte, which also pins the layout that others read.

mod answer;
mod request;
mod trail;

use super::{Body, Context, Dispatch, Envelope, PROTOCOL, SUITE, SealedRequest};
use crate::testing::{NOW, agency, key, sealing_key};
use crate::{Kind, SealingPublicKey, SigningKey, sha256};
use concord_domain::{AgreementRef, Digest, Handling, Purpose, RequestId, SystemEntropy};
use minicbor::Encoder;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const CONTENT: &[u8] = b"who is asked about";
const SALT: [u8; 32] = [9; 32];

/// Yunnan asks Gansu, now, for a minute.
fn context() -> Context {
    Context {
        protocol: PROTOCOL,
        suite: SUITE,
        id: RequestId([1; 16]),
        origin: agency("yn.police.cn"),
        destination: agency("gs.police.cn"),
        operation: "wanted.search".parse().unwrap(),
        purpose: Purpose::FugitiveApprehension,
        handling: Handling::default(),
        branch: None,
        agreement: AgreementRef { id: "northwest".parse().unwrap(), version: 1, digest: Digest([2; 32]) },
        origin_keyring: 1,
        destination_keyring: 1,
        sealing_key: sealing_key("gs.police.cn").public().key_id(),
        created: NOW,
        expires: NOW.plus(60_000 * MS),
    }
}

fn body() -> Body {
    Body::new(CONTENT.to_vec(), &SystemEntropy).unwrap()
}

fn sealed(context: Context) -> SealedRequest {
    SealedRequest::seal(context, &body(), sealing_key("gs.police.cn").public(), &SystemEntropy)
}

fn dispatch(attempt: u32) -> Dispatch {
    Dispatch { attempt, next: agency("gs.police.cn"), sent: NOW }
}

fn origin_key() -> SigningKey {
    key("yn.police.cn", "message")
}

fn envelope(context: Context) -> Envelope {
    sealed(context).dispatch(dispatch(1), &origin_key())
}

fn encoded(write: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Encoder::new(&mut out));
    out
}

/// Salt, content and what is attached, before padding.
fn layout(content: &[u8], attached: Option<&[u8]>) -> Vec<u8> {
    encoded(|e| {
        e.array(3).unwrap().bytes(&SALT).unwrap().bytes(content).unwrap();
        match attached {
            Some(attached) => e.bytes(attached).unwrap(),
            None => e.null().unwrap(),
        };
    })
}

fn padded(mut layout: Vec<u8>) -> Vec<u8> {
    layout.resize(1 << 10, 0);
    layout
}

fn commitment(content: &[u8]) -> Digest {
    sha256(&[&SALT, content])
}

/// Opened bytes sealed as they are.
fn seal(bytes: &[u8], associated: &[u8], to: &SealingPublicKey) -> Vec<u8> {
    to.seal(bytes, associated, &SystemEntropy)
}

/// What an origin signs: context, digest of the sealed body, commitment, dispatch.
fn payload(context: &[u8], sealed: &[u8], commitment: Digest) -> Vec<u8> {
    encoded(|e| {
        e.array(4).unwrap().bytes(context).unwrap();
        e.encode(sha256(&[sealed])).unwrap().encode(commitment).unwrap().encode(dispatch(1)).unwrap();
    })
}

fn forged(payload: Vec<u8>, sealed_body: Vec<u8>) -> Envelope {
    Envelope { request: origin_key().sign(Kind::Request, payload), hops: vec![], sealed_body }
}
