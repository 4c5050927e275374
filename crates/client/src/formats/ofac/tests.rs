use super::*;
use concord_domain::wanted::{IdentifierKind, Sex};
use std::path::PathBuf;

const SDN: &str = "36,\"SOME LINES\",-0- ,\"CUBA\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n\
    77,\"DOE, John\",\"individual\",\"SDGT\",\"Director\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 02 Mar 1960; alt. DOB \
    circa 1961; POB Ulm, Germany; nationality Germany; citizen Kenya; Gender Male; Passport C1 (Congo, Democratic Republic \
    of the) issued 01 Jan 2000 expires 01 Jan 2010; alt. Passport C2 issued 01 Jan 2000; National Foreign ID Number \
    11010519491231002X (China); a.k.a. 'ABU-'UMAR'; Linked To: SOME LINES.\"\r\n\
    78,\"ROE, Jane\",\"individual\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n\x1A\r\n";
const ALT: &str = "77,1,\"aka\",\"DOE, Johnny\",-0- \r\n77,2,\"fka\",\"ROE, John\",-0- \r\n77,3,\"aka\",\"DOE, John\",-0- \r\n\x1A";
const ADD: &str = "77,1,\"1 High Street\",\"Ulm\",\"Germany\",-0- \r\n77,2,-0- ,-0- ,\"Kenya\",-0- \r\n";

fn read(sdn: &str, alt: &str, add: &str) -> Vec<Row> {
    let mut beside = Beside::default();
    assert!(beside.read_names(alt.as_bytes()).unwrap() == Whole::Yes);
    assert!(beside.read_addresses(add.as_bytes()).unwrap() == Whole::Yes);
    Reader::new(sdn.as_bytes(), beside).map(Result::unwrap).collect()
}

#[test]
fn individuals_are_joined_with_their_aliases_and_addresses() {
    let rows = read(SDN, ALT, ADD);
    let [Row::Skipped { line: 1, .. }, Row::Taken { line: 2, notice }, Row::Taken { line: 3, notice: bare }] =
        rows.as_slice()
    else {
        panic!("{rows:?}")
    };
    assert_eq!((notice.number.as_str(), bare.number.as_str()), ("OFAC-77", "OFAC-78"));
    let names: Vec<_> = notice.names.iter().map(|n| (n.kind, n.text())).collect();
    assert_eq!(
        names,
        [
            (NameKind::Primary, "DOE, John"),
            (NameKind::Alias, "DOE, Johnny"),
            (NameKind::Former, "ROE, John"),
            (NameKind::Weak, "ABU-'UMAR"),
        ]
    );
    let births: Vec<_> = notice.births.iter().map(|b| b.as_str()).collect();
    assert_eq!((births, notice.sex), (vec!["1960-03-02", "1961~"], Some(Sex::Male)));
    let documents: Vec<_> = notice.identifiers.iter().map(|i| (i.kind, i.number(), i.country())).collect();
    assert_eq!(
        documents,
        [
            (IdentifierKind::Passport, "C1", Some("Congo, Democratic Republic of the")),
            (IdentifierKind::Passport, "C2", None),
            (IdentifierKind::ResidentId, "11010519491231002X", Some("China")),
        ]
    );
    assert_eq!(notice.description.birthplace, "Ulm, Germany");
    assert_eq!(notice.description.nationality, "Germany; Kenya");
    assert_eq!(notice.description.occupation, "Director");
    assert_eq!(notice.description.residence, "1 High Street, Ulm, Germany; Kenya");
    assert_eq!(notice.offence.summary, "OFAC sanctions program SDGT");
    assert!(bare.births.is_empty() && bare.offence.summary.is_empty() && bare.names.len() == 1);
}

#[test]
fn every_published_form_of_a_birth_date_is_read() {
    for (text, edtf) in [
        ("1960", "1960"),
        ("Mar 1960", "1960-03"),
        ("2 Mar 1960", "1960-03-02"),
        ("circa 1960", "1960~"),
        ("circa 02 Mar 1960", "1960-03-02~"),
        ("circa 1979-1982", "1979/1982"),
        ("1960 to 1962", "1960/1962"),
        ("01 Jan 1960 to 31 Dec 1962", "1960-01-01/1962-12-31"),
    ] {
        let read = Remarks::read(&format!("DOB {text}.")).map(|r| r.births);
        assert!(read == Ok(vec![edtf.parse().unwrap()]), "{text}");
    }
}

#[test]
fn remarks_that_were_cut_off_lose_only_their_last_item() {
    let text = format!("DOB 1960; {}; a.k.a. 'snowsjo", "x".repeat(1000));
    let read = Remarks::read(&text).unwrap();
    assert!(read.births.len() == 1 && read.names.is_empty());
    let label = Remarks::read("Passport No.: 0310857, Eritrea, Issue Date 21 August 2006)").unwrap();
    assert_eq!((label.identifiers[0].number(), label.identifiers[0].country()), ("0310857", Some("Eritrea")));
    let sentence = Remarks::read("Passport and National ID were issued in Ulm.").unwrap();
    assert!(sentence.identifiers.is_empty());
}

#[test]
fn malformed_rows_are_told_by_line_without_their_content() {
    let sdn = "1,\"A\",\"individual\"\n2,\"Secret,\"individual\",1,2,3,4,5,6,7,8,9\nx,\"A\",individual,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-\n\
        4,-0-,individual,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-\n5,A,individual,-0-,-0-,-0-,-0-,-0-,-0-,-0-,-0-,DOB Secret\n";
    let told: Vec<(u64, String)> = read(sdn, "7,1,zzz,Secret,-0-\n", "bad\n")
        .into_iter()
        .map(|row| match row {
            Row::Rejected { line, reason } => (line, reason.to_string()),
            Row::Taken { .. } | Row::Skipped { .. } => panic!("should be refused"),
        })
        .collect();
    let expected = [
        (1, "alt.csv: alias type must be one of aka, fka, nka"),
        (1, "add.csv: 1 columns instead of 6"),
        (1, "3 columns instead of 12"),
        (2, "a quotation mark is not closed"),
        (3, "entity number must be a number"),
        (4, "name: name is missing"),
        (5, "remarks.DOB: birth date is not of the form 1971, 1962-11, 1962-11-03, 1950~ or 1960/1965"),
    ];
    assert_eq!(told, expected.map(|(line, text)| (line, text.to_owned())));
}

#[test]
fn the_published_list_is_read_whole() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ofac/sdn.csv");
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return;
    }
    let mut reader = super::super::Reader::open(super::super::Format::OfacSdn, &path).unwrap();
    let (mut taken, mut skipped, mut names, mut births, mut documents) = (0, 0, 0, 0, 0);
    for row in reader.by_ref() {
        match row.unwrap() {
            Row::Taken { notice, .. } => {
                taken += 1;
                names += notice.names.len();
                births += notice.births.len();
                documents += notice.identifiers.len();
            }
            Row::Skipped { .. } => skipped += 1,
            Row::Rejected { line, reason } => panic!("line {line}: {reason}"),
        }
    }
    println!("{taken} taken, {skipped} skipped; {names} names, {births} births, {documents} documents");
    assert_eq!((taken, skipped), (2781, 4356));
    assert_eq!(reader.bytes_read(), reader.bytes_total());
}
