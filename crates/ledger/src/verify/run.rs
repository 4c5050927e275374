//! One pass over a ledger.

use super::claims::{Claim, Claims};
use super::folder::{FolderCheck, published};
use super::{Audit, Fault, Report, Source, Stop, StoredEntry};
use crate::entry::ENTRY_BYTES_MAX;
use crate::frontier::Frontier;
use crate::tree::{TreeHead, leaf_hash};

/// Where the pass stands.
#[derive(Debug)]
pub(super) struct Run<'a, C> {
    audit: &'a Audit<'a>,
    claims: Claims<'a, C>,
    folder: Option<FolderCheck<'a>>,
    tree: Frontier,
    /// The size of the last signed root that matched.
    good: u64,
    /// Stored checkpoints that matched.
    checkpoints: u64,
    /// The first signed root kept elsewhere that did not match. The next signed root tells whether entries
    /// were altered, or the whole past was signed anew.
    doubt: Option<Claim>,
}

impl<'a, E, C: Iterator<Item = Result<String, E>>> Run<'a, C> {
    pub(super) fn new(audit: &'a Audit<'a>, stored: C) -> Result<Self, Stop<E>> {
        let published = audit.folder.map(published).transpose()?.transpose()?.flatten();
        let claims = Claims::new(audit, stored, published.as_ref())?;
        let size = published.map(|checkpoint| checkpoint.claimed().size);
        let folder = audit.folder.zip(size).map(|(folder, size)| FolderCheck::new(folder, size));
        let tree = Frontier::new();
        let mut run = Self { audit, claims, folder, tree, good: 0, checkpoints: 0, doubt: None };
        run.settle()?;
        Ok(run)
    }

    /// Takes the next entry.
    pub(super) fn entry(&mut self, stored: &StoredEntry) -> Result<(), Stop<E>> {
        let index = self.tree.size();
        if let Some(fault) = own_fault(index, stored) {
            return Err(self.first(index, fault)?.into());
        }
        if let Some(folder) = &mut self.folder {
            folder.leaf(&self.tree, stored.leaf)?;
        }
        let finished = self.tree.append(stored.leaf);
        if let Some(folder) = &mut self.folder {
            folder.entry(index, &stored.bytes, &finished)?;
        }
        self.settle()
    }

    /// Judges what is claimed beyond the last entry.
    pub(super) fn finish(mut self) -> Result<Report, Stop<E>> {
        let size = self.tree.size();
        if let Some(claim) = self.claims.ahead()? {
            return Err(self.tail_missing(claim)?.into());
        }
        if let Some(head) = self.audit.head.filter(|head| head.size < size) {
            return Err(Fault::Surplus { index: head.size }.into());
        }
        if let Some(doubt) = self.doubt {
            return Err(rewritten(doubt).into());
        }
        Ok(Report {
            size,
            root: self.tree.root(),
            checkpoints: self.checkpoints,
            signed: self.good,
            tiled: self.folder.map(|folder| folder.size()),
        })
    }

    /// Judges every claim about a ledger of the present size.
    fn settle(&mut self) -> Result<(), Stop<E>> {
        while let Some(claim) = self.claims.due(self.tree.size())? {
            if self.tree.root() == claim.head.root { self.matched(claim)? } else { self.differs(claim)? }
        }
        Ok(())
    }

    fn matched(&mut self, claim: Claim) -> Result<(), Stop<E>> {
        match claim.by {
            Source::Head => return Ok(()),
            Source::Checkpoint => self.checkpoints += 1,
            Source::Folder | Source::Against => {}
        }
        self.good = claim.head.size;
        if let Some(doubt) = self.doubt {
            return Err(rewritten(doubt).into());
        }
        match self.folder.as_mut().map(|folder| folder.confirm(claim.head.size)).transpose()?.flatten() {
            Some(fault) => Err(fault.into()),
            None => Ok(()),
        }
    }

    fn differs(&mut self, claim: Claim) -> Result<(), Stop<E>> {
        // Two roots signed for one size: no alteration of entries explains that.
        if claim.by != Source::Head && claim.head.size == self.good {
            return Err(rewritten(claim).into());
        }
        let earliest = self.doubt.unwrap_or(claim);
        let between = Fault::Between { from: self.good, to: earliest.head.size, by: earliest.by };
        match (claim.by, self.published_first_bad(claim)?) {
            (_, Some(index)) => Err(Fault::Altered { index }.into()),
            (Source::Checkpoint | Source::Head, None) => Err(between.into()),
            (Source::Folder | Source::Against, None) => {
                self.doubt.get_or_insert(claim);
                Ok(())
            }
        }
    }

    fn tail_missing(&mut self, claim: Claim) -> Result<Fault, Stop<E>> {
        let (size, TreeHead { size: claimed, .. }) = (self.tree.size(), claim.head);
        Ok(match self.published_first_bad(claim)? {
            Some(index) if index < size => Fault::Altered { index },
            Some(_) => Fault::TailMissing { good: size, size, claimed, by: claim.by },
            None => Fault::TailMissing { good: self.good, size, claimed, by: claim.by },
        })
    }

    /// The fault of the entry at `index`, unless the tiles and the next signed root show an earlier one.
    fn first(&mut self, index: u64, fault: Fault) -> Result<Fault, Stop<E>> {
        let Some(claim) = self.claims.ahead()? else { return Ok(fault) };
        let earlier = self.published_first_bad(claim)?.filter(|bad| *bad < index);
        Ok(earlier.map_or(fault, |index| Fault::Altered { index }))
    }

    /// See [`FolderCheck::first_bad`]; an unsigned root proves nothing about the tiles.
    fn published_first_bad(&mut self, claim: Claim) -> Result<Option<u64>, Stop<E>> {
        match &mut self.folder {
            Some(folder) if claim.by != Source::Head => Ok(folder.first_bad(&self.tree, claim.head)?),
            Some(_) | None => Ok(None),
        }
    }
}

/// What is wrong with an entry by itself.
fn own_fault(expected: u64, stored: &StoredEntry) -> Option<Fault> {
    let StoredEntry { index: found, ref bytes, leaf } = *stored;
    if found != expected {
        return Some(Fault::Order { expected, found });
    }
    if leaf_hash(bytes) != leaf {
        return Some(Fault::Leaf { index: found });
    }
    (bytes.len() > ENTRY_BYTES_MAX).then_some(Fault::TooLong { index: found, found: bytes.len() })
}

fn rewritten(doubt: Claim) -> Fault {
    Fault::Rewritten { size: doubt.head.size, by: doubt.by }
}
