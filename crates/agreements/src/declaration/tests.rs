//! Reading declarations as people write them.

use super::*;

const HEAD: &str = r#"
agreement = "northwest"
version = 3
party = "yn.police.cn"
sequence = 2
issued = "2026-01-01T00:00:00Z"
"#;

fn parse(acts: &str) -> Result<Declaration, String> {
    let file = SignedFile::unsigned("d.toml", format!("{HEAD}{acts}"));
    Declaration::parse(&file).map_err(|error| error.to_string())
}

fn says(acts: &str) -> String {
    parse(acts).unwrap_err()
}

#[test]
fn each_act_is_understood_and_written_back() {
    let at = |text: &str| text.parse().unwrap();
    let march = at("2026-03-01T00:00:00Z");
    let cases = [
        ("[withdrawal]\neffective_at = \"2026-03-01T00:00:00Z\"", Act::Withdrawal { effective_at: march }),
        ("[suspension]\nfrom = \"2026-03-01T00:00:00Z\"", Act::Suspension { from: march, until: None }),
        (
            "[suspension]\nfrom = \"2026-03-01T00:00:00Z\"\nuntil = \"2026-03-02T00:00:00Z\"",
            Act::Suspension { from: march, until: Some(at("2026-03-02T00:00:00Z")) },
        ),
        ("[resumption]", Act::Resumption),
    ];
    for (text, act) in cases {
        let declaration = parse(text).unwrap();
        assert_eq!(declaration.act, act);
        assert_eq!(declaration.file_stem(), "northwest.yn.police.cn.d2");
        let file = SignedFile::unsigned("d.toml", declaration.to_toml());
        assert_eq!(Declaration::parse(&file).unwrap(), declaration);
    }
}

#[test]
fn it_is_one_act_and_makes_sense() {
    assert!(says("").contains("exactly one of withdrawal, suspension and resumption, has 0"));
    let both = "[withdrawal]\neffective_at = \"2026-03-01T00:00:00Z\"\n[resumption]";
    assert!(says(both).contains("has 2"));
    let never = "[suspension]\nfrom = \"2026-03-01T00:00:00Z\"\nuntil = \"2026-03-01T00:00:00Z\"";
    assert!(says(never).contains("suspension.until: "));
    for (field, written) in [("version", "version = 3"), ("sequence", "sequence = 2")] {
        let zero = HEAD.replace(written, &format!("{field} = 0")) + "[resumption]";
        let error = Declaration::parse(&SignedFile::unsigned("d.toml", zero)).unwrap_err().to_string();
        assert!(error.contains(&format!("{field}: must be at least 1")), "{error}");
    }
    assert!(says("[resumption]\nbecause = 1").contains("because"));
    assert!(says("[expulsion]").contains("expulsion"));
}
