//! The picture for Mermaid.

use super::{Graph, TieKind, text};

pub(super) fn draw(graph: &Graph) -> String {
    let mut lines = vec!["flowchart LR".to_owned()];
    for (place, node) in graph.agencies.iter().enumerate() {
        let id = text::mermaid(node.agency.as_str());
        let zh = node.names.as_ref().map(|(zh, _)| format!("<br/>{}", text::mermaid(zh))).unwrap_or_default();
        lines.push(format!("  a{place}[\"{id}{zh}\"]"));
    }
    for (place, node) in graph.agreements.iter().enumerate() {
        let (name, zh) = (text::mermaid(&node.agreement.to_string()), text::mermaid(&node.zh));
        lines.push(format!("  g{place}([\"{name}<br/>{zh}\"])"));
    }
    for tie in &graph.ties {
        let line = match tie.kind {
            TieKind::Party => "---",
            TieKind::Carrier => "-. carries .-",
        };
        lines.push(format!("  a{} {line} g{}", tie.agency, tie.agreement));
    }
    let idle = graph.agreements.iter().enumerate().filter(|(_, node)| !node.in_force);
    let idle: Vec<_> = idle.map(|(place, _)| format!("g{place}")).collect();
    if !idle.is_empty() {
        lines.push("  classDef idle stroke-dasharray: 4 4".to_owned());
        lines.push(format!("  class {} idle", idle.join(",")));
    }
    lines.join("\n") + "\n"
}
