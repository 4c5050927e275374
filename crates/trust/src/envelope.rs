//! The one thing that travels: a signed context and a sealed body.
//!
//! The rules, each with the place that keeps it:
//!
//! - A request is signed once over context, digest of the sealed body, commitment and dispatch ([`SealedRequest::dispatch`]).
//!   Its digest ([`SealedRequest::digest`]) leaves the dispatch out, so that a later attempt is the same request.
//! - The context is the body's associated data; an answer is sealed with the request's digest as associated data,
//!   so that no answer fits another request.
//! - The content of a request's body is a [`Brief`]: the service's ask, and for a brokered request the signed requests of
//!   those for whom it is asked, with their openings.
//! - A carrier appends a signed hop ([`Hop`]) and changes nothing else: [`VerifiedRequest`] -> [`CarriedRequest`] ->
//!   [`Envelope`]. It answers for its predecessor; the destination verifies the whole line.
//! - Commitment = SHA-256(salt ‖ content); salt and content stand in the sealed body and are checked after opening.
//! - A broker whose officers vet answers [`Pending`] with a reference; a later request of the same content continues under it.
//! - A receiver goes [`Envelope`] -> [`VerifiedRequest`] (signature, digest) -> [`AddressedRequest`] (address, time,
//!   peer, protocol) -> content; each step takes the one before, so none can be left out.
//! - Bodies are padded to size classes ([`Body`]); officer, case and subject stand in the body only.

mod answer;
mod body;
mod brief;
mod context;
mod pending;
mod request;
mod trail;

pub use answer::{
    Answer, AnswerContext, AnswerInvalid, Attached, Opening, Reply, SealedAnswer, Source, Verdict,
};
pub use body::{Body, BodyTooLong, Opened};
pub use brief::{BEHALF_MAX, Brief, Principal, Voucher};
pub use context::{ATTEMPTS_MAX, CLOCK_SKEW_MAX, Context, LIFE_MAX, PROTOCOL, SUITE};
pub use pending::Pending;
pub use request::{
    AddressedRequest, CarriedRequest, Dispatch, Envelope, EnvelopeInvalid, SealedRequest, VerifiedRequest,
};
pub use trail::{HOP_BYTES_MAX, HOPS_MAX, Hop};

/// Reads the whole of `bytes`: what stands behind a value would be signed without meaning anything.
fn decode_all<'b, T: minicbor::Decode<'b, ()>>(bytes: &'b [u8]) -> Option<T> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder.decode().ok()?;
    (decoder.position() == bytes.len()).then_some(value)
}

#[cfg(test)]
mod tests;
