//! What the benchmark found, for people and for programs.

use super::load::{By, Run};
use super::primitives::{Cost, Spends};
use crate::output::{Format, Output};
use comfy_table::{Table, presets};
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Serialize)]
struct RunLine {
    search_by: String,
    cores: usize,
    concurrency: u16,
    people: u32,
    searches: u64,
    per_second: f64,
    p50_us: u64,
    p90_us: u64,
    p99_us: u64,
    max_us: u64,
    cpu_us_asking_node: f64,
    cpu_us_asked_node: f64,
    cpu_us_asker: f64,
    cpu_us_carrier: f64,
}

#[derive(Debug, Serialize)]
struct CostLine {
    part: &'static str,
    each_us: f64,
    times_a_search: u32,
    us_a_search: f64,
    spends: &'static str,
}

/// Prints the runs, then the parts; the part that nothing else explains comes last.
pub(super) fn print(
    output: Output,
    concurrency: u16,
    people: u32,
    runs: &[Run],
    costs: &[Cost],
) -> anyhow::Result<()> {
    let lines: Vec<_> = runs.iter().map(|run| run_line(run, concurrency, people)).collect();
    let mut parts: Vec<_> = costs.iter().map(cost_line).collect();
    parts.extend(runs.iter().zip(&lines).filter_map(|(run, line)| rest(run.by, line, costs)));
    match output.format() {
        Format::Json => {
            for line in &lines {
                output.line(&serde_json::to_string(line)?)?;
            }
            for part in &parts {
                output.line(&serde_json::to_string(part)?)?;
            }
        }
        Format::Table => {
            let cores = lines.first().map_or(0, |line| line.cores);
            output.line(&format!(
                "two nodes on one machine of {cores} cores, {people} people, {concurrency} searches at once"
            ))?;
            output.line(&run_table(&lines).to_string())?;
            output.line("where the time goes (measured one by one in this process):")?;
            output.line(&cost_table(&parts).to_string())?;
        }
    }
    Ok(())
}

fn run_line(run: &Run, concurrency: u16, people: u32) -> RunLine {
    let Run { by, took, latency, cpu } = run;
    let searches = latency.len();
    let count = float(searches);
    let [asking, asked, own, carrier] = cpu.map(|spent| micros(spent) / count);
    RunLine {
        search_by: by.to_string(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        concurrency,
        people,
        searches,
        per_second: round(count / took.as_secs_f64()),
        p50_us: latency.value_at_quantile(0.5),
        p90_us: latency.value_at_quantile(0.9),
        p99_us: latency.value_at_quantile(0.99),
        max_us: latency.max(),
        cpu_us_asking_node: round(asking),
        cpu_us_asked_node: round(asked),
        cpu_us_asker: round(own),
        cpu_us_carrier: round(carrier),
    }
}

fn cost_line(cost: &Cost) -> CostLine {
    let Cost { what, each, times, spends } = cost;
    let each = micros(*each);
    CostLine {
        part: what,
        each_us: round(each),
        times_a_search: *times,
        us_a_search: round(each * f64::from(*times)),
        spends: match spends {
            Spends::Cpu => "cpu",
            Spends::Disk => "disk",
        },
    }
}

/// What the nodes' CPU time has beyond the parts that were measured.
fn rest(by: By, line: &RunLine, costs: &[Cost]) -> Option<CostLine> {
    let (part, other) = match by {
        By::Id => ("by id: TLS, HTTP/2, SQLite, the rest", "register, by name"),
        By::Name => ("by name: TLS, HTTP/2, SQLite, the rest", "register, by id"),
        By::Straight | By::Carried => return None,
    };
    let counted = costs.iter().filter(|cost| cost.spends == Spends::Cpu && cost.what != other);
    let known: f64 = counted.map(|cost| micros(cost.each) * f64::from(cost.times)).sum();
    let rest = round((line.cpu_us_asking_node + line.cpu_us_asked_node - known).max(0.0));
    Some(CostLine { part, each_us: rest, times_a_search: 1, us_a_search: rest, spends: "cpu" })
}

fn run_table(lines: &[RunLine]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header([
        "search by",
        "searches/s",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "max ms",
        "CPU µs asking node",
        "CPU µs asked node",
        "CPU µs asker",
        "CPU µs carrier",
    ]);
    table.add_rows(lines.iter().map(|line| {
        [
            line.search_by.clone(),
            format!("{:.0}", line.per_second),
            millis(line.p50_us),
            millis(line.p90_us),
            millis(line.p99_us),
            millis(line.max_us),
            format!("{:.0}", line.cpu_us_asking_node),
            format!("{:.0}", line.cpu_us_asked_node),
            format!("{:.0}", line.cpu_us_asker),
            format!("{:.0}", line.cpu_us_carrier),
        ]
    }));
    table
}

fn cost_table(lines: &[CostLine]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header([
        "part",
        "µs each",
        "times a search",
        "µs a search",
        "spends",
    ]);
    table.add_rows(lines.iter().map(|line| {
        [
            line.part.to_owned(),
            format!("{:.1}", line.each_us),
            line.times_a_search.to_string(),
            format!("{:.1}", line.us_a_search),
            line.spends.to_owned(),
        ]
    }));
    table
}

fn millis(micros: u64) -> String {
    format!("{:.2}", float(micros) / 1000.0)
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// To a tenth: the clock tells no more.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Counts beyond four thousand million do not come up.
fn float(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_what_no_part_explains() {
        let cost =
            |what, micros, times, spends| Cost { what, each: Duration::from_micros(micros), times, spends };
        let costs = [
            cost("sign (Ed25519)", 10, 3, Spends::Cpu),
            cost("commit, alone", 4000, 3, Spends::Disk),
            cost("register, by id", 5, 1, Spends::Cpu),
            cost("register, by name", 500, 1, Spends::Cpu),
        ];
        let mut latency = hdrhistogram::Histogram::new(3).unwrap();
        latency.record_n(2000, 10).unwrap();
        let cpu = [Duration::from_micros(3000), Duration::from_micros(2000), Duration::ZERO, Duration::ZERO];
        let run = Run { by: By::Id, took: Duration::from_secs(2), latency, cpu };
        let line = run_line(&run, 4, 100);
        assert!((line.per_second - 5.0).abs() < 0.01 && (line.cpu_us_asking_node - 300.0).abs() < 0.1);
        assert!((rest(By::Id, &line, &costs).unwrap().us_a_search - 465.0).abs() < 0.1);
    }
}
