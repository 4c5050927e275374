//! All that is claimed about the sizes and roots of a ledger, by size.

use super::{Audit, Fault, Source, Stop};
use crate::checkpoint::{CheckpointInvalid, SignedCheckpoint};
use crate::tree::TreeHead;
use std::iter::Fuse;

/// That the ledger has this root at this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) by: Source,
    pub(super) head: TreeHead,
}

/// Claims not yet judged; their signatures are verified as they come up.
#[derive(Debug)]
pub(super) struct Claims<'a, C> {
    audit: &'a Audit<'a>,
    stored: Fuse<C>,
    /// The next stored checkpoint, read ahead.
    next: Option<TreeHead>,
    /// Stored checkpoints read so far.
    position: u64,
    /// The folder's, the one kept elsewhere, the head.
    others: Vec<Claim>,
}

impl<'a, E, C: Iterator<Item = Result<String, E>>> Claims<'a, C> {
    pub(super) fn new(
        audit: &'a Audit<'a>,
        stored: C,
        published: Option<&SignedCheckpoint>,
    ) -> Result<Self, Stop<E>> {
        let mut others = Vec::new();
        for (by, signed) in [(Source::Folder, published), (Source::Against, audit.against)] {
            if let Some(signed) = signed {
                others.push(Claim { by, head: verified(audit, by, 0, Ok(signed))? });
            }
        }
        others.extend(audit.head.map(|head| Claim { by: Source::Head, head }));
        Ok(Self { audit, stored: stored.fuse(), next: None, position: 0, others })
    }

    /// The next claim about a ledger of exactly this size. Stored checkpoints come first: whether they hold decides
    /// what another's mismatch means.
    pub(super) fn due(&mut self, size: u64) -> Result<Option<Claim>, Stop<E>> {
        if let Some(head) = self.peek()? {
            if head.size < size {
                let position = self.position - 1;
                return Err(Fault::CheckpointOrder { position, size: head.size }.into());
            }
            if head.size == size {
                self.next = None;
                return Ok(Some(Claim { by: Source::Checkpoint, head }));
            }
        }
        let at = self.others.iter().position(|claim| claim.head.size == size);
        Ok(at.map(|at| self.others.remove(at)))
    }

    /// The nearest claim that is not yet due, a signed one before the unsigned head.
    pub(super) fn ahead(&mut self) -> Result<Option<Claim>, Stop<E>> {
        let stored = self.peek()?.map(|head| Claim { by: Source::Checkpoint, head });
        let all = stored.into_iter().chain(self.others.iter().copied());
        Ok(all.min_by_key(|claim| (claim.by == Source::Head, claim.head.size)))
    }

    fn peek(&mut self) -> Result<Option<TreeHead>, Stop<E>> {
        if self.next.is_none()
            && let Some(text) = self.stored.next()
        {
            let text = text.map_err(Stop::Store)?;
            let parsed = SignedCheckpoint::parse(&text);
            self.next = Some(verified(self.audit, Source::Checkpoint, self.position, parsed.as_ref())?);
            self.position += 1;
        }
        Ok(self.next)
    }
}

fn verified(
    audit: &Audit<'_>,
    by: Source,
    position: u64,
    parsed: Result<&SignedCheckpoint, &CheckpointInvalid>,
) -> Result<TreeHead, Fault> {
    let checkpoint = parsed.map_err(Clone::clone).and_then(|signed| signed.verify(audit.ledger, audit.keys));
    checkpoint.map(|checkpoint| checkpoint.head()).map_err(|why| Fault::Checkpoint { by, position, why })
}
