//! Domain to protobuf to bytes and back is the identity.

use crate::directory::{Listing, Ping, Pinged, decode_ping_answer, encode_ping_answer};
use crate::pb;
use crate::testing::{
    authority, candidate, finding, identifier, listing, notice, passed, ping, pinged, position, query, scope,
    subject, totals, waiting,
};
use crate::vetting::Deciding;
use crate::wanted::{Ask, SearchEvent, decode_answer, decode_finding, encode_answer, encode_finding};
use concord_domain::wanted::{
    Authority, Candidate, Finding, Identifier, LedgerPosition, Notice, Query, Scope, Subject,
};
use concord_domain::{VettingDecision, WaitingRequest};
use concord_trust::envelope::HOPS_MAX;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use std::time::Duration;

/// Through the bytes of the message, as it travels.
fn sent<M: Message + Default>(message: impl Into<M>) -> M {
    M::decode(message.into().encode_to_vec().as_slice()).unwrap()
}

proptest! {
    #[test]
    fn queries(query in query()) {
        prop_assert_eq!(Query::try_from(sent::<pb::wanted::v1::SearchRequest>(query.clone())), Ok(query));
    }

    #[test]
    fn scopes(scope in scope()) {
        prop_assert_eq!(Scope::try_from(sent::<pb::wanted::v1::Scope>(scope.clone())), Ok(scope));
    }

    #[test]
    fn findings(finding in finding()) {
        prop_assert_eq!(Finding::try_from(sent::<pb::wanted::v1::AgencyOutcome>(finding.clone())), Ok(finding));
    }

    #[test]
    fn kept_findings(finding in finding()) {
        prop_assert_eq!(decode_finding(&encode_finding(finding.clone())), Ok(finding));
    }

    #[test]
    fn waiting_requests(waiting in waiting()) {
        let arrived = WaitingRequest::try_from(sent::<pb::vetting::v1::Vetting>(waiting.clone()));
        prop_assert_eq!(arrived, Ok(waiting));
    }

    #[test]
    fn decisions(waiting in waiting()) {
        let WaitingRequest { reference, reason, decided_by: officer, .. } = waiting;
        let decision = reason.map_or(VettingDecision::Approve, VettingDecision::Refuse);
        let deciding = Deciding { reference, decision, officer };
        let arrived = Deciding::try_from(sent::<pb::vetting::v1::DecideVettingRequest>(deciding.clone()));
        prop_assert_eq!(arrived, Ok(deciding));
    }

    #[test]
    fn events(finding in finding(), totals in totals(), elapsed in any::<u32>()) {
        let elapsed = Duration::from_millis(elapsed.into());
        for event in [SearchEvent::Finding(Box::new(finding)), SearchEvent::Summary { totals, elapsed }] {
            let arrived = SearchEvent::try_from(sent::<pb::wanted::v1::SearchResponse>(event.clone()));
            prop_assert_eq!(arrived, Ok(event.clone()));
            let watched = SearchEvent::try_from(sent::<pb::wanted::v1::WatchResponse>(event.clone()));
            prop_assert_eq!(watched, Ok(event));
        }
    }

    #[test]
    fn subjects(subject in subject()) {
        prop_assert_eq!(Subject::try_from(sent::<pb::person::v1::Subject>(subject.clone())), Ok(subject));
    }

    #[test]
    fn identifiers(identifier in identifier()) {
        let arrived = Identifier::try_from(sent::<pb::person::v1::Identifier>(identifier.clone()));
        prop_assert_eq!(arrived, Ok(identifier));
    }

    #[test]
    fn notices(notice in notice(1..4)) {
        prop_assert_eq!(Notice::try_from(sent::<pb::person::v1::Notice>(notice.clone())), Ok(notice));
    }

    #[test]
    fn candidates(candidate in candidate()) {
        let arrived = Candidate::try_from(sent::<pb::person::v1::Candidate>(candidate.clone()));
        prop_assert_eq!(arrived, Ok(candidate));
    }

    #[test]
    fn authorities(authority in authority()) {
        let arrived = Authority::try_from(sent::<pb::request::v1::AgreementClause>(authority.clone()));
        prop_assert_eq!(arrived, Ok(authority));
    }

    #[test]
    fn positions(position in position()) {
        let arrived = LedgerPosition::try_from(sent::<pb::request::v1::LedgerPosition>(position.clone()));
        prop_assert_eq!(arrived, Ok(position));
    }

    #[test]
    fn asks(query in query(), officer in "[0-9]{1,8}") {
        let ask = Ask { subject: query.subject, case: query.case, officer: officer.parse().unwrap() };
        prop_assert_eq!(Ask::decode(&ask.encode()), Ok(ask));
    }

    #[test]
    fn answers(candidates in vec(candidate(), 0..=Candidate::PER_ANSWER_MAX)) {
        prop_assert_eq!(decode_answer(&encode_answer(&candidates)), Ok(candidates));
    }

    #[test]
    fn listings(listing in listing()) {
        prop_assert_eq!(Listing::try_from(sent::<pb::directory::v1::Agency>(listing.clone())), Ok(listing));
    }

    #[test]
    fn pings(ping in ping()) {
        prop_assert_eq!(Ping::try_from(sent::<pb::directory::v1::PingRequest>(ping.clone())), Ok(ping));
    }

    #[test]
    fn what_came_of_pings(pinged in pinged()) {
        let arrived = Pinged::try_from(sent::<pb::directory::v1::PingResponse>(pinged.clone()));
        prop_assert_eq!(arrived, Ok(pinged));
    }

    #[test]
    fn answers_to_pings(hops in vec(passed(), 2..=HOPS_MAX + 2)) {
        prop_assert_eq!(decode_ping_answer(&encode_ping_answer(&hops)), Ok(hops));
    }
}
