//! Reading rules of one's own, and when each condition matches.

use super::*;
use crate::testing::{agency, directory};
use concord_domain::AgencyId;
use concord_trust::Directory;

const WRITTEN: &str = r#"
[[rules]]
name = "no narcotics for the south"
when = "serving"
agencies = ["yn.police.cn", "*.yn.police.cn"]
operations = ["wanted.search"]
purposes = ["narcotics"]
branches = ["border"]
handling_above = "official"
"#;

fn rules() -> LocalRules {
    toml::from_str(WRITTEN).unwrap()
}

fn says(text: &str) -> String {
    toml::from_str::<LocalRules>(text).unwrap_err().to_string()
}

/// A counterpart, and what is asked.
struct Asked(&'static str, Side, &'static str, Purpose, Option<Branch>, HandlingLevel);

fn forbids(rules: &LocalRules, asked: &Asked, directory: &Directory) -> bool {
    let counterpart: AgencyId = agency(asked.0);
    let (line, operation) = (Line::of(&counterpart, directory), asked.2.parse().unwrap());
    let matter = Matter {
        side: asked.1,
        counterparts: vec![&line],
        operation: &operation,
        purpose: asked.3,
        branch: asked.4,
        level: asked.5,
    };
    rules.forbidding(&matter).is_some()
}

#[test]
fn a_rule_applies_where_all_its_conditions_match() {
    let directory = directory(&[]);
    let forbidden = |asked: Asked| forbids(&rules(), &asked, &directory);
    let border = Some(Branch::Border);
    let (narcotics, restricted) = (Purpose::Narcotics, HandlingLevel::Restricted);
    let search = "wanted.search";
    assert!(forbidden(Asked("yn.police.cn", Side::Serving, search, narcotics, border, restricted)));
    assert!(forbidden(Asked("km.yn.police.cn", Side::Serving, search, narcotics, border, restricted)));
    assert!(
        forbidden(Asked("yn.police.cn", Side::Serving, search, narcotics, None, restricted)),
        "may be any"
    );
    for passes in [
        Asked("odd.yn.police.cn", Side::Serving, search, narcotics, border, restricted),
        Asked("gs.police.cn", Side::Serving, search, narcotics, border, restricted),
        Asked("yn.police.cn", Side::Asking, search, narcotics, border, restricted),
        Asked("yn.police.cn", Side::Carrying, search, narcotics, border, restricted),
        Asked("yn.police.cn", Side::Serving, "notice.send", narcotics, border, restricted),
        Asked("yn.police.cn", Side::Serving, search, Purpose::Research, border, restricted),
        Asked("yn.police.cn", Side::Serving, search, narcotics, Some(Branch::Criminal), restricted),
        Asked("yn.police.cn", Side::Serving, search, narcotics, border, HandlingLevel::Official),
    ] {
        assert!(!forbidden(passes));
    }
    let all: LocalRules = toml::from_str("[[rules]]\nname = \"closed\"").unwrap();
    assert!(forbids(&all, &Asked("fda.cn", Side::Carrying, search, narcotics, None, restricted), &directory));
}

#[test]
fn a_rule_about_vetting_forbids_nothing_and_the_strictest_counts() {
    let directory = directory(&[]);
    let written = "[[rules]]\nname = \"a\"\nvetting = \"officer\"\npurposes = [\"narcotics\"]\n\
        [[rules]]\nname = \"b\"\nvetting = \"automatic\"";
    let rules: LocalRules = toml::from_str(written).unwrap();
    let asked = |purpose| {
        Asked("yn.police.cn", Side::Serving, "wanted.search", purpose, None, HandlingLevel::Official)
    };
    assert!(!forbids(&rules, &asked(Purpose::Narcotics), &directory));
    let vetting = |purpose| {
        let Asked(name, side, operation, purpose, branch, level) = asked(purpose);
        let counterpart = agency(name);
        let (line, operation) = (Line::of(&counterpart, &directory), operation.parse().unwrap());
        let counterparts = vec![&line];
        rules.vetting(&Matter { side, counterparts, operation: &operation, purpose, branch, level })
    };
    assert_eq!(vetting(Purpose::Narcotics), Vetting::Officer);
    assert_eq!(vetting(Purpose::Research), Vetting::Automatic);
}

#[test]
fn what_is_written_out_is_read_back() {
    assert_eq!(toml::from_str::<LocalRules>(&toml::to_string(&rules()).unwrap()).unwrap(), rules());
    assert_eq!(toml::from_str::<LocalRules>("").unwrap(), LocalRules::default());
}

#[test]
fn what_cannot_be_meant_is_named() {
    assert!(says("[[rules]]\nname = \"x\"\nagency = []").contains("agency"));
    assert!(says("[[rules]]\nname = \"x\"\npurposes = []").contains("\"x\", purposes: is an empty list"));
    assert!(says("[[rules]]\nname = \" \"").contains("the name of rule 1"));
    assert!(says(&format!("[[rules]]\nname = \"{}\"", "x".repeat(65))).contains("1 to 64 characters"));
    assert!(says("[[rules]]\nname = \"x\"\n[[rules]]\nname = \"x\"").contains("two are called \"x\""));
    let many: String = (0..257).map(|n| format!("[[rules]]\nname = \"{n}\"\n")).collect();
    assert!(says(&many).contains("257 are more than the limit of 256"));
}

#[test]
fn rules_are_read_again_from_what_they_write() {
    let written = rules().to_toml();
    assert_eq!(toml::from_str::<LocalRules>(&written).unwrap(), rules());
    assert_eq!(LocalRules::default().to_toml(), "");
    assert_eq!(toml::from_str::<LocalRules>("").unwrap(), LocalRules::default());
    assert_eq!(rules().of(agency("yn.police.cn")).to_toml(), written, "whose they are is not in it");
}
