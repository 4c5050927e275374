//! What waits with us for a decision, and what we wait for.

use super::{LooseClock, change, open, yn};
use crate::{Change, Execution, GuardFailure, KeptPending, KeptVetting, Options, Store, Write, WriteError};
use concord_domain::{AgencyId, Reference, Timestamp, VettingState};
use std::sync::Arc;

fn vetting(n: u16, origin: &AgencyId) -> KeptVetting {
    let mut reference = [7; 16];
    reference[..2].copy_from_slice(&n.to_be_bytes());
    KeptVetting {
        reference: Reference(reference),
        origin: origin.clone(),
        state: VettingState::Open,
        created: Timestamp::from_millis(1_000),
        expires: Timestamp::from_millis(5_000),
        keep_until: Timestamp::from_millis(9_000),
        sealed: vec![1, 2, 3],
        decision: None,
        beyond: None,
    }
}

fn opening(vetting: &KeptVetting) -> Write {
    change(vec![Change::OpenVetting(Box::new(vetting.clone()))])
}

fn deciding(vetting: &KeptVetting, state: VettingState) -> Write {
    change(vec![Change::DecideVetting { reference: vetting.reference, state, decision: vec![4] }])
}

fn otherwise(state: Option<VettingState>) -> Result<(), WriteError> {
    Err(GuardFailure::VettingOtherwise { state }.into())
}

#[tokio::test]
async fn a_request_is_decided_once_and_spent_once_even_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    let (first, second) = (vetting(1, &yn()), vetting(2, &yn()));
    store.submit(opening(&first)).await.unwrap();
    store.submit(opening(&second)).await.unwrap();
    let spending =
        |vetting: &KeptVetting| change(vec![Change::SpendVetting { reference: vetting.reference }]);
    let early = store.submit(spending(&first)).await.map(drop);
    assert_eq!(early, otherwise(Some(VettingState::Open)), "nobody has approved it");
    store.submit(deciding(&first, VettingState::Approved)).await.unwrap();
    store.submit(deciding(&second, VettingState::Refused)).await.unwrap();
    store.close().await;

    let store = open(dir.path(), Execution::Thread);
    let twice = store.submit(deciding(&first, VettingState::Refused)).await.map(drop);
    assert_eq!(twice, otherwise(Some(VettingState::Approved)));
    let reference = first.reference;
    store.submit(change(vec![Change::PassVettingOn { reference, beyond: vec![5] }])).await.unwrap();
    let kept = store.vetting(&reference).unwrap().unwrap();
    let decided = KeptVetting { state: VettingState::Approved, decision: Some(vec![4]), ..first.clone() };
    assert_eq!(kept, KeptVetting { beyond: Some(vec![5]), ..decided });
    store.submit(spending(&first)).await.unwrap();
    let twice = store.submit(spending(&first)).await.map(drop);
    assert_eq!(twice, otherwise(Some(VettingState::Spent)));
    let refused = store.submit(spending(&second)).await.map(drop);
    assert_eq!(refused, otherwise(Some(VettingState::Refused)));
    let unknown = store.submit(spending(&vetting(3, &yn()))).await.map(drop);
    assert_eq!(unknown, otherwise(None));
    store.close().await;
}

#[tokio::test]
async fn what_expired_is_not_decided_and_is_forgotten_later() {
    let dir = tempfile::tempdir().unwrap();
    let clock = LooseClock::at(4_999);
    let options = Options::new(Arc::<LooseClock>::clone(&clock), Execution::Inline);
    let store = Store::open(dir.path(), options).unwrap();
    let waiting = vetting(1, &yn());
    store.submit(opening(&waiting)).await.unwrap();
    clock.set(5_000);
    let late = store.submit(deciding(&waiting, VettingState::Approved)).await.map(drop);
    assert_eq!(late, otherwise(Some(VettingState::Open)));
    for (before, known) in [(9_000, true), (9_001, false)] {
        let before = Timestamp::from_millis(before);
        assert_eq!(store.has_lapsed_waiting(before).unwrap(), !known);
        store.submit(change(vec![Change::ForgetWaiting { before }])).await.unwrap();
        assert_eq!(store.vetting(&waiting.reference).unwrap().is_some(), known);
    }
}

#[tokio::test]
async fn one_agency_fills_only_its_own_share() {
    let dir = tempfile::tempdir().unwrap();
    let clock = LooseClock::at(1_000);
    let options = Options::new(Arc::<LooseClock>::clone(&clock), Execution::Inline);
    let store = Store::open(dir.path(), options).unwrap();
    let share = u16::try_from(KeptVetting::WAITING_PER_AGENCY_MAX).unwrap();
    for n in 0..share {
        store.submit(opening(&vetting(n, &yn()))).await.unwrap();
    }
    let over = || opening(&vetting(share, &yn()));
    let limit = KeptVetting::WAITING_PER_AGENCY_MAX;
    let full: Result<(), WriteError> = Err(GuardFailure::VettingsTooMany { limit }.into());
    assert_eq!(store.submit(over()).await.map(drop), full);
    let other = "gs.police.cn".parse().unwrap();
    store.submit(opening(&vetting(share + 1, &other))).await.unwrap();
    store.submit(deciding(&vetting(0, &yn()), VettingState::Approved)).await.unwrap();
    assert_eq!(store.submit(over()).await.map(drop), full, "what is approved waits to be asked on");
    store.submit(deciding(&vetting(1, &yn()), VettingState::Refused)).await.unwrap();
    store.submit(over()).await.unwrap();
    clock.set(5_000);
    let again = KeptVetting { expires: Timestamp::from_millis(6_000), ..vetting(share + 2, &yn()) };
    store.submit(opening(&again)).await.unwrap();
    let page = store.vettings(0, 2).unwrap();
    assert_eq!(
        page.iter().map(|(_, v)| v.reference).collect::<Vec<_>>(),
        [vetting(0, &yn()).reference, vetting(1, &yn()).reference]
    );
    let next = store.vettings(page[1].0, 1).unwrap();
    assert_eq!(next[0].1.reference, vetting(2, &yn()).reference);
}

#[tokio::test]
async fn all_agencies_together_fill_only_what_there_is() {
    let dir = tempfile::tempdir().unwrap();
    let clock = LooseClock::at(1_000);
    let store = Store::open(dir.path(), Options::new(clock, Execution::Inline)).unwrap();
    let (most, share) = (KeptVetting::WAITING_MAX, KeptVetting::WAITING_PER_AGENCY_MAX);
    for n in 0..most {
        let origin = format!("a{}.police.cn", n / share).parse().unwrap();
        store.submit(opening(&vetting(u16::try_from(n).unwrap(), &origin))).await.unwrap();
    }
    let over = store.submit(opening(&vetting(u16::MAX, &yn()))).await.map(drop);
    assert_eq!(over, Err(GuardFailure::VettingsTooMany { limit: most }.into()));
}

#[tokio::test]
async fn what_an_agency_asked_counts_until_it_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let clock = LooseClock::at(5_000);
    let store = Store::open(dir.path(), Options::new(clock, Execution::Inline)).unwrap();
    let limit = KeptVetting::KEPT_PER_AGENCY_MAX;
    let most = u16::try_from(limit).unwrap();
    for n in 0..most {
        store.submit(opening(&vetting(n, &yn()))).await.unwrap();
    }
    let over = || opening(&vetting(most, &yn()));
    let full: Result<(), WriteError> = Err(GuardFailure::VettingsTooMany { limit }.into());
    assert_eq!(store.submit(over()).await.map(drop), full, "although none of them waits any more");
    store.submit(opening(&vetting(most + 1, &"gs.police.cn".parse().unwrap()))).await.unwrap();
    store
        .submit(change(vec![Change::ForgetWaiting { before: Timestamp::from_millis(9_001) }]))
        .await
        .unwrap();
    store.submit(over()).await.unwrap();
}

#[tokio::test]
async fn of_an_answer_to_come_the_first_end_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    let watch = Reference([1; 16]);
    let pending = |agency: &str| KeptPending {
        watch,
        agency: agency.parse().unwrap(),
        keep_until: Timestamp::from_millis(9_000),
        sealed: vec![1],
        ended: None,
    };
    for agency in ["police.la", "police.cn"] {
        store.submit(change(vec![Change::KeepPending(Box::new(pending(agency)))])).await.unwrap();
    }
    for ended in [vec![2], vec![3]] {
        let agency = "police.la".parse().unwrap();
        store.submit(change(vec![Change::EndPending { watch, agency, ended }])).await.unwrap();
    }
    store.close().await;
    let store = open(dir.path(), Execution::Thread);
    let kept = store.pending(&watch).unwrap();
    assert_eq!(kept, [pending("police.cn"), KeptPending { ended: Some(vec![2]), ..pending("police.la") }]);
    assert!(store.pending(&Reference([2; 16])).unwrap().is_empty());
    let before = Timestamp::from_millis(9_001);
    store.submit(change(vec![Change::ForgetWaiting { before }])).await.unwrap();
    assert!(store.pending(&watch).unwrap().is_empty());
    store.close().await;
}
