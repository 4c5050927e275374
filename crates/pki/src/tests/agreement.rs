//! Agreements and withdrawals in a folder that is in use.

use super::*;
use crate::{Withdrawal, publish_agreement, withdraw};
use concord_agreements::{Absence, Agreement, LocalRules, Rules};
use concord_domain::AgreementId;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn id(text: &str) -> AgreementId {
    text.parse().unwrap()
}

/// As a node would read it.
fn rules(generated: &Generated) -> Rules {
    let directory = Arc::new(directory(generated));
    let (rules, problems) =
        Rules::read(&generated.layout.federation(), directory, LocalRules::default(), |_| None);
    assert!(problems.is_empty(), "{problems:?}");
    rules
}

/// Between one that has a node in the folder and one that has none.
fn ring() -> Agreement {
    let mut agreement = Federation::sample().unwrap().agreements.swap_remove(0).agreement;
    agreement.id = id("ring");
    agreement.parties = ["yn.police.cn", "hl.police.cn"].map(agency).to_vec();
    agreement
}

#[test]
fn an_agreement_counts_as_soon_as_it_is_published_and_leaves_nothing_else_behind() {
    let (_dir, generated) = fresh();
    let before = std::fs::read_dir(generated.layout.agreements()).unwrap().count();
    let reference = publish_agreement(&generated.layout, &ring()).unwrap();
    assert_eq!(rules(&generated).get(&id("ring"), now()).unwrap().reference(), reference);
    assert_eq!(std::fs::read_dir(generated.layout.agreements()).unwrap().count(), before + 3);
}

#[test]
fn an_agreement_that_nobody_would_accept_is_not_published() {
    let (_dir, generated) = fresh();
    let never = Agreement { valid_until: ring().valid_from, ..ring() };
    assert!(matches!(publish_agreement(&generated.layout, &never), Err(PkiError::Agreement(_))));
    let stranger = Agreement { parties: vec![agency("yn.police.cn"), agency("nowhere.cn")], ..ring() };
    assert!(matches!(publish_agreement(&generated.layout, &stranger), Err(PkiError::File { .. })));
    assert!(rules(&generated).get(&id("ring"), now()).is_none());
}

#[test]
fn each_withdrawal_follows_the_declarations_before_it_and_takes_effect_at_its_time() {
    let (_dir, generated) = fresh();
    publish_agreement(&generated.layout, &ring()).unwrap();
    let party = agency("hl.police.cn");
    let withdrawal = Withdrawal { version: 1, now: now(), effective_at: now().plus(HOUR) };
    for sequence in 1..=2 {
        assert_eq!(withdraw(&generated.layout, &id("ring"), &party, withdrawal).unwrap(), sequence);
    }
    let rules = rules(&generated);
    assert_eq!(rules.absence(&id("ring"), &party, now()), None);
    let since = now().plus(HOUR);
    assert_eq!(rules.absence(&id("ring"), &party, since), Some(Absence::Withdrawn { since }));
}
