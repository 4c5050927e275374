//! `concord agreement explain`.

use super::source::Source;
use super::topic::{Asked, When};
use super::words::{self, ExtentLine, LeaveLine};
use crate::session::Session;
use clap::Args;
use concord_agreements::tools::{self, Chain, Considered, Explanation};
use concord_agreements::{Denial, Facts};
use concord_domain::{AgencyId, OffenceNature, Timestamp};
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// Who would ask
    #[arg(long, value_name = "AGENCY")]
    from: AgencyId,
    /// Who would be asked
    #[arg(long, value_name = "AGENCY")]
    to: AgencyId,
    #[command(flatten)]
    asked: Asked,
    /// Nature of the offence, where it may exclude cooperation: political, military or persecution [default: none of
    /// them]
    #[arg(long, value_name = "NATURE")]
    nature: Option<OffenceNature>,
    #[command(flatten)]
    when: When,
}

/// Explains. That something is refused is an answer, so the command succeeds.
pub(super) async fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let (_, rules) = arguments.source.documents(session).await?;
    let (topic, at) = (arguments.asked.topic(), arguments.when.or_now());
    let facts = Facts {
        handling: topic.handling,
        branch: topic.branch,
        nature: arguments.nature,
        ..Facts::new(&arguments.from, &arguments.to, &topic.operation, topic.purpose)
    };
    let explanation = tools::explain(&rules, &facts, at);
    let object = line(&facts, &explanation, at);
    Ok(session.output.result(&object, || text(&facts, &explanation, at))?)
}

fn line(facts: &Facts<'_>, explanation: &Explanation, at: Timestamp) -> Value {
    let Explanation { decision, considered, carriers, chains } = explanation;
    let mut routes: Vec<_> = decision.iter().map(|_| json!({ "route": "direct" })).collect();
    if !carriers.is_empty() {
        routes.push(json!({ "route": "carried", "carriers": carriers }));
    }
    routes.extend(chains.iter().map(chain_line));
    json!({
        "allowed": decision.is_ok(), "from": facts.from, "to": facts.to, "operation": facts.operation,
        "purpose": facts.purpose, "handling": facts.handling.level, "branch": facts.branch, "nature": facts.nature,
        "at": at, "leave": decision.as_ref().ok().map(LeaveLine::from),
        "denial": decision.as_ref().err().map(denial_line), "routes": routes,
        "considered": considered.iter().map(considered_line).collect::<Vec<_>>(),
    })
}

fn denial_line(denial: &Denial) -> Value {
    let Denial { refusal, closest, missing } = denial;
    let closest = closest.as_ref().map(|(agreement, clause)| {
        json!({ "agreement": agreement.id, "version": agreement.version, "clause": clause })
    });
    json!({ "reason": refusal, "missing": missing, "closest": closest })
}

fn considered_line(considered: &Considered) -> Value {
    let Considered { agreement, kind, decision } = considered;
    json!({
        "agreement": agreement.id, "version": agreement.version, "kind": kind, "clause": decision.as_ref().ok(),
        "lacks": decision.as_ref().err().map(denial_line),
    })
}

fn chain_line(chain: &Chain) -> Value {
    let leg =
        |leg: &tools::Leg| json!({ "from": leg.from, "to": leg.to, "leave": LeaveLine::from(&leg.leave) });
    json!({
        "route": "brokered", "through": chain.brokers().collect::<Vec<_>>(),
        "extent": chain.extent().as_ref().map(ExtentLine::from), "until": chain.until(),
        "legs": chain.legs.iter().map(leg).collect::<Vec<_>>(),
    })
}

fn text(facts: &Facts<'_>, explanation: &Explanation, at: Timestamp) -> String {
    let Explanation { decision, considered, carriers, chains } = explanation;
    let Facts { from, to, operation, purpose, .. } = facts;
    let question = format!("{from} asks {to}: {operation} for {purpose}, at {}", words::time(at));
    let mut lines = vec![question];
    match decision {
        Ok(leave) => lines.push(format!("allowed by {}", words::leave(leave))),
        Err(denial) => lines.push(format!("refused: {denial}")),
    }
    lines.extend([String::new(), "routes".to_owned()]);
    if decision.is_ok() {
        lines.push("  direct".to_owned());
    }
    if !carriers.is_empty() {
        let carriers = words::list(carriers);
        lines.push(format!("  carried, sealed, where the two share no line: by {carriers}"));
    }
    chains.iter().for_each(|chain| lines.extend(chain_text(chain)));
    if decision.is_err() && chains.is_empty() {
        lines.push(format!("  none, also not through {} brokers or fewer", Explanation::BROKERS_MAX));
    }
    if chains.len() == Explanation::CHAINS_MAX {
        lines.push(format!("  and maybe more: only the first {} are told", Explanation::CHAINS_MAX));
    }
    lines.extend([String::new(), "agreements that bind both".to_owned()]);
    lines.extend(considered.iter().map(considered_text));
    if considered.is_empty() {
        lines.push("  none".to_owned());
    }
    lines.join("\n")
}

fn considered_text(considered: &Considered) -> String {
    let Considered { agreement, kind, decision } = considered;
    let verdict = match decision {
        Ok(clause) => format!("clause {clause} covers it"),
        Err(denial) => denial.to_string(),
    };
    format!("  {agreement} ({}): {verdict}", words::code(kind))
}

fn chain_text(chain: &Chain) -> Vec<String> {
    let mut lines = vec![format!("  brokered through {}", words::list(chain.brokers()))];
    let leg = |leg: &tools::Leg| format!("    {} asks {} by {}", leg.from, leg.to, words::leave(&leg.leave));
    lines.extend(chain.legs.iter().map(leg));
    let whole = chain.extent().zip(chain.until());
    lines.extend(whole.map(|(extent, until)| {
        format!(
            "    altogether up to {}; fields {}; onward {}{}; until {}",
            extent.ceiling,
            words::list_or(&extent.fields, "none"),
            words::code(&extent.onward),
            words::vetting(extent.vetting),
            words::time(until)
        )
    }));
    lines
}
