//! The agreement as its parties write it: TOML, edited by people, signed as exact bytes.

mod agencies;
mod check;
mod quota;
mod terms;
#[cfg(test)]
mod tests;

pub use agencies::Agencies;
pub use check::InvalidAgreement;
pub use quota::{Quota, QuotaWindow};
pub use terms::{Assistance, Confirmation, Terms};

use crate::error::AgreementError;
use concord_domain::wanted::Field;
use concord_domain::{
    AgencyId, AgencyPattern, AgreementId, Branch, Clause, Digest, HandlingLevel, Operation, Purpose,
    Timestamp, Vetting,
};
use concord_trust::{DocumentError, SignedFile};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What kind of agreement it is. Where several cover a request, the more specific kind is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgreementKind {
    /// A standing mechanism of several provinces, such as the north-west.
    Regional,
    /// A pact of exactly two.
    Bilateral,
    /// All over the country, under the ministry.
    National,
    /// The ring around one large event (护城河).
    Event,
    /// A campaign of many jurisdictions (集群战役).
    Campaign,
    /// Between police and another department, such as food and drug.
    BetweenDepartments,
    /// With a partner abroad.
    International,
}

impl AgreementKind {
    /// The order in which agreements that cover the same request are taken, lowest first: what was agreed for
    /// one occasion, then for one pair, one region, one relation, and last for everybody.
    pub const fn precedence(self) -> u8 {
        match self {
            Self::Event | Self::Campaign => 0,
            Self::Bilateral => 1,
            Self::Regional => 2,
            Self::BetweenDepartments | Self::International => 3,
            Self::National => 4,
        }
    }
}

/// What the agreement is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// One clause that lets some agencies ask others. All of its conditions must hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its number, unique within the agreement.
    pub clause: Clause,
    /// Who may ask.
    pub from: Agencies,
    /// Who may be asked.
    pub to: Agencies,
    /// Whether it also covers the agencies below those named, as the charter orders them.
    #[serde(default = "covers_below_unless_said")]
    pub below: bool,
    /// What may be asked.
    pub operations: Vec<Operation>,
    /// For which purposes.
    pub purposes: Vec<Purpose>,
    /// By which kinds of police; absent means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<Branch>>,
    /// The highest handling level of a request under this clause.
    pub handling: HandlingLevel,
    /// The parts of a notice that an answer may disclose; the notice's number always goes with a hit.
    pub fields: Vec<Field>,
    /// How far what was disclosed may go on.
    #[serde(default)]
    pub onward: Onward,
    /// How often each asking agency may ask each one asked; absent means as often as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    /// Agencies beyond this agreement whom those asked may ask in turn, in their own name, for those who ask: they
    /// are brokers to them. Only those that `to` names itself are; being below one is not enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brokered_to: Vec<AgencyPattern>,
    /// Agencies beyond this agreement for whom those who ask may ask: they are their brokers. Only those that `from`
    /// names itself are; being below one is not enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_behalf_of: Vec<AgencyPattern>,
    /// Who decides, at those asked, whether they ask on as brokers: their rules at once, or an officer.
    #[serde(default, skip_serializing_if = "is_automatic")]
    pub vetting: Vetting,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_automatic(vetting: &Vetting) -> bool {
    *vetting == Vetting::Automatic
}

impl Grant {
    /// A clause by which every party and whoever is below it may ask every other: up to restricted, by any branch, as
    /// often as they like, with nothing going on to others.
    pub const fn new(
        clause: Clause,
        operations: Vec<Operation>,
        purposes: Vec<Purpose>,
        fields: Vec<Field>,
    ) -> Self {
        Self {
            clause,
            from: Agencies::Parties,
            to: Agencies::Parties,
            below: covers_below_unless_said(),
            operations,
            purposes,
            branches: None,
            handling: HandlingLevel::Restricted,
            fields,
            onward: Onward::None,
            quota: None,
            brokered_to: Vec::new(),
            on_behalf_of: Vec::new(),
            vetting: Vetting::Automatic,
        }
    }

    /// Whether it grants the operation. Every clause grants [`Operation::PING`], and no other that it does not name; all
    /// else that the clause demands holds for a ping as it does for the rest.
    pub(crate) fn grants(&self, operation: &Operation) -> bool {
        operation.as_str() == Operation::PING || self.operations.contains(operation)
    }
}

/// How far what was disclosed under a clause may go on (ILA 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Onward {
    /// Not at all.
    #[default]
    None,
    /// Only with the provider's consent, asked case by case.
    WithConsent,
    /// To the other parties of the agreement.
    ToParties,
}

/// Counterparts work together level by level, so a clause reaches downwards unless it says otherwise.
const fn covers_below_unless_said() -> bool {
    true
}

/// An agreement as written. Authority comes only from a [`SignedAgreement`](crate::SignedAgreement).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Stable over its versions.
    pub id: AgreementId,
    /// At least 1; a version takes the place of the one before it when it begins, if the parties of both have signed it.
    pub version: u32,
    /// SHA-256 of the version before; every version but the first names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// What kind of agreement it is.
    pub kind: AgreementKind,
    /// Where its content is known from, in words; sample data say so here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who must sign.
    pub parties: Vec<AgencyId>,
    /// In force from this instant on.
    pub valid_from: Timestamp,
    /// No longer in force at this instant.
    pub valid_until: Timestamp,
    /// Whether a node that has not synchronized for longer than [`Terms::sync_within`] must refuse what it covers.
    #[serde(default)]
    pub strict: bool,
    /// Who may carry its sealed requests between those who share no line; absent means nobody. Besides, an agency below
    /// a party is asked, and asks, through its superiors up to that party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carriers: Option<Agencies>,
    /// What it is called.
    pub title: Title,
    /// Times and grounds that it sets in place of the law's defaults.
    #[serde(default, skip_serializing_if = "Terms::is_default")]
    pub terms: Terms,
    /// The clauses, in order.
    pub grants: Vec<Grant>,
}

impl Agreement {
    /// The first version of an agreement that is not strict, lets nobody carry, sets no terms of its own, and is called as
    /// it is named.
    pub fn new(
        id: AgreementId,
        kind: AgreementKind,
        parties: Vec<AgencyId>,
        validity: Range<Timestamp>,
        grants: Vec<Grant>,
    ) -> Self {
        Self {
            version: 1,
            previous: None,
            kind,
            source: None,
            parties,
            valid_from: validity.start,
            valid_until: validity.end,
            strict: false,
            carriers: None,
            title: Title { zh: id.to_string(), en: id.to_string() },
            terms: Terms::default(),
            grants,
            id,
        }
    }

    /// Reads a document's bytes and checks its content; its signatures are not looked at.
    pub fn parse(file: &SignedFile) -> Result<Self, AgreementError> {
        let malformed = |message| DocumentError::Malformed { file: file.name.clone(), message };
        let text = std::str::from_utf8(&file.bytes).map_err(|e| malformed(e.to_string()))?;
        let agreement: Self =
            toml::from_str(text).map_err(|e| malformed(e.to_string().trim_end().replace('\n', "; ")))?;
        agreement.check().map_err(|why| AgreementError::Invalid { file: file.name.clone(), why })?;
        Ok(agreement)
    }

    /// The text to sign.
    #[allow(
        clippy::expect_used,
        reason = "an agreement is a plain struct of strings, numbers and lists of such, which TOML can hold"
    )]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("an agreement is plain TOML")
    }

    /// The name of its file without `.toml`, as a folder of agreements demands it: `ID.vVERSION`.
    pub fn file_stem(&self) -> String {
        format!("{}.v{}", self.id, self.version)
    }

    /// Whether it is in force at `now`: from `valid_from` on, and before `valid_until`.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.valid_from <= now && now < self.valid_until
    }
}
