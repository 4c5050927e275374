//! The picture as SVG 1.1, for browsers and for print.

use super::layout::{Layout, arrange, places};
use super::{AgencyNode, AgreementNode, Graph, TieKind, text};

/// Pixels from one agency to the next.
const ROW: usize = 24;
/// Pixels from one agreement to the next at least: its box has two lines.
const AGREEMENT_ROW: usize = 52;
const MARGIN: usize = 20;
const HEAD: usize = 56;
const AGENCY_WIDTH: usize = 300;
const AGREEMENT_WIDTH: usize = 360;
/// Pixels between the columns: wide enough to follow a line by eye.
const GAP: usize = 420;
/// Columns of text that fit into a box.
const AGENCY_TEXT: usize = 40;
const AGREEMENT_TEXT: usize = 46;
const RIGHT: usize = MARGIN + AGENCY_WIDTH + GAP;
const WIDTH: usize = RIGHT + AGREEMENT_WIDTH + MARGIN;

/// Colours that can be told apart, also by the colour-blind (after Okabe and Ito, and Tol); taken in turn.
const COLOURS: [&str; 12] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d00", "#56b4e9", "#882255", "#44aa99", "#aa4499",
    "#332288", "#117733", "#dd7733",
];

pub(super) fn draw(graph: &Graph) -> String {
    let layout = arrange(graph);
    let plan = Plan::new(graph, &layout);
    let mut lines = plan.head();
    lines.extend(graph.ties.iter().map(|tie| plan.tie(tie.agency, tie.agreement, tie.kind)));
    let tied = |agency| graph.ties.iter().any(|tie| tie.agency == agency);
    for (place, node) in graph.agencies.iter().enumerate() {
        lines.push(agency(node, plan.agency_y(place), tied(place)));
    }
    for (place, node) in graph.agreements.iter().enumerate() {
        let parties =
            graph.ties.iter().filter(|tie| tie.agreement == place && tie.kind == TieKind::Party).count();
        lines.push(agreement(node, plan.agreement_y(place), plan.colour(place), parties));
    }
    lines.push("</svg>\n".to_owned());
    lines.join("\n")
}

/// The middle of each node.
struct Plan {
    height: usize,
    agencies: Vec<usize>,
    agreements: Vec<usize>,
}

impl Plan {
    fn new(graph: &Graph, layout: &Layout) -> Self {
        let (left, right) = (graph.agencies.len(), graph.agreements.len());
        let body = (left * ROW).max(right * AGREEMENT_ROW);
        let middle = |count: usize| {
            move |place: usize| HEAD + ((2 * place + 1) * body).checked_div(2 * count).unwrap_or(0)
        };
        Self {
            height: HEAD + body + MARGIN,
            agencies: places(&layout.agencies).into_iter().map(middle(left)).collect(),
            agreements: places(&layout.agreements).into_iter().map(middle(right)).collect(),
        }
    }

    fn head(&self) -> Vec<String> {
        let (width, height) = (WIDTH, self.height);
        vec![
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
                 viewBox=\"0 0 {width} {height}\" font-family=\"'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', \
                 sans-serif\" font-size=\"12\">"
            ),
            "<title>Agencies and the agreements that they have signed</title>".to_owned(),
            format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>"),
            format!("<text x=\"{MARGIN}\" y=\"34\" font-size=\"16\" font-weight=\"bold\">Agencies</text>"),
            format!("<text x=\"{RIGHT}\" y=\"34\" font-size=\"16\" font-weight=\"bold\">Agreements</text>"),
        ]
    }

    fn agency_y(&self, place: usize) -> usize {
        self.agencies.get(place).copied().unwrap_or(HEAD)
    }

    fn agreement_y(&self, place: usize) -> usize {
        self.agreements.get(place).copied().unwrap_or(HEAD)
    }

    fn colour(&self, agreement: usize) -> &'static str {
        COLOURS.get(agreement % COLOURS.len()).copied().unwrap_or("#000000")
    }

    fn tie(&self, agency: usize, agreement: usize, kind: TieKind) -> String {
        let (y1, y2) = (self.agency_y(agency), self.agreement_y(agreement));
        let (x1, x2, bend) = (MARGIN + AGENCY_WIDTH, RIGHT, GAP / 2);
        let dashes = match kind {
            TieKind::Party => "",
            TieKind::Carrier => " stroke-dasharray=\"5 4\"",
        };
        format!(
            "<path d=\"M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" \
             stroke-opacity=\"0.75\"{dashes}/>",
            x1 + bend,
            x2 - bend,
            self.colour(agreement)
        )
    }
}

fn agency(node: &AgencyNode, y: usize, tied: bool) -> String {
    let id = node.agency.as_str();
    let (zh, en) = node.names.as_ref().map(|(zh, en)| (zh.as_str(), en.as_str())).unwrap_or_default();
    let (fill, ink) = if tied { ("#eef2f7", "#111111") } else { ("#fafafa", "#777777") };
    let room = AGENCY_TEXT.saturating_sub(text::width(id) + 2);
    format!(
        "<g><title>{} {}</title><rect x=\"{MARGIN}\" y=\"{}\" width=\"{AGENCY_WIDTH}\" height=\"20\" rx=\"3\" \
         fill=\"{fill}\" stroke=\"#9aa7b5\"/><text x=\"{}\" y=\"{}\" fill=\"{ink}\">{}<tspan dx=\"10\" fill=\"#666666\">{}\
         </tspan></text></g>",
        text::xml(id),
        text::xml(en),
        y.saturating_sub(10),
        MARGIN + 8,
        y + 4,
        text::xml(&text::cut(id, AGENCY_TEXT)),
        text::xml(&text::cut(zh, room)),
    )
}

fn agreement(node: &AgreementNode, y: usize, colour: &str, parties: usize) -> String {
    let AgreementNode { agreement, zh, en, in_force } = node;
    let (dashes, note) = if *in_force { ("", "") } else { (" stroke-dasharray=\"5 4\"", ", not in force") };
    let first = format!("{agreement} ({parties} parties{note})");
    format!(
        "<g><title>{}</title><rect x=\"{RIGHT}\" y=\"{}\" width=\"{AGREEMENT_WIDTH}\" height=\"42\" rx=\"8\" \
         fill=\"#ffffff\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/><text x=\"{}\" y=\"{}\" \
         font-weight=\"bold\">{}</text><text x=\"{}\" y=\"{}\">{}</text></g>",
        text::xml(en),
        y.saturating_sub(21),
        RIGHT + 12,
        y.saturating_sub(4),
        text::xml(&text::cut(&first, AGREEMENT_TEXT)),
        RIGHT + 12,
        y + 13,
        text::xml(&text::cut(zh, AGREEMENT_TEXT)),
    )
}
