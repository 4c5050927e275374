use super::*;
use proptest::prelude::*;

fn rejected(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn the_documented_line_is_read() {
    let line = r#"{"number": "T-2024-001", "names": [{"text": "张三", "kind": "primary"},
        {"text": "老三", "kind": "nickname"}], "sex": "male", "births": ["1971-03", "1972~"],
        "identifiers": [{"kind": "passport", "number": "E1234567", "country": "cn"}],
        "description": {"accent": "云南"}, "offence": {"summary": "诈骗"}}"#;
    let notice = parse(line).unwrap();
    assert_eq!(notice.number.as_str(), "T-2024-001");
    assert_eq!(notice.names[1].kind, NameKind::Nickname);
    assert_eq!(notice.sex, Some(Sex::Male));
    assert_eq!(notice.births[1].as_str(), "1972~");
    assert_eq!(notice.identifiers[0].country(), Some("cn"));
    assert_eq!((notice.description.accent.as_str(), notice.offence.summary.as_str()), ("云南", "诈骗"));
}

#[test]
fn the_layout_of_the_measured_lists_is_read() {
    let line = r#"{"dob": ["1948"], "id": "UN:1", "ids": [{"country": "cd", "number": "OB 1", "type": "national_id"}],
        "names": [{"kind": "primary", "script": "Latin", "text": "A B"}, {"kind": "alias_weak", "script": "Latin",
        "text": "C"}], "nationality": ["rw", "cd"], "sex": "M", "source": "un"}"#;
    let notice = parse(line).unwrap();
    assert_eq!((notice.number.as_str(), notice.sex), ("UN:1", Some(Sex::Male)));
    assert_eq!(notice.description.nationality, "rw; cd");
    assert_eq!(notice.identifiers[0].kind, IdentifierKind::NationalId);
    assert_eq!(notice.names[1].kind, NameKind::Weak);
}

#[test]
fn what_is_wrong_is_named_by_field_and_never_repeated() {
    let line = |rest: &str| format!(r#"{{"number":"1","names":[{{"text":"Secret"}}]{rest}}}"#);
    for (line, message) in [
        ("{".to_owned(), "not JSON from column 1 on"),
        ("[]".to_owned(), "line must be an object"),
        ("{}".to_owned(), "number is missing"),
        (r#"{"number":"1"}"#.to_owned(), "names: at least one is needed"),
        (r#"{"number":7}"#.to_owned(), "number must be a text"),
        (r#"{"number":"1","id":"2"}"#.to_owned(), "number is given twice, under two names"),
        (r#"{"number":"1","names":["Secret"]}"#.to_owned(), "names[0] must be an object"),
        (r#"{"number":"1","names":[{"kind":"alias"}]}"#.to_owned(), "names[0].text is missing"),
        (r#"{"number":"1","names":[{"text":" "}]}"#.to_owned(), "names[0].text: name is missing"),
        (line(r#","birth":[]"#), "unknown field \"birth\""),
        (line(r#","sex":"Secret""#), "sex must be one of female, male"),
        (
            line(r#","births":["1971","Secret"]"#),
            "births[1]: birth date is not of the form 1971, 1962-11, 1962-11-03, 1950~ or 1960/1965",
        ),
        (line(r#","identifiers":[{"kind":"passport"}]"#), "identifiers[0].number is missing"),
        (line(r#","description":{"hair":"Secret"}"#), "unknown field \"description.hair\""),
        (line(r#","offence":"Secret""#), "offence must be an object"),
    ] {
        assert_eq!(rejected(&line), message);
    }
}

#[test]
fn bad_lines_are_numbered_and_do_not_end_the_file() {
    let file = "{\"number\":\"1\",\"names\":[{\"text\":\"A\"}]}\n\n{oops\n{\"number\":\"2\",\"names\":[{\"text\":\"B\"}]}";
    let mut reader = Reader::new(file.as_bytes());
    let rows: Vec<Row> = reader.by_ref().map(Result::unwrap).collect();
    assert!(matches!(
        rows[..],
        [
            Row::Taken { line: 1, .. },
            Row::Rejected { line: 3, reason: RejectReason::NotJson { .. } },
            Row::Taken { line: 4, .. }
        ]
    ));
    assert_eq!(reader.bytes_read(), u64::try_from(file.len()).unwrap());
}

fn word() -> impl Strategy<Value = String> {
    "[\\PC&&[^ ]][\\PC]{0,20}[\\PC&&[^ ]]".prop_filter("trimmed", |text| text.trim() == text)
}

fn any_code<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

prop_compose! {
    fn any_identifier()(kind in any_code(IdentifierKind::ALL), number in word(), country in proptest::option::of(word()))
        -> Identifier {
        Identifier::new(kind, &number, country.as_deref()).unwrap()
    }
}

prop_compose! {
    fn any_notice()(
        number in word(),
        names in proptest::collection::vec((any_code(NameKind::ALL), word()), 1..5),
        sex in proptest::option::of(any_code(Sex::ALL)),
        births in proptest::collection::vec("(19[0-9]{2}|19[0-9]{2}-0[1-9]|1950~|1960/1965)", 0..3),
        identifiers in proptest::collection::vec(any_identifier(), 0..3),
        texts in proptest::collection::vec("(\\PC|\n){0,12}", 13),
    ) -> Notice {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().unwrap();
        Notice {
            number: number.parse().unwrap(),
            names: names.iter().map(|(kind, text)| PersonName::new(*kind, text).unwrap()).collect(),
            sex,
            births: births.iter().map(|birth| birth.parse().unwrap()).collect(),
            identifiers,
            description: Description {
                ethnicity: text(), native_place: text(), birthplace: text(), registered_residence: text(),
                residence: text(), nationality: text(), occupation: text(), features: text(), accent: text(),
                habits: text(),
            },
            offence: Offence { time: text(), place: text(), summary: text() },
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(notices in proptest::collection::vec(any_notice(), 0..4)) {
        let mut file = Vec::new();
        for notice in &notices {
            write(&mut file, notice).unwrap();
        }
        let read: Vec<Notice> = Reader::new(file.as_slice())
            .map(|row| match row.unwrap() {
                Row::Taken { notice, .. } => *notice,
                Row::Skipped { .. } | Row::Rejected { .. } => panic!("not read back"),
            })
            .collect();
        prop_assert!(read == notices);
    }

    #[test]
    fn noise_is_refused(line in "\\PC{0,80}") {
        prop_assert!(parse(&line).is_err());
    }
}

#[test]
fn the_measured_lists_are_read_whole() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/names/register.jsonl");
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return;
    }
    let reader = super::super::Reader::open(super::super::Format::Jsonl, &path).unwrap();
    let taken = reader.map(Result::unwrap).filter(|row| matches!(row, Row::Taken { .. })).count();
    assert_eq!(taken, 22_687);
}
