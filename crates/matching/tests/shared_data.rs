//! The matcher against published names: floors on what it finds, and a ceiling on what it should not.
//!
//! Real persons stand in these files, so they are read from beside the checkout and never copied into it; where
//! they are missing the test says so and passes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use concord_domain::wanted::{
    Description, Identifier, IdentifierKind, NameKind, Notice, Offence, PersonName, Score, Sex, Subject,
};
use concord_matching::{HIT_MIN, Index, Limits, NoticeKey};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

fn rows(name: &str) -> Option<Vec<Value>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/names").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn sex(value: &Value) -> Option<Sex> {
    value.as_str().map(|s| if s == "F" { Sex::Female } else { Sex::Male })
}

fn identifier(value: &Value) -> Identifier {
    let kind =
        if value["type"] == "passport" { IdentifierKind::Passport } else { IdentifierKind::NationalId };
    Identifier::new(kind, value["number"].as_str().unwrap(), value["country"].as_str()).unwrap()
}

fn name(value: &Value) -> PersonName {
    let kind = match value["kind"].as_str().unwrap() {
        "primary" => NameKind::Primary,
        "alias_weak" => NameKind::Weak,
        _ => NameKind::Alias,
    };
    PersonName::new(kind, value["text"].as_str().unwrap()).unwrap()
}

fn notice(row: &Value) -> Notice {
    Notice {
        number: row["id"].as_str().unwrap().parse().unwrap(),
        names: row["names"].as_array().unwrap().iter().map(name).collect(),
        sex: sex(&row["sex"]),
        births: texts(&row["dob"]).map(|d| d.parse().unwrap()).collect(),
        identifiers: row["ids"].as_array().unwrap().iter().map(identifier).collect(),
        description: Description::default(),
        offence: Offence::default(),
    }
}

fn subject(query: &Value) -> Option<Subject> {
    let names: Vec<String> = query["name"].as_str().map(str::to_owned).into_iter().collect();
    let identifiers = query.get("id").map(identifier).into_iter().collect();
    let mut subject = Subject::new(&names, identifiers).ok()?;
    subject.birth = query["dob"].as_str().and_then(|d| d.parse().ok());
    subject.sex = sex(&query["sex"]);
    Some(subject)
}

#[derive(Default)]
struct Tally {
    asked: u32,
    first: u32,
    among_ten: u32,
    hits: u32,
}

impl Tally {
    fn share(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.asked.max(1))
    }
}

/// Asks each query; counts by category. A negative's `hits` are matches that should not be.
fn measure(index: &Index, notices: &[Notice], queries: &[Value]) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut micros = Vec::new();
    for query in queries {
        let expected: Vec<&str> = texts(&query["expected"]).collect();
        let limits = Limits { matches_max: 10, score_min: Score::from_thousandths(400) };
        let asked = subject(&query["query"]).unwrap();
        #[allow(clippy::disallowed_methods, reason = "a stopwatch")]
        let start = Instant::now();
        let found = index.search(&asked, limits);
        micros.push(start.elapsed().as_micros());
        let right =
            |k: &NoticeKey| expected.contains(&notices[usize::try_from(k.0).unwrap()].number.as_str());
        let tally = tallies.entry(query["category"].as_str().unwrap().to_owned()).or_default();
        tally.asked += 1;
        tally.first += u32::from(found.first().is_some_and(|m| right(&m.key)));
        tally.among_ten += u32::from(found.iter().any(|m| right(&m.key)));
        tally.hits += u32::from(found.first().is_some_and(|m| m.score >= HIT_MIN));
    }
    micros.sort_unstable();
    println!("micros p50 {} p99 {}", micros[micros.len() / 2], micros[micros.len() * 99 / 100]);
    for (category, t) in &tallies {
        println!(
            "{category:28}{:6}  first {:.2}  among ten {:.2}  hits {:.2}",
            t.asked,
            t.share(t.first),
            t.share(t.among_ten),
            t.share(t.hits)
        );
    }
    tallies
}

fn floors(tallies: &BTreeMap<String, Tally>, floors: &[(&str, f64)]) {
    for (category, floor) in floors {
        let tally = &tallies[*category];
        assert!(tally.share(tally.first) >= *floor, "{category}: {:.3}", tally.share(tally.first));
    }
}

#[test]
fn published_names_and_numbers_are_found() {
    let (Some(register), Some(queries), Some(numbers)) =
        (rows("register.jsonl"), rows("queries.jsonl"), rows("id_queries.jsonl"))
    else {
        return;
    };
    let notices: Vec<Notice> = register.iter().map(notice).collect();
    #[allow(clippy::disallowed_methods, reason = "a stopwatch")]
    let start = Instant::now();
    let index = Index::build((0..).map(NoticeKey).zip(&notices));
    println!("built in {:?}: {index:?}", start.elapsed());
    let by_name = measure(&index, &notices, &queries);
    let by_number = measure(&index, &notices, &numbers);
    floors(&by_number, &[("id_exact", 1.0), ("id_lower", 1.0), ("id_spaced", 1.0), ("id_hyphen", 1.0)]);
    assert_eq!(by_number["id_neg_one_digit"].hits, 0);
    floors(
        &by_name,
        &[
            ("alias_strong", 0.70),
            ("alias_weak_listed", 0.95),
            ("diacritics_stripped", 0.98),
            ("han_simp_vs_trad", 0.98),
            ("han_vs_pinyin", 0.93),
            ("mrz", 0.95),
            ("perturbed", 0.92),
            ("pinyin_format", 0.98),
            ("pinyin_mechanical_vs_han", 0.97),
            ("pinyin_vs_han", 0.94),
            ("yente_treated", 0.95),
        ],
    );
    for negatives in ["neg_population", "neg_synthetic"] {
        let tally = &by_name[negatives];
        assert!(tally.share(tally.hits) <= 0.03, "{negatives}: {:.3}", tally.share(tally.hits));
    }
}
