//! Block notices: stopping an agency at every node, and letting it go on.

use crate::documents::charters;
use crate::error::PkiError;
use crate::file::publish;
use crate::keys::read_key;
use crate::layout::Layout;
use concord_domain::{AgencyId, Timestamp};
use concord_trust::{Block, BlockReason, DocumentError, Kind, Signed, SignedFile, SigningKey, Succession};

/// Who signs notices, in the names of signature files.
const SIGNER: &str = "emergency";

/// What a block notice says besides whom it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockNotice {
    /// When it is issued, and stops the agency from.
    pub now: Timestamp,
    /// No longer stopped at this instant; `None` until it is lifted.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: BlockReason,
}

/// Stops an agency: writes the next notice about it, signed by the charter's emergency key, into the folder of notices.
/// Returns its sequence.
///
/// # Errors
/// [`PkiError::Document`] for an agency that is no member, or an end that is not after the beginning.
pub fn block(layout: &Layout, agency: &AgencyId, notice: BlockNotice) -> Result<u64, PkiError> {
    let last = Last::read(layout, agency)?;
    let BlockNotice { now, until, reason } = notice;
    last.follow(layout, Block { until, reason, ..last.next(agency, now) })
}

/// Lets an agency go on: writes the next notice about it, which lifts those before. Returns its sequence.
///
/// # Errors
/// [`PkiError::NotBlocked`] if no notice stops it at `now` or later.
pub fn lift(layout: &Layout, agency: &AgencyId, now: Timestamp) -> Result<u64, PkiError> {
    let last = Last::read(layout, agency)?;
    let stops = |block: &&Signed<Block>| !block.lifted && block.until.is_none_or(|until| now < until);
    let stopping = last.notice.as_ref().filter(stops);
    let stopping = stopping.ok_or_else(|| PkiError::NotBlocked { agency: agency.clone() })?;
    let lifted = Block { lifted: true, reason: stopping.reason, ..last.next(agency, now) };
    last.follow(layout, lifted)
}

/// The latest notice about an agency, and what judges it and the next one.
struct Last {
    charters: Succession,
    key: SigningKey,
    notice: Option<Signed<Block>>,
}

impl Last {
    fn read(layout: &Layout, agency: &AgencyId) -> Result<Self, PkiError> {
        let charters = charters(layout)?;
        let key = read_key(layout.emergency_key())?;
        let file = layout.blocks().join(format!("{agency}.toml"));
        let file = if file.exists() { Some(SignedFile::read(&file)?) } else { None };
        let notice = file.map(|file| verify(&file, &charters)).transpose()?;
        Ok(Self { charters, key, notice })
    }

    /// A notice that follows this one.
    fn next(&self, agency: &AgencyId, now: Timestamp) -> Block {
        Block {
            agency: agency.clone(),
            sequence: self.notice.as_ref().map_or(0, |notice| notice.sequence).saturating_add(1),
            previous: self.notice.as_ref().map(Signed::digest),
            issued: now,
            from: now,
            until: None,
            lifted: false,
            reason: BlockReason::Ordered,
        }
    }

    /// Signs and publishes it, if a node would accept it.
    fn follow(&self, layout: &Layout, block: Block) -> Result<u64, PkiError> {
        let name = format!("blocks/{}.toml", block.agency);
        let file = SignedFile::unsigned(&name, block.to_toml()).sign(Kind::Block, SIGNER, &self.key);
        verify(&file, &self.charters)?;
        publish(&layout.blocks(), block.agency.as_str(), &file)?;
        Ok(block.sequence)
    }
}

fn verify(file: &SignedFile, charters: &Succession) -> Result<Signed<Block>, DocumentError> {
    Block::verify(file, charters.current(), &charters.emergency_keys())
}
