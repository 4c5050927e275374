//! A JSON object, taken apart field by field; what is left over is unknown.
//!
//! By hand rather than by derive: serde's messages repeat the values that they refuse.

use super::RejectReason;
use serde_json::{Map, Value};

/// An object that is being taken apart.
pub(super) struct Fields {
    /// Path of the object with its dot, such as `names[0].`; empty for the line itself.
    path: String,
    left: Map<String, Value>,
}

impl Fields {
    /// The object of a line.
    pub(super) fn of_line(text: &str) -> Result<Self, RejectReason> {
        let value: Value =
            serde_json::from_str(text).map_err(|e| RejectReason::NotJson { column: e.column() })?;
        Self::of(value, String::new(), "line")
    }

    fn of(value: Value, path: String, field: &str) -> Result<Self, RejectReason> {
        match value {
            Value::Object(left) => Ok(Self { path, left }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(RejectReason::WrongType { field: field.to_owned(), expected: "an object" })
            }
        }
    }

    /// The path of a field.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// The field under its name or its other name; a null counts as not given.
    fn take(&mut self, name: &str, other: &str) -> Result<Option<Value>, RejectReason> {
        let (first, second) = (self.left.remove(name), self.left.remove(other));
        if first.is_some() && second.is_some() {
            return Err(RejectReason::Twice { field: self.path(name) });
        }
        Ok(first.or(second).filter(|value| !value.is_null()))
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str, other: &str) -> Result<Option<String>, RejectReason> {
        let field = self.path(name);
        self.take(name, other)?.map(|value| text(value, field)).transpose()
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, name: &str, other: &str) -> Result<String, RejectReason> {
        self.text(name, other)?.ok_or_else(|| RejectReason::Missing { field: self.path(name) })
    }

    /// Texts with their paths; a single text is a list of one.
    pub(super) fn texts(&mut self, name: &str, other: &str) -> Result<Vec<(String, String)>, RejectReason> {
        let field = self.path(name);
        let values = match self.take(name, other)? {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(single) => vec![single],
        };
        let item = |(n, value)| {
            let field = format!("{field}[{n}]");
            Ok((field.clone(), text(value, field)?))
        };
        values.into_iter().enumerate().map(item).collect()
    }

    /// An object within; an empty one if it is not given.
    pub(super) fn object(&mut self, name: &str) -> Result<Self, RejectReason> {
        let value = self.take(name, name)?.unwrap_or_else(|| Value::Object(Map::new()));
        Self::of(value, format!("{}{name}.", self.path), &self.path(name))
    }

    /// The objects of a list.
    pub(super) fn objects(&mut self, name: &str, other: &str) -> Result<Vec<Self>, RejectReason> {
        let field = self.path(name);
        let values = match self.take(name, other)? {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                return Err(RejectReason::WrongType { field, expected: "a list" });
            }
        };
        let item = |(n, value)| Self::of(value, format!("{field}[{n}]."), &format!("{field}[{n}]"));
        values.into_iter().enumerate().map(item).collect()
    }

    /// Leaves out fields that other layouts have and a notice does not need.
    pub(super) fn ignore(&mut self, name: &str) {
        self.left.remove(name);
    }

    /// Nothing may be left.
    pub(super) fn finish(self) -> Result<(), RejectReason> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(key) => {
                let field = self.path(key).chars().take(RejectReason::FIELD_SHOWN_MAX).collect();
                Err(RejectReason::UnknownField { field })
            }
        }
    }
}

fn text(value: Value, field: String) -> Result<String, RejectReason> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(RejectReason::WrongType { field, expected: "a text" })
        }
    }
}
