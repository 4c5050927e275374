//! A node's own rules, which only ever narrow what agreements allow.

use crate::coverage::Line;
use crate::decide::Facts;
use concord_domain::{AgencyId, AgencyPattern, Branch, HandlingLevel, Operation, Purpose, Vetting};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use thiserror::Error;

/// Which side of a request an agency is on when it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// It asks.
    Asking,
    /// It is asked.
    Serving,
    /// It carries what others ask and answer.
    Carrying,
}

/// One thing that this agency does not do, or as a broker not without vetting it first, whatever agreements say. It
/// applies where all its conditions match; a condition that is left out matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalRule {
    /// What denials call it; others read it, so it is no place for what only we should know.
    pub name: String,
    /// When it applies; absent means on every side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Side>,
    /// The counterpart: whom we ask and whom it is to ask in turn; who asks us and for whom; when carrying, any of the
    /// two between whom we carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agencies: Option<Vec<AgencyPattern>>,
    /// What is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<Vec<Operation>>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purposes: Option<Vec<Purpose>>,
    /// By which branch; an unknown branch is taken for any of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<Branch>>,
    /// Only above this handling level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling_above: Option<HandlingLevel>,
    /// Who vets what we are to ask on for others. A rule that says so forbids nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetting: Option<Vetting>,
}

/// A node's own rules. In TOML a list of `[[rules]]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct LocalRules {
    rules: Vec<LocalRule>,
    /// Whose they are, where that is not whoever decides.
    #[serde(skip)]
    of: Option<AgencyId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    rules: Vec<LocalRule>,
}

/// What is wrong with a node's own rules; names the rule and the limit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidLocalRules {
    /// More rules than a node goes through for each decision.
    #[error("rules: {count} are more than the limit of {limit}")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A name is empty, too long or has a control character.
    #[error(
        "rules: the name of rule {number} must have 1 to {limit} characters, none of them a control character"
    )]
    Name {
        /// Which rule, from 1.
        number: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// Two rules have one name.
    #[error("rules: two are called {name:?}")]
    Twice {
        /// The name.
        name: String,
    },
    /// An empty list matches nothing: the rule would never apply, which nobody can have meant.
    #[error("rules: {name:?}, {field}: is an empty list, so the rule would never apply")]
    NeverApplies {
        /// The rule.
        name: String,
        /// The field.
        field: &'static str,
    },
}

impl LocalRules {
    /// Rules at most: each decision goes through all of them.
    pub const RULES_MAX: usize = 256;
    /// Characters of a rule's name at most: it stands in denials.
    pub const NAME_CHARS_MAX: usize = 64;

    /// Takes the rules if they make sense.
    pub fn new(rules: Vec<LocalRule>) -> Result<Self, InvalidLocalRules> {
        let (count, limit) = (rules.len(), Self::RULES_MAX);
        if count > limit {
            return Err(InvalidLocalRules::TooMany { count, limit });
        }
        let mut names = BTreeSet::new();
        for (rule, number) in rules.iter().zip(1..) {
            rule.check(number)?;
            if !names.insert(&rule.name) {
                return Err(InvalidLocalRules::Twice { name: rule.name.clone() });
            }
        }
        Ok(Self { rules, of: None })
    }

    /// The same, known to be of this agency's node, so that the [tools](crate::tools) apply them to nothing but what that
    /// agency asks, is asked and carries. A node itself decides only about those.
    #[must_use]
    pub fn of(self, agency: AgencyId) -> Self {
        Self { of: Some(agency), ..self }
    }

    /// On which side of a request the agency is whose rules these are: none if it has no part in it. If nobody said whose
    /// they are, they are those of the one asked.
    pub(crate) fn side(&self, facts: &Facts<'_>) -> Option<Side> {
        match &self.of {
            None => Some(Side::Serving),
            Some(of) if of == facts.to => Some(Side::Serving),
            Some(of) if of == facts.from => Some(Side::Asking),
            Some(of) => facts.via.contains(of).then_some(Side::Carrying),
        }
    }

    /// The rules.
    pub fn rules(&self) -> &[LocalRule] {
        &self.rules
    }

    /// The TOML text that they are read from again; empty if there is none.
    ///
    /// # Panics
    /// Never.
    #[allow(
        clippy::expect_used,
        reason = "rules are plain structs of strings and lists of such, which TOML can hold"
    )]
    pub fn to_toml(&self) -> String {
        if self.rules.is_empty() {
            return String::new();
        }
        toml::to_string(self).expect("rules are plain TOML")
    }

    /// The first rule that forbids it.
    pub(crate) fn forbidding(&self, matter: &Matter<'_>) -> Option<&LocalRule> {
        self.rules.iter().find(|rule| rule.vetting.is_none() && rule.applies(matter))
    }

    /// The strictest vetting that a rule demands.
    pub(crate) fn vetting(&self, matter: &Matter<'_>) -> Vetting {
        let applying = self.rules.iter().filter(|rule| rule.applies(matter));
        applying.filter_map(|rule| rule.vetting).max().unwrap_or_default()
    }
}

impl TryFrom<Written> for LocalRules {
    type Error = InvalidLocalRules;

    fn try_from(written: Written) -> Result<Self, InvalidLocalRules> {
        Self::new(written.rules)
    }
}

/// What a local rule looks at.
#[derive(Debug)]
pub(crate) struct Matter<'a> {
    pub(crate) side: Side,
    pub(crate) counterparts: Vec<&'a Line<'a>>,
    pub(crate) operation: &'a Operation,
    pub(crate) purpose: Purpose,
    pub(crate) branch: Option<Branch>,
    pub(crate) level: HandlingLevel,
}

impl LocalRule {
    fn check(&self, number: usize) -> Result<(), InvalidLocalRules> {
        let limit = LocalRules::NAME_CHARS_MAX;
        let plain = !self.name.trim().is_empty() && !self.name.chars().any(char::is_control);
        if !plain || self.name.chars().count() > limit {
            return Err(InvalidLocalRules::Name { number, limit });
        }
        let empty = |list: Option<usize>| list == Some(0);
        let lists = [
            ("agencies", empty(self.agencies.as_ref().map(Vec::len))),
            ("operations", empty(self.operations.as_ref().map(Vec::len))),
            ("purposes", empty(self.purposes.as_ref().map(Vec::len))),
            ("branches", empty(self.branches.as_ref().map(Vec::len))),
        ];
        match lists.into_iter().find(|(_, empty)| *empty) {
            Some((field, _)) => Err(InvalidLocalRules::NeverApplies { name: self.name.clone(), field }),
            None => Ok(()),
        }
    }

    /// Whether it applies to that counterpart.
    pub(crate) fn speaks_of(&self, counterpart: &Line<'_>) -> bool {
        let named = |patterns: &Vec<AgencyPattern>| patterns.iter().any(|p| counterpart.is_named(p));
        self.agencies.as_ref().is_none_or(named)
    }

    fn applies(&self, matter: &Matter<'_>) -> bool {
        let Self { name: _, when, agencies: _, operations, purposes, branches, handling_above, vetting: _ } =
            self;
        when.is_none_or(|side| side == matter.side)
            && matter.counterparts.iter().any(|line| self.speaks_of(line))
            && operations.as_ref().is_none_or(|operations| operations.contains(matter.operation))
            && purposes.as_ref().is_none_or(|purposes| purposes.contains(&matter.purpose))
            && branches.as_ref().is_none_or(|of| matter.branch.is_none_or(|branch| of.contains(&branch)))
            && handling_above.is_none_or(|level| matter.level > level)
    }
}

#[cfg(test)]
mod tests;
