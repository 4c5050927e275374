//! Conversions: what the domain says arrives unchanged, what is wrong is named, and nothing panics.

mod hostile;
mod named;
mod unchanged;

use crate::error::Problems;

/// The fields that are wrong, in the order in which they were found.
fn fields(problems: &Problems) -> Vec<String> {
    problems.iter().map(|problem| problem.field.clone()).collect()
}
