//! What the tools look at: rules in force, or rules that could be.

use crate::error::AgreementError;
use crate::rules::Rules;
use crate::signed::SignedAgreement;
use concord_trust::{Directory, SignedFile};
use std::sync::Arc;

/// Rules as the tools see them. Made of [`Rules`] or of a [`Hypothetical`]; nothing leads back.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a>(&'a Rules);

impl<'a> From<&'a Rules> for Basis<'a> {
    fn from(rules: &'a Rules) -> Self {
        Self(rules)
    }
}

impl<'a> From<&'a Hypothetical> for Basis<'a> {
    fn from(hypothetical: &'a Hypothetical) -> Self {
        Self(&hypothetical.0)
    }
}

impl<'a> Basis<'a> {
    pub(super) fn rules(self) -> &'a Rules {
        self.0
    }

    pub(super) fn directory(self) -> &'a Directory {
        self.0.directory()
    }
}

/// Rules as they would be if all parties had signed some texts. Good for the tools and for nothing else: it is not
/// [`Rules`], so it decides nothing.
///
/// ```compile_fail,E0308
/// use concord_agreements::{Asking, Denial, Facts, Permit, decide, tools::Hypothetical};
/// use concord_domain::Timestamp;
/// fn forge(rules: &Hypothetical, facts: &Facts<'_>, now: Timestamp) -> Result<Permit<Asking>, Denial> {
///     decide(rules, facts, now)
/// }
/// ```
/// nor does the view of it that the tools take:
/// ```compile_fail,E0616
/// use concord_agreements::{Rules, tools::Basis};
/// fn open<'a>(basis: Basis<'a>) -> &'a Rules { basis.0 }
/// ```
#[derive(Debug, Clone)]
pub struct Hypothetical(Rules);

impl Hypothetical {
    /// `rules` and the proposed text, as if all who must had signed it: the next version of an agreement, which is judged
    /// by as soon as it begins, or the first one of another.
    ///
    /// # Errors
    /// If the text makes no sense, if a party has no card and so could not sign, and if it does not follow what counts:
    /// another text under a version that is there, or one that does not name the highest version as the one before it.
    pub fn adopt(rules: &Rules, proposed: &SignedFile) -> Result<Self, AgreementError> {
        let text = SignedAgreement::supposed(proposed, rules.directory())?;
        rules.supposing(text).map(Self)
    }

    /// The proposed text and no other, not even the version that it follows.
    ///
    /// # Errors
    /// If the text makes no sense, and if a party has no card and so could not sign.
    pub fn alone(proposed: &SignedFile, directory: &Arc<Directory>) -> Result<Self, AgreementError> {
        let text = SignedAgreement::supposed(proposed, directory)?;
        Ok(Self(Rules::supposing_only(text, directory)))
    }
}
