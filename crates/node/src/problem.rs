//! What is wrong with a configuration, all of it at once.

use std::fmt;
use std::path::Path;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The field of the configuration that led there; empty where the file itself is wrong.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => write!(f, "{}: {}", self.file, self.message),
            field => write!(f, "{}: {field}: {}", self.file, self.message),
        }
    }
}

/// Everything that is wrong; shown one a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one, once. What the message repeats of the file's name is left out.
    pub(crate) fn add(&mut self, file: impl AsRef<Path>, field: &str, message: impl fmt::Display) {
        let (file, message) = (file.as_ref().display().to_string(), message.to_string());
        let repeated = message.strip_prefix(&file).and_then(|rest| rest.strip_prefix(": "));
        let message = repeated.unwrap_or(&message).to_owned();
        let problem = Problem { file, field: field.to_owned(), message };
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Adds others.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Notes an error, or gives the value.
    pub(crate) fn take<T>(
        &mut self,
        file: impl AsRef<Path>,
        field: &str,
        result: Result<T, impl fmt::Display>,
    ) -> Option<T> {
        result.map_err(|message| self.add(file, field, message)).ok()
    }

    /// Notes every error, or gives the value.
    pub(crate) fn take_all<T>(
        &mut self,
        file: impl AsRef<Path>,
        field: &str,
        result: Result<T, Vec<impl fmt::Display>>,
    ) -> Option<T> {
        result.map_err(|errors| errors.into_iter().for_each(|error| self.add(&file, field, error))).ok()
    }

    /// Each problem.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value, if nothing is wrong.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(self),
        }
    }
}

/// An error, and what lies behind it.
pub(crate) struct WithCauses<'a>(pub(crate) &'a (dyn std::error::Error + 'static));

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let causes = std::iter::successors(self.0.source(), |cause| cause.source());
        causes.into_iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}
