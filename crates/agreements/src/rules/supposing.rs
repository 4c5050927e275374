//! Rules as they would be with one more text.

use super::absences::Absences;
use super::{Chain, Rules, by_party};
use crate::declaration::SignedDeclaration;
use crate::error::AgreementError;
use crate::signed::SignedAgreement;
use concord_trust::Directory;
use std::sync::Arc;

impl Rules {
    /// These rules with `text` among them, as if all who must had signed it: as the next version of what counts here, or
    /// as the first of a name that nothing here has. A text that counts already changes nothing.
    pub(crate) fn supposing(&self, text: SignedAgreement) -> Result<Self, AgreementError> {
        self.check_undisputed(&text)?;
        let mut rules = self.clone();
        let of_id = |declaration: &&SignedDeclaration| declaration.agreement == text.id;
        let declared: Vec<_> = self.declarations.iter().filter(of_id).cloned().collect();
        let place = rules.chains.partition_point(|chain| chain.highest().id < text.id);
        match rules.chains.get_mut(place).filter(|chain| chain.highest().id == text.id) {
            Some(chain) if chain.text(&text.reference()).is_some() => return Ok(rules),
            Some(chain) => {
                self.check_follows(chain, &text)?;
                chain.follow(text);
                chain.withdraw(&declared, &mut Vec::new());
                chain.part_from_former_members();
            }
            None if text.version > 1 => return Err(without_predecessor(&text)),
            None => rules.chains.insert(place, beginning(text, &declared)),
        }
        rules.by_party = by_party(&rules.chains);
        Ok(rules)
    }

    /// Rules that know no text but this one, whichever version it is.
    pub(crate) fn supposing_only(text: SignedAgreement, directory: &Arc<Directory>) -> Self {
        let chains = vec![beginning(text, &[])];
        Self {
            directory: directory.clone(),
            local: Default::default(),
            by_party: by_party(&chains),
            chains,
            declarations: Vec::new(),
            conflicts: Vec::new(),
            pending: Vec::new(),
        }
    }

    fn check_undisputed(&self, text: &SignedAgreement) -> Result<(), AgreementError> {
        let (file, id, version) = (text.file().to_owned(), text.id.clone(), text.version);
        let Some(conflict) = self.conflicts.iter().find(|c| c.id == id && c.version == version) else {
            return Ok(());
        };
        let other = conflict.files.first().map(|file| file.name.clone()).unwrap_or_default();
        Err(AgreementError::TwoTexts { file, other, id, version })
    }

    fn check_follows(&self, chain: &Chain, text: &SignedAgreement) -> Result<(), AgreementError> {
        let (file, id, version) = (text.file().to_owned(), text.id.clone(), text.version);
        let highest = chain.highest();
        if version <= highest.version {
            return Err(AgreementError::OtherText { file, id, version });
        }
        if Some(version) == highest.version.checked_add(1) && text.previous == Some(highest.digest()) {
            Ok(())
        } else {
            Err(without_predecessor(text))
        }
    }
}

fn beginning(text: SignedAgreement, declared: &[SignedDeclaration]) -> Chain {
    let mut chain = Chain::new(text, Absences::suspended(declared));
    chain.withdraw(declared, &mut Vec::new());
    chain.part_from_former_members();
    chain
}

fn without_predecessor(text: &SignedAgreement) -> AgreementError {
    AgreementError::NoPredecessor { file: text.file().to_owned(), id: text.id.clone(), version: text.version }
}
