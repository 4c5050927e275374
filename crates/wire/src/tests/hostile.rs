//! Bytes from strangers: read or refused, never a panic.

use crate::directory::{Ping, decode_ping_answer, decode_ping_ask, encode_ping_answer};
use crate::pb;
use crate::testing::{candidate, finding, passed, query};
use crate::vetting::{Deciding, WaitingSearch};
use crate::wanted::{Ask, SearchEvent, decode_answer, encode_answer};
use concord_domain::wanted::{Finding, Notice, Query};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use prost::Message;

/// Reads the bytes as every message that comes from outside; whether the bytes are any of them matters not.
fn read_as_anything(bytes: &[u8]) {
    drop((Ask::decode(bytes), decode_answer(bytes)));
    drop((decode_ping_ask(bytes), decode_ping_answer(bytes)));
    drop(pb::directory::v1::PingRequest::decode(bytes).map(Ping::try_from));
    drop(pb::wanted::v1::SearchRequest::decode(bytes).map(Query::try_from));
    drop(pb::wanted::v1::SearchResponse::decode(bytes).map(SearchEvent::try_from));
    drop(pb::wanted::v1::WatchResponse::decode(bytes).map(SearchEvent::try_from));
    drop(pb::vetting::v1::DecideVettingRequest::decode(bytes).map(Deciding::try_from));
    drop(pb::vetting::v1::GetVettingResponse::decode(bytes).map(WaitingSearch::try_from));
    drop(pb::person::v1::Notice::decode(bytes).map(Notice::try_from));
}

/// Overwrites some bytes, and cuts off the end if told where.
fn damaged(mut bytes: Vec<u8>, damage: &[(Index, u8)], keep: Option<Index>) -> Vec<u8> {
    for (at, value) in damage {
        if let length @ 1.. = bytes.len() {
            bytes[at.index(length)] = *value;
        }
    }
    if let Some(keep) = keep {
        bytes.truncate(keep.index(bytes.len() + 1));
    }
    bytes
}

proptest! {
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        read_as_anything(&bytes);
    }

    #[test]
    fn damaged_messages(
        query in query(),
        finding in finding(),
        candidates in vec(candidate(), 0..3),
        hops in vec(passed(), 0..4),
        damage in vec(any::<(Index, u8)>(), 0..6),
        keep in any::<Option<Index>>(),
    ) {
        let messages = [
            pb::wanted::v1::SearchRequest::from(query).encode_to_vec(),
            pb::wanted::v1::AgencyOutcome::from(finding).encode_to_vec(),
            encode_answer(&candidates),
            encode_ping_answer(&hops),
        ];
        for bytes in messages {
            let bytes = damaged(bytes, &damage, keep);
            read_as_anything(&bytes);
            drop(pb::wanted::v1::AgencyOutcome::decode(bytes.as_slice()).map(Finding::try_from));
        }
    }

    /// What is accepted is a value of the domain: it can be sent on and arrives as it is.
    #[test]
    fn what_is_accepted_can_be_sent_on(
        query in query(),
        damage in vec(any::<(Index, u8)>(), 0..3),
    ) {
        let bytes = pb::wanted::v1::SearchRequest::from(query).encode_to_vec();
        let bytes = damaged(bytes, &damage, None);
        if let Ok(message) = pb::wanted::v1::SearchRequest::decode(bytes.as_slice())
            && let Ok(accepted) = Query::try_from(message)
        {
            let again = Query::try_from(pb::wanted::v1::SearchRequest::from(accepted.clone()));
            prop_assert_eq!(again, Ok(accepted));
        }
    }
}
