//! A federation described as data, before any key exists.

mod check;
mod error;

pub use error::FederationError;

use crate::sample;
use concord_agreements::Agreement;
use concord_domain::{AgencyId, AgreementId};
use concord_trust::{DutyDesk, MemberKind, Names, SignedFile};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

/// A federation as people describe it: `federation.toml`, and an `agreements` folder beside it.
#[derive(Debug, Clone)]
pub struct Federation {
    /// What it is called.
    pub name: String,
    /// How its charter is signed.
    pub charter: CharterKeys,
    /// Its members.
    pub members: Vec<FederationMember>,
    /// What they agree on.
    pub agreements: Vec<ProposedAgreement>,
    /// Pairs of members between which no line leads.
    pub no_lines: Vec<[AgencyId; 2]>,
}

/// How the charter is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharterKeys {
    /// How many keys it has; [`Federation::CHARTER_KEYS_MAX`] at most.
    pub keys: usize,
    /// How many of them must sign.
    pub threshold: usize,
}

/// A member, as charter and card will show it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederationMember {
    /// Its name in the federation.
    pub agency: AgencyId,
    /// What kind of agency it is.
    pub kind: MemberKind,
    /// Its superior, if it has one.
    #[serde(default)]
    pub superior: Option<AgencyId>,
    /// Its names for people.
    pub names: Names,
    /// Where to call when people must talk.
    pub duty_desk: DutyDesk,
}

/// An agreement that nobody has signed yet.
#[derive(Debug, Clone)]
pub struct ProposedAgreement {
    /// What it says.
    pub agreement: Agreement,
    /// The exact text, which is what gets signed.
    pub text: String,
}

/// `federation.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FederationFile {
    name: String,
    agreements: Vec<AgreementId>,
    #[serde(default)]
    no_lines: Vec<[AgencyId; 2]>,
    charter: CharterKeys,
    members: Vec<FederationMember>,
}

impl Federation {
    /// Charter keys at most: each is a person or an office that must be found to sign.
    pub const CHARTER_KEYS_MAX: usize = 16;
    /// Members at most: a charter of more does not fit into [`SignedFile::BYTES_MAX`].
    pub const MEMBERS_MAX: usize = 4000;
    /// Agreements at most: a node reads no more ([`Documents::AGREEMENTS_MAX`](concord_agreements::Documents::AGREEMENTS_MAX)).
    pub const AGREEMENTS_MAX: usize = concord_agreements::Documents::AGREEMENTS_MAX;
    /// Characters of the federation's, an agency's or a desk's texts at most: one line.
    pub const TEXT_CHARS_MAX: usize = 200;

    /// The sample federation of `certs-dev/`, which is part of the program.
    pub fn sample() -> Result<Self, FederationError> {
        Self::parse("certs-dev/federation.toml", sample::FEDERATION, |id| {
            let found = sample::AGREEMENTS.iter().find(|(name, _)| *name == id.as_str());
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| FederationError::File {
                file: agreement_file(id),
                source: std::io::ErrorKind::NotFound.into(),
            })
        })
    }

    /// Reads `path` and, for each agreement that it names, `agreements/ID.toml` beside it.
    pub fn read(path: &Path) -> Result<Self, FederationError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let text = read_bounded(path)?;
        Self::parse(&path.display().to_string(), &text, |id| read_bounded(&folder.join(agreement_file(id))))
    }

    /// Parses the text of `file`; `text_of` gives the text of each agreement that it names.
    fn parse(
        file: &str,
        text: &str,
        text_of: impl Fn(&AgreementId) -> Result<String, FederationError>,
    ) -> Result<Self, FederationError> {
        let raw: FederationFile = toml::from_str(text).map_err(|e| FederationError::Malformed {
            file: file.to_owned(),
            message: e.to_string().trim_end().replace('\n', "; "),
        })?;
        let FederationFile { name, agreements, no_lines, charter, members } = raw;
        check::agreements(&agreements)?;
        let agreements =
            agreements.iter().map(|id| proposed(id, text_of(id)?)).collect::<Result<Vec<_>, _>>()?;
        let federation = Self { name, charter, members, agreements, no_lines };
        federation.check()?;
        Ok(federation)
    }

    /// Those to whom no line leads from an agency, by name.
    pub fn no_line_to(&self, agency: &AgencyId) -> BTreeSet<AgencyId> {
        let others = self.no_lines.iter().filter_map(|[one, other]| match agency {
            agency if agency == one => Some(other),
            agency if agency == other => Some(one),
            _ => None,
        });
        others.cloned().collect()
    }

    /// The member of that name.
    pub fn member(&self, agency: &AgencyId) -> Option<&FederationMember> {
        self.members.iter().find(|member| member.agency == *agency)
    }
}

fn agreement_file(id: &AgreementId) -> String {
    format!("agreements/{id}.toml")
}

fn proposed(id: &AgreementId, text: String) -> Result<ProposedAgreement, FederationError> {
    let file = agreement_file(id);
    let agreement = Agreement::parse(&SignedFile::unsigned(&file, text.clone()))?;
    if agreement.id != *id {
        return Err(FederationError::OtherAgreement { file, found: agreement.id });
    }
    Ok(ProposedAgreement { agreement, text })
}

fn read_bounded(path: &Path) -> Result<String, FederationError> {
    let file = path.display().to_string();
    let failed = |source| FederationError::File { file: path.display().to_string(), source };
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > SignedFile::BYTES_MAX {
        return Err(FederationError::TooLong { file, bytes, limit: SignedFile::BYTES_MAX });
    }
    std::fs::read_to_string(path).map_err(failed)
}
