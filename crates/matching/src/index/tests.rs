use super::*;
use crate::matched::HIT_MIN;
use concord_domain::wanted::{Description, Identifier, Offence, PersonName, Sex};
use proptest::prelude::*;

fn notice(names: &[&str]) -> Notice {
    Notice {
        number: "T-1".parse().unwrap(),
        names: names.iter().map(|text| PersonName::new(NameKind::Primary, text).unwrap()).collect(),
        sex: None,
        births: Vec::new(),
        identifiers: Vec::new(),
        description: Description::default(),
        offence: Offence::default(),
    }
}

fn index(notices: &[Notice]) -> Index {
    Index::build((0..).map(NoticeKey).zip(notices))
}

/// A register of the names asked for among enough others that rare and common mean something.
fn register(names: &[&str]) -> Index {
    let given = ["Muhammad", "Ahmad", "Wei", "Jing", "Ivan", "Maria"];
    let surnames = ["Khan", "Hussein", "Wang", "Li", "Petrov", "Garcia", "Al-Tikriti", "bin Saleh"];
    let others = surnames.iter().flat_map(|s| given.iter().map(move |g| format!("{s}, {g}")));
    let notices: Vec<Notice> =
        names.iter().map(|n| notice(&[n])).chain(others.map(|n| notice(&[n.as_str()]))).collect();
    index(&notices)
}

fn subject(name: &str) -> Subject {
    Subject::new(&[name.to_owned()], Vec::new()).unwrap()
}

fn holder(number: &str) -> Subject {
    Subject::new(&[], vec![number.parse().unwrap()]).unwrap()
}

fn with(mut subject: Subject, birth: Option<&str>, sex: Option<Sex>) -> Subject {
    subject.birth = birth.map(|date| date.parse().unwrap());
    subject.sex = sex;
    subject
}

fn keys(matches: &[Match]) -> Vec<u32> {
    matches.iter().map(|m| m.key.0).collect()
}

fn score_of(index: &Index, subject: &Subject, key: u32) -> u16 {
    let all = Limits { matches_max: usize::MAX, score_min: Score::from_thousandths(0) };
    index.search(subject, all).iter().find(|m| m.key.0 == key).map_or(0, |m| m.score.thousandths())
}

#[test]
fn tokens_match_in_any_order_and_punctuation() {
    let register = register(&["BIN LADIN, Usama", "López Obrador, José", "Shao Piaoping"]);
    for (name, key) in [
        ("Usama bin Ladin", 0),
        ("LADIN<BIN<<USAMA<<<<", 0),
        ("usama BINLADIN", 0),
        ("Jose Lopez-Obrador", 1),
        ("Piao Ping Shao", 2),
    ] {
        let found = register.search(&subject(name), Limits::default());
        assert_eq!(keys(&found), [key], "{name}");
    }
}

#[test]
fn a_misspelled_name_is_found_and_scores_less() {
    let register = register(&["KELMENDI, Liridon"]);
    let (right, wrong) = (score_of(&register, &subject("Liridon Kelmendi"), 0), {
        score_of(&register, &subject("Lirdion Kelmendy"), 0)
    });
    assert_eq!(right, 940);
    assert!(wrong < right && wrong >= HIT_MIN.thousandths(), "{wrong}");
}

#[test]
fn one_shared_token_is_no_hit() {
    let register = register(&["Kelmendi, Liridon"]);
    for name in ["Muhammad", "Muhammad Osmankhel", "Kelmendi", "Kelmendi Arben", "Wang"] {
        assert_eq!(register.search(&subject(name), Limits::default()), [], "{name}");
    }
}

#[test]
fn a_name_of_one_token_is_found_by_it() {
    let register = register(&["Zulkarnaen"]);
    assert_eq!(keys(&register.search(&subject("ZULKARNAEN"), Limits::default())), [0]);
    assert_eq!(register.search(&subject("Zulkarnaen Hasan"), Limits::default()), []);
}

#[test]
fn chinese_characters_score_above_their_homophones_and_pinyin_between() {
    let register = register(&["张伟", "章伟", "ZHANG, Wei", "張偉"]);
    let found = register.search(&subject("張偉"), Limits::default());
    assert_eq!(keys(&found), [0, 3, 2, 1]);
    let closeness: Vec<_> = found
        .iter()
        .map(|m| match m.basis {
            Basis::Name { closeness, .. } => closeness,
            Basis::Identifier => unreachable!(),
        })
        .collect();
    use Closeness::{Same, SameSound};
    assert_eq!(closeness, [Same, Same, SameSound, SameSound]);
    assert_eq!(keys(&register.search(&subject("Wei Zhang"), Limits::default())), [2, 0, 1, 3]);
}

#[test]
fn surnames_are_read_as_surnames() {
    let register = register(&["单田芳", "尉迟恭", "曾国藩"]);
    for (name, key) in [("Shan Tianfang", 0), ("YUCHI Gong", 1), ("Guofan Zeng", 2)] {
        assert_eq!(keys(&register.search(&subject(name), Limits::default())), [key], "{name}");
    }
}

#[test]
fn birth_dates_raise_lower_and_exclude() {
    let mut known = notice(&["Kelmendi, Liridon"]);
    known.births = vec!["1983-01-01".parse().unwrap(), "1990".parse().unwrap()];
    let register = index(&[known]);
    let born = |date: &str| with(subject("Liridon Kelmendi"), Some(date), None);
    assert_eq!(score_of(&register, &born("1983-01-01"), 0), 1000);
    assert_eq!(score_of(&register, &born("1983"), 0), 980);
    assert_eq!(score_of(&register, &born("1990-05-05"), 0), 980, "the best of several dates counts");
    assert_eq!(score_of(&register, &born("1984-06-01"), 0), 900);
    for conflict in ["1975-01-01", "1995", "1970~"] {
        assert_eq!(register.search(&born(conflict), Limits::default()), [], "{conflict}");
    }
}

#[test]
fn sex_and_weak_names_lower() {
    let mut known = notice(&["Kelmendi, Liridon"]);
    known.sex = Some(Sex::Male);
    known.names.push(PersonName::new(NameKind::Weak, "El Gordo Chepe").unwrap());
    let register = index(&[known]);
    let female = with(subject("Liridon Kelmendi"), None, Some(Sex::Female));
    let male = with(subject("Liridon Kelmendi"), None, Some(Sex::Male));
    assert_eq!(score_of(&register, &male, 0), 940);
    assert_eq!(score_of(&register, &female, 0), 790);
    assert_eq!(score_of(&register, &subject("el gordo chepe"), 0), 890);
}

#[test]
fn identifiers_decide_alone() {
    let mut known = notice(&["Kelmendi, Liridon"]);
    known.births = vec!["1983-01-01".parse().unwrap()];
    known.identifiers = vec![
        "passport:5239319".parse().unwrap(),
        "resident-id:11010519491231002X".parse().unwrap(),
        Identifier::new(concord_domain::wanted::IdentifierKind::NationalId, "77", Some("co")).unwrap(),
    ];
    let register = index(&[notice(&["Someone Else"]), known]);
    for number in ["passport:523-9319", "resident-id:110105491231002", "national-id:77"] {
        let asked = with(holder(number), Some("1900"), None);
        let found = register.search(&asked, Limits::default());
        assert_eq!(found, [Match { key: NoticeKey(1), score: Score::BEST, basis: Basis::Identifier }]);
    }
    for number in ["passport:5239318", "national-id:5239319", "resident-id:110105194912310021"] {
        assert_eq!(register.search(&holder(number), Limits::default()), [], "{number}");
    }
    let foreign =
        Identifier::new(concord_domain::wanted::IdentifierKind::NationalId, "77", Some("PE")).unwrap();
    let foreign = Subject::new(&[], vec![foreign]).unwrap();
    assert_eq!(register.search(&foreign, Limits::default()), []);
}

#[test]
fn another_number_of_the_same_kind_is_noted_and_does_not_hide_the_name() {
    let mut known = notice(&["Kelmendi, Liridon"]);
    known.identifiers = vec!["passport:5239319".parse().unwrap()];
    let register = index(&[known]);
    for (number, differs) in [("passport:1", true), ("tax-id:1", false)] {
        let asked = Subject::new(&["Liridon Kelmendi".into()], vec![number.parse().unwrap()]).unwrap();
        let found = register.search(&asked, Limits::default());
        assert!(
            matches!(found[0].basis, Basis::Name { identifier_differs, .. } if identifier_differs == differs)
        );
    }
}

#[test]
fn equal_scores_come_in_the_order_of_keys_and_are_cut() {
    let notices: Vec<Notice> = (0..20).map(|_| notice(&["Kelmendi, Liridon", "Liridon Kelmendi"])).collect();
    let register = Index::build((0..20).rev().map(NoticeKey).zip(&notices));
    let found = register.search(&subject("Liridon Kelmendi"), Limits::default());
    assert_eq!(keys(&found), (0..10).collect::<Vec<_>>());
}

#[test]
fn an_empty_register_answers() {
    let empty = index(&[]);
    assert!(empty.is_empty() && empty.search(&subject("Liridon Kelmendi"), Limits::default()).is_empty());
    assert_eq!(format!("{:?}", register(&["张伟"])), "Index(49 notices, 49 names)");
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{2,9}( [a-z]{2,9}){1,3}", "[\\u4e00-\\u4f00]{2,4}", "\\PC{1,30}"]
}

proptest! {
    /// Whatever is registered is found by its own name, first, with the score of the same name; nothing panics.
    #[test]
    fn a_name_finds_itself(names in proptest::collection::vec(any_name(), 1..20), which in 0usize..20) {
        let notices: Vec<Notice> = names
            .iter()
            .filter_map(|text| PersonName::new(NameKind::Primary, text).ok())
            .map(|name| notice(&[name.text()]))
            .collect();
        prop_assume!(!notices.is_empty());
        let which = which % notices.len();
        let name = notices[which].names[0].text();
        let register = index(&notices);
        let found = register.search(&subject(name), Limits { matches_max: 20, ..Limits::default() });
        if Reading::of(name).tokens.is_empty() {
            prop_assert!(found.is_empty());
        } else {
            let own = found.iter().find(|m| m.key.0 == u32::try_from(which).unwrap());
            prop_assert_eq!(own.map(|m| m.score.thousandths()), Some(940));
        }
        prop_assert!(found.is_sorted_by_key(|m| (std::cmp::Reverse(m.score), m.key)));
    }

    #[test]
    fn replicas_agree(names in proptest::collection::vec("[ab]{1,6} [ab]{1,6}", 1..30), asked in "[ab]{1,6} [ab]{1,6}") {
        let notices: Vec<Notice> = names.iter().map(|n| notice(&[n])).collect();
        let keyed: Vec<_> = (0..).map(NoticeKey).zip(&notices).collect();
        let forward = Index::build(keyed.iter().copied());
        let backward = Index::build(keyed.iter().rev().copied());
        let asked = subject(&asked);
        prop_assert_eq!(
            forward.search(&asked, Limits::default()),
            backward.search(&asked, Limits::default())
        );
    }
}
