//! Nothing below what was seen before.

use super::chain::Chain;
use crate::error::AgreementError;
use concord_domain::Digest;

/// Those chains of one agreement that reach what was seen before. The one that its name means comes first: it is the
/// only one left where there is a floor, and that of most parties where there is none.
pub(super) fn above(
    chains: Vec<Chain>,
    floor: Option<(u32, Digest)>,
    problems: &mut Vec<AgreementError>,
) -> Vec<Chain> {
    let mut above = Vec::new();
    for chain in chains {
        match floor.map_or(Ok(()), |(version, digest)| reaches(&chain, version, digest)) {
            Ok(()) => above.push(chain),
            Err(problem) => problems.push(problem),
        }
    }
    above.sort_by_key(|chain| {
        let first = chain.texts().next();
        (std::cmp::Reverse(first.map(|text| text.parties.len())), first.map(|text| text.digest()))
    });
    above
}

fn reaches(chain: &Chain, floor: u32, digest: Digest) -> Result<(), AgreementError> {
    let highest = chain.highest();
    let (id, version) = (highest.id.clone(), highest.version);
    match chain.texts().find(|text| text.version == floor) {
        Some(text) if text.digest() == digest => Ok(()),
        Some(text) => Err(AgreementError::OtherText { file: text.file().to_owned(), id, version: floor }),
        None => Err(AgreementError::BelowFloor { file: highest.file().to_owned(), id, version, floor }),
    }
}
