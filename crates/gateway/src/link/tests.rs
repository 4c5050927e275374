//! Telling what our side saw from what the peer said.

use super::*;
use std::time::Duration;

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(5))
}

/// A status as tonic makes it of an error on our own side.
fn ours(error: impl Into<Box<dyn Error + Send + Sync>>) -> Status {
    let status = Status::from_error(error.into());
    assert!(status.source().is_some());
    status
}

#[tokio::test]
async fn what_kept_us_from_connecting_is_told_apart() {
    let refused = ConnectError::RefusedByPeer { alert: "CertificateRevoked".to_owned() };
    assert_eq!(classify(&ours(refused), soon()), NoAnswer::Unreachable(Failure::HandshakeFailed));
    let unreachable = [
        ConnectError::Closed,
        ConnectError::ConnectFailed(std::io::ErrorKind::ConnectionRefused.into()),
        ConnectError::CredentialsReplaced,
    ];
    for error in unreachable {
        assert_eq!(classify(&ours(error), soon()), NoAnswer::Unreachable(Failure::ConnectFailed));
    }
    let wrapped = std::io::Error::other(ConnectError::Closed);
    assert_eq!(classify(&ours(wrapped), soon()), NoAnswer::Unreachable(Failure::ConnectFailed));
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_one_until_time_is_up() {
    let broken = ours(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
    let deadline = soon();
    assert_eq!(classify(&broken, deadline), NoAnswer::Broken);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(classify(&broken, deadline), NoAnswer::TimedOut);
}

#[tokio::test]
async fn every_word_of_the_peer_has_its_meaning() {
    let (overloaded, not_ours) =
        (NoAnswer::Unreachable(Failure::Overloaded), NoAnswer::Failed(Failure::NotAuthenticated));
    let expected = BTreeMap::from([
        (Code::ResourceExhausted.to_string(), overloaded),
        (Code::Unavailable.to_string(), overloaded),
        (Code::DeadlineExceeded.to_string(), NoAnswer::TimedOut),
        (Code::Cancelled.to_string(), NoAnswer::TimedOut),
        (Code::Unauthenticated.to_string(), not_ours),
        (Code::PermissionDenied.to_string(), not_ours),
        (Code::InvalidArgument.to_string(), not_ours),
    ]);
    let fault = NoAnswer::Failed(Failure::PeerFault);
    for number in 0..=16 {
        let code = Code::from(number);
        let expected = expected.get(&code.to_string()).copied().unwrap_or(fault);
        assert_eq!(classify(&Status::new(code, "in the peer's words"), soon()), expected, "{code:?}");
    }
}

/// Whether a circuit is open after many calls to Gansu with this outcome.
fn opens(no_answer: NoAnswer, destination: &str, patient: bool) -> bool {
    let (peers, gansu) = (Peers::default(), "gs.police.cn".parse::<AgencyId>().unwrap());
    let destination = destination.parse().unwrap();
    for _ in 0..32 {
        let Ok(call) = peers.enter(&gansu) else { break };
        settle(call, &Err(no_answer), (&gansu, &destination), patient);
    }
    peers.is_open(&gansu)
}

#[tokio::test(start_paused = true)]
async fn silence_opens_a_circuit_only_after_it_had_time_to_speak() {
    assert!(opens(NoAnswer::TimedOut, "gs.police.cn", true));
    assert!(!opens(NoAnswer::TimedOut, "gs.police.cn", false), "a short deadline is the caller's own");
    assert!(!opens(NoAnswer::TimedOut, "lz.gs.police.cn", true), "whoever is behind may have been silent");
}

#[tokio::test(start_paused = true)]
async fn who_is_not_reached_opens_a_circuit_and_who_says_no_does_not() {
    for patient in [true, false] {
        assert!(opens(NoAnswer::Broken, "gs.police.cn", patient));
        assert!(opens(NoAnswer::Unreachable(Failure::ConnectFailed), "gs.police.cn", patient));
        assert!(!opens(NoAnswer::Unreachable(Failure::Overloaded), "gs.police.cn", patient));
        assert!(!opens(NoAnswer::Failed(Failure::PeerFault), "gs.police.cn", patient));
    }
}
