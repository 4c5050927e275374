//! The pictures of a federation small enough to read.

use super::*;
use crate::document::Title;
use crate::testing::time;

/// Three regions with a carrier, and a pact with a hostile title that is not in force yet.
fn picture() -> Graph {
    let regional = Agreement { carriers: Some(listed(&["km.yn.police.cn"])), ..northwest() };
    let title = Title { zh: "食品\"]; x --> y".into(), en: "Food & <drugs>\nagain".into() };
    let (valid_from, valid_until) = (time("2027-01-01T00:00:00Z"), time("2028-01-01T00:00:00Z"));
    let pact = Agreement {
        title,
        valid_from,
        valid_until,
        ..named("food", &["fda.cn", "yn.police.cn"], vec![grant("1")])
    };
    graph(&rules(&[regional, pact]), now())
}

#[test]
fn dot_as_it_was_read_before() {
    assert_eq!(picture().to_dot(), include_str!("pictures/federation.dot"));
}

#[test]
fn mermaid_as_it_was_read_before() {
    assert_eq!(picture().to_mermaid(), include_str!("pictures/federation.mmd"));
}

#[test]
fn svg_as_it_was_looked_at_before() {
    assert_eq!(picture().to_svg(), include_str!("pictures/federation.svg"));
}

#[test]
fn an_empty_federation_is_a_picture_too() {
    let graph = Graph { agencies: vec![], agreements: vec![], ties: vec![] };
    assert!(graph.to_svg().ends_with("</svg>\n"));
    assert!(graph.to_dot().ends_with("}\n"));
    assert_eq!(graph.to_mermaid(), "flowchart LR\n");
}
