//! The picture for Graphviz.

use super::{Graph, TieKind, text};

pub(super) fn draw(graph: &Graph) -> String {
    let mut lines = vec![
        "graph federation {".to_owned(),
        "  rankdir=LR; ranksep=3; node [fontname=\"sans-serif\"];".to_owned(),
    ];
    for (place, node) in graph.agencies.iter().enumerate() {
        let id = text::dot(node.agency.as_str());
        let zh = node.names.as_ref().map(|(zh, _)| format!("\\n{}", text::dot(zh))).unwrap_or_default();
        lines.push(format!("  a{place} [shape=box, label=\"{id}{zh}\"];"));
    }
    for (place, node) in graph.agreements.iter().enumerate() {
        let (name, zh, en) =
            (text::dot(&node.agreement.to_string()), text::dot(&node.zh), text::dot(&node.en));
        let style = if node.in_force { "filled" } else { "dashed" };
        lines.push(format!(
            "  g{place} [shape=ellipse, style={style}, label=\"{name}\\n{zh}\", tooltip=\"{en}\"];"
        ));
    }
    for tie in &graph.ties {
        let style = match tie.kind {
            TieKind::Party => "",
            TieKind::Carrier => " [style=dashed, label=\"carries\"]",
        };
        lines.push(format!("  a{} -- g{}{style};", tie.agency, tie.agreement));
    }
    lines.push("}\n".to_owned());
    lines.join("\n")
}
