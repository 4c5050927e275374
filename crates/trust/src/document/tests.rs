//! Each rule of the documents, with what breaks it.

mod block;
mod charter;
mod folder;
mod overlap;
mod published;
mod sequence;
mod set;
mod succession;

use super::DocumentError;

/// What a contradiction says.
fn contradiction(error: DocumentError) -> String {
    let DocumentError::Contradiction { message, .. } = error else {
        panic!("no contradiction: {error:?}");
    };
    message
}
