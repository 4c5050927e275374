//! Agencies and agreements as a picture.

mod dot;
mod layout;
mod mermaid;
mod svg;
mod text;

use super::Basis;
use crate::coverage::Line;
use concord_domain::{AgencyId, AgreementRef, Timestamp};

/// Agencies, agreements, and who is what in which. Drawn by [`Graph::to_dot`], [`Graph::to_mermaid`] and
/// [`Graph::to_svg`]; the same graph always gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// Every member of the charter, by name.
    pub agencies: Vec<AgencyNode>,
    /// Every agreement, by name.
    pub agreements: Vec<AgreementNode>,
    /// Which agency has to do with which agreement, agreement by agreement.
    pub ties: Vec<Tie>,
}

/// An agency in the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyNode {
    /// The agency.
    pub agency: AgencyId,
    /// What it is called in Chinese and in English, if it has a card.
    pub names: Option<(String, String)>,
}

/// An agreement in the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementNode {
    /// Which text.
    pub agreement: AgreementRef,
    /// What it is called in Chinese.
    pub zh: String,
    /// What it is called in English.
    pub en: String,
    /// Whether it is in force at the time of the picture.
    pub in_force: bool,
}

/// A line of the picture; both ends are places in the lists of [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// The place of the agreement.
    pub agreement: usize,
    /// The place of the agency.
    pub agency: usize,
    /// What the agency is in it.
    pub kind: TieKind,
}

/// What an agency is in an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TieKind {
    /// It has signed.
    Party,
    /// It is named as a carrier and has not signed.
    Carrier,
}

/// The picture at `at`. What is not in force then is in it all the same, and drawn so.
pub fn graph<'a>(basis: impl Into<Basis<'a>>, at: Timestamp) -> Graph {
    let basis = basis.into();
    let (rules, directory) = (basis.rules(), basis.directory());
    let node = |member: &concord_trust::Member| AgencyNode {
        names: directory.card(&member.agency).map(|card| (card.names.zh.clone(), card.names.en.clone())),
        agency: member.agency.clone(),
    };
    let agencies: Vec<_> = directory.members().map(node).collect();
    let (mut agreements, mut ties) = (Vec::new(), Vec::new());
    for (agreement, text) in rules.agreements(at).enumerate() {
        agreements.push(AgreementNode {
            agreement: text.reference(),
            zh: text.title.zh.clone(),
            en: text.title.en.clone(),
            in_force: rules.in_force(&text.id, at),
        });
        for (agency, node) in agencies.iter().enumerate() {
            if text.parties.contains(&node.agency) {
                ties.push(Tie { agreement, agency, kind: TieKind::Party });
            } else if text.carried_by(&Line::of(&node.agency, directory)) {
                ties.push(Tie { agreement, agency, kind: TieKind::Carrier });
            }
        }
    }
    Graph { agencies, agreements, ties }
}

impl Graph {
    /// For Graphviz: `dot -Tsvg`.
    pub fn to_dot(&self) -> String {
        dot::draw(self)
    }

    /// For Mermaid, as in Markdown.
    pub fn to_mermaid(&self) -> String {
        mermaid::draw(self)
    }

    /// A picture that needs no other program: agencies to the left, agreements to the right.
    pub fn to_svg(&self) -> String {
        svg::draw(self)
    }
}
