//! How agreements stand at a time: which versions there are, who takes no part, what waits for signatures.

use super::words::{file_name, list, time};
use concord_agreements::{Absence, Act, Conflict, Pending, Rules, SignedAgreement, SignedDeclaration};
use concord_domain::{AgencyId, AgreementId, Timestamp};
use serde_json::{Value, json};

/// What a version that counts comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    InForce,
    NotYet,
    Expired,
    /// A later version has begun.
    Superseded,
    /// Fewer than two parties take part.
    TooFew,
}

impl State {
    pub(super) fn of(rules: &Rules, text: &SignedAgreement, at: Timestamp) -> Self {
        let judged = rules.get(&text.id, at).map_or(text.version, |judged| judged.version);
        if text.version < judged {
            Self::Superseded
        } else if text.version > judged || at < text.valid_from {
            Self::NotYet
        } else if !text.in_force(at) {
            Self::Expired
        } else if rules.in_force(&text.id, at) {
            Self::InForce
        } else {
            Self::TooFew
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::NotYet => "not yet in force",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::TooFew => "too few parties",
        }
    }
}

/// A party that takes no part, and why.
#[derive(Debug)]
pub(super) struct Absent<'a> {
    party: &'a AgencyId,
    why: &'static str,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl<'a> Absent<'a> {
    /// Those parties of the text that take no part in it; nobody of one that is not the version to judge by.
    pub(super) fn all(rules: &Rules, text: &'a SignedAgreement, at: Timestamp) -> Vec<Self> {
        let judged = rules.get(&text.id, at).is_some_and(|judged| judged.digest() == text.digest());
        let parties = text.parties.iter().filter(|_| judged);
        parties
            .filter_map(|party| {
                let (why, since, until) = match rules.absence(&text.id, party, at)? {
                    Absence::Left => ("left the federation", None, None),
                    Absence::Withdrawn { since } => ("withdrawn", Some(since), None),
                    Absence::Suspended { since, until } => ("suspended", Some(since), until),
                    Absence::TwoTexts { since } => ("signed two texts", Some(since), None),
                };
                Some(Self { party, why, since, until })
            })
            .collect()
    }

    pub(super) fn text(&self) -> String {
        let since = self.since.map(|since| format!(" since {}", time(since))).unwrap_or_default();
        let until = self.until.map(|until| format!(" until {}", time(until))).unwrap_or_default();
        format!("{}: {}{since}{until}", self.party, self.why)
    }

    pub(super) fn line(&self) -> Value {
        json!({ "party": self.party, "why": self.why, "since": self.since, "until": self.until })
    }
}

/// The texts of an agreement, or of all, that lack signatures.
pub(super) fn pending<'a>(
    rules: &'a Rules,
    id: Option<&'a AgreementId>,
) -> impl Iterator<Item = &'a Pending> {
    rules.pending().iter().filter(move |pending| id.is_none_or(|id| pending.text.id == *id))
}

pub(super) fn pending_text(pending: &Pending) -> String {
    format!(
        "v{} ({}) lacks the signatures of {}",
        pending.text.version,
        file_name(&pending.file),
        list(&pending.missing)
    )
}

pub(super) fn pending_line(pending: &Pending) -> Value {
    let Pending { text, file, missing } = pending;
    json!({
        "agreement": text.id, "version": text.version, "sha256": text.digest, "file": file,
        "in_force": false, "state": "lacks signatures", "missing": missing,
    })
}

/// Signed texts of an agreement, or of all, that exclude each other.
pub(super) fn conflicts<'a>(
    rules: &'a Rules,
    id: Option<&'a AgreementId>,
) -> impl Iterator<Item = &'a Conflict> {
    rules.conflicts().iter().filter(move |conflict| id.is_none_or(|id| conflict.id == *id))
}

fn files(conflict: &Conflict) -> Vec<&str> {
    conflict.files.iter().map(|file| file.name.as_str()).collect()
}

pub(super) fn conflict_text(conflict: &Conflict) -> String {
    let Conflict { version, since, .. } = conflict;
    format!(
        "v{version} has two signed texts since {}: {}",
        time(*since),
        list(files(conflict).into_iter().map(file_name))
    )
}

pub(super) fn conflict_line(conflict: &Conflict) -> Value {
    let Conflict { id, version, since, files: _ } = conflict;
    json!({
        "agreement": id, "version": version, "since": since, "files": files(conflict),
        "in_force": false, "state": "two texts",
    })
}

/// What a party declared, in words.
pub(super) fn declared(declaration: &SignedDeclaration) -> String {
    let (party, version) = (&declaration.party, declaration.version);
    match declaration.act {
        Act::Withdrawal { effective_at } => {
            format!("{party} withdraws from v{version} as of {}", time(effective_at))
        }
        Act::Suspension { from, until: None } => format!("{party} suspends its part from {}", time(from)),
        Act::Suspension { from, until: Some(until) } => {
            format!("{party} suspends its part from {} until {}", time(from), time(until))
        }
        Act::Resumption => format!("{party} resumes its part"),
    }
}

#[cfg(test)]
mod tests;
