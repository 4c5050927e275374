//! What makes a well-formed description a federation.

use super::{Federation, FederationError, FederationMember};
use concord_domain::AgreementId;
use std::collections::BTreeSet;
use std::fmt::Display;

/// Checks the list of agreements before any of them is read.
pub(super) fn agreements(ids: &[AgreementId]) -> Result<(), FederationError> {
    count("agreements", ids.len(), 0, Federation::AGREEMENTS_MAX)?;
    distinct("agreements", ids)
}

impl Federation {
    /// Checks what the types cannot express. Circles of superiors are the charter's to find.
    pub(super) fn check(&self) -> Result<(), FederationError> {
        text(|| "name".to_owned(), &self.name)?;
        count("charter.keys", self.charter.keys, 1, Self::CHARTER_KEYS_MAX)?;
        count("charter.threshold", self.charter.threshold, 1, self.charter.keys)?;
        count("members", self.members.len(), 1, Self::MEMBERS_MAX)?;
        distinct("members", self.members.iter().map(|member| &member.agency))?;
        let names: BTreeSet<_> = self.members.iter().map(|member| &member.agency).collect();
        for member in &self.members {
            member.check()?;
            if let Some(superior) = member.superior.as_ref().filter(|superior| !names.contains(superior)) {
                let (agency, superior) = (member.agency.clone(), superior.clone());
                return Err(FederationError::UnknownSuperior { agency, superior });
            }
        }
        if let Some(stranger) = self.no_lines.iter().flatten().find(|agency| !names.contains(agency)) {
            return Err(FederationError::UnknownEnd { agency: stranger.clone() });
        }
        for agreement in self.agreements.iter().map(|proposed| &proposed.agreement) {
            if let Some(party) = agreement.parties.iter().find(|party| !names.contains(party)) {
                let (agreement, party) = (agreement.id.clone(), party.clone());
                return Err(FederationError::UnknownParty { agreement, party });
            }
        }
        Ok(())
    }
}

impl FederationMember {
    fn check(&self) -> Result<(), FederationError> {
        let field = |name: &'static str| move || format!("members, {}, {name}", self.agency);
        text(field("names.zh"), &self.names.zh)?;
        text(field("names.en"), &self.names.en)?;
        text(field("duty_desk.phone"), &self.duty_desk.phone)?;
        text(field("duty_desk.email"), &self.duty_desk.email)?;
        text(field("duty_desk.hours"), &self.duty_desk.hours)
    }
}

fn text(field: impl FnOnce() -> String, text: &str) -> Result<(), FederationError> {
    let (length, limit) = (text.trim().chars().count(), Federation::TEXT_CHARS_MAX);
    if (1..=limit).contains(&length) {
        return Ok(());
    }
    Err(FederationError::Text { field: field(), length, limit })
}

fn count(field: &'static str, count: usize, least: usize, limit: usize) -> Result<(), FederationError> {
    if (least..=limit).contains(&count) {
        return Ok(());
    }
    Err(FederationError::Count { field, count, least, limit })
}

fn distinct<T: Ord + Display>(
    field: &'static str,
    values: impl IntoIterator<Item = T>,
) -> Result<(), FederationError> {
    let mut seen = BTreeSet::new();
    for value in values {
        let shown = value.to_string();
        if !seen.insert(value) {
            return Err(FederationError::Twice { field, value: shown });
        }
    }
    Ok(())
}
