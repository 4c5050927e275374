//! To which agencies a line leads from here, as the node's configuration says.

use concord_domain::{AgencyId, AgencyPattern};

/// The lines of this node. Without another word one leads to everybody who publishes an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines {
    without: Vec<AgencyPattern>,
}

impl Lines {
    /// Patterns at most: as many as members that a charter may have would be a list of everybody.
    pub const PATTERNS_MAX: usize = 4096;

    /// Lines to everybody but those whom a pattern names.
    pub fn without(without: Vec<AgencyPattern>) -> Self {
        Self { without }
    }

    /// Whether a line leads to `agency`.
    pub fn lead_to(&self, agency: &AgencyId) -> bool {
        !self.without.iter().any(|pattern| pattern.matches(agency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_leads_to_everybody_who_is_not_left_out() {
        let lines = Lines::without(vec!["hl.police.cn".parse().unwrap(), "*.yn.police.cn".parse().unwrap()]);
        let leads = |name: &str| lines.lead_to(&name.parse().unwrap());
        assert!(leads("police.cn") && leads("yn.police.cn"));
        assert!(!leads("hl.police.cn") && !leads("km.yn.police.cn"));
        assert!(Lines::default().lead_to(&"hl.police.cn".parse().unwrap()));
    }
}
