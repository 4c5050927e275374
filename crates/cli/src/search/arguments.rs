//! What a search takes.

use crate::duration;
use anyhow::Context;
use clap::Args;
use concord_domain::wanted::{BirthDate, Identifier, IdentifierKind, Query, Scope, ScopeTerm, Sex, Subject};
use concord_domain::{
    AgencyPattern, Branch, CaseRef, Handling, HandlingCode, HandlingLevel, OffenceNature, Officer, Purpose,
};
use concord_matching::check_resident_id;
use std::time::Duration;

/// What `search` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A name; give the option again for each further name
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,
    /// A document: resident-id, passport, national-id, tax-id, driver-licence or other, and its number
    #[arg(long = "id", value_name = "TYPE:NUMBER")]
    identifiers: Vec<Identifier>,
    /// Date of birth: 1971, 1962-11, 1962-11-03, 1950~ (about) or 1960/1965 (between)
    #[arg(long, value_name = "DATE")]
    dob: Option<BirthDate>,
    /// Sex: female or male
    #[arg(long)]
    sex: Option<Sex>,
    /// Whom to ask: agencies, patterns (*.yn.police.cn), the parties of an agreement (agreement:ID), a region with
    /// everybody below (region:ID), or all; separated by commas, or the option again for each
    #[arg(long, value_delimiter = ',', required = true, value_name = "TERM")]
    scope: Vec<ScopeTerm>,
    /// Whom to leave out of that: agencies or patterns, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "PATTERN")]
    except: Vec<AgencyPattern>,
    /// Why, such as fugitive-apprehension
    #[arg(long)]
    purpose: Purpose,
    /// The case that it belongs to
    #[arg(long, value_name = "REFERENCE")]
    case: CaseRef,
    /// The officer who answers for it, by service number; not needed with the officer's own certificate
    #[arg(long, value_name = "NUMBER")]
    officer: Option<Officer>,
    /// How far it may go on: official, restricted or confidential, with a code where needed (restricted/H1)
    #[arg(long, value_parser = handling, value_name = "LEVEL[/CODE]", default_value = "official")]
    handling: Handling,
    /// The officer's branch, such as criminal
    #[arg(long)]
    branch: Option<Branch>,
    /// The nature of the offence where it may exclude cooperation: political, military or persecution
    #[arg(long, value_name = "NATURE")]
    nature: Option<OffenceNature>,
    /// How long to wait for answers, such as 10s; 60s at most
    #[arg(long, value_parser = timeout, default_value = "10s")]
    timeout: Duration,
    /// How long to wait for what is pending, such as 10m; 1440m at most
    #[arg(long, value_parser = super::watch::wait, value_name = "DURATION")]
    wait: Option<Duration>,
}

/// A wait that the node grants: it reports who is late after a minute at most.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
    let timeout = duration::parse(text)?;
    let granted = Duration::from_millis(1)..=Duration::from_secs(60);
    if granted.contains(&timeout) { Ok(timeout) } else { Err("must be 1ms to 60s".to_owned()) }
}

impl Arguments {
    /// How long to wait for what is pending, if at all.
    pub(super) const fn wait(&self) -> Option<Duration> {
        self.wait
    }

    /// The query, and how long to wait.
    pub(super) fn query(self) -> anyhow::Result<(Query, Duration)> {
        let Self {
            names,
            identifiers,
            dob,
            sex,
            scope,
            except,
            purpose,
            case,
            officer,
            handling,
            branch,
            nature,
            timeout,
            wait: _,
        } = self;
        for identifier in identifiers.iter().filter(|i| i.kind == IdentifierKind::ResidentId) {
            // A mistyped number can match nothing: better said here than reported as "no hit" by everybody.
            check_resident_id(identifier.number()).context("--id")?;
        }
        let scope = Scope::new(scope, except).context("--scope")?;
        let mut subject = Subject::new(&names, identifiers)?;
        (subject.birth, subject.sex) = (dob, sex);
        Ok((Query { subject, scope, purpose, case, officer, handling, branch, nature }, timeout))
    }
}

/// `restricted` or `restricted/H1`.
fn handling(text: &str) -> Result<Handling, String> {
    let (level, code) = text.split_once('/').unwrap_or((text, HandlingCode::H0.as_str()));
    let level: HandlingLevel = level.parse().map_err(|e: concord_domain::UnknownCode| e.to_string())?;
    let code = code.parse().map_err(|e: concord_domain::UnknownCode| e.to_string())?;
    Ok(Handling { level, code })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        search: Arguments,
    }

    fn query(words: &str) -> anyhow::Result<(Query, Duration)> {
        Line::try_parse_from(words.split(' '))?.search.query()
    }

    const MANDATORY: &str = "search --scope all --purpose narcotics --case C --officer 1";

    #[test]
    fn every_argument_arrives() {
        let (query, timeout) = query(
            "search --name 张三 --name Zhang --id passport:E1 --dob 1971 --sex male --scope gz.police.cn,sc.police.cn \
             --purpose serious-crime --case A-1 --officer 053211 --handling restricted/H1 --branch criminal --timeout 3s",
        )
        .unwrap();
        assert_eq!((query.subject.names().len(), query.subject.identifiers().len()), (2, 1));
        assert!(query.subject.birth.is_some() && query.subject.sex == Some(Sex::Male));
        assert_eq!(query.scope, scope("--scope sc.police.cn,gz.police.cn").unwrap());
        assert_eq!(query.handling, Handling { level: HandlingLevel::Restricted, code: HandlingCode::H1 });
        assert_eq!((query.branch, timeout), (Some(Branch::Criminal), Duration::from_secs(3)));
    }

    fn scope(words: &str) -> anyhow::Result<Scope> {
        Ok(query(&format!("search --id passport:E1 --purpose narcotics --case C {words}"))?.0.scope)
    }

    #[test]
    fn a_scope_puts_terms_together_and_leaves_out_exceptions() {
        let whole = "yn.police.cn,*.sc.police.cn,agreement:northwest,region:northwest,all";
        let terms = whole.split(',').map(|term| term.parse().unwrap());
        let except = ["km.yn.police.cn", "*.gz.police.cn"].map(|pattern| pattern.parse().unwrap());
        let expected = Scope::new(terms, except).unwrap();
        let words = format!("--scope {whole} --except km.yn.police.cn,*.gz.police.cn");
        assert_eq!(scope(&words).unwrap(), expected);
        let each = whole.split(',').fold(String::new(), |words, term| format!("{words}--scope {term} "));
        assert_eq!(
            scope(&format!("{each}--except km.yn.police.cn --except *.gz.police.cn")).unwrap(),
            expected
        );
    }

    #[test]
    fn what_is_no_scope_is_told_with_what_is_wrong() {
        for words in
            ["", "--scope yn", "--scope yn.police.cn,", "--scope agreement:", "--except yn.police.cn"]
        {
            let error = scope(words).unwrap_err().to_string();
            assert!(error.contains("--scope"), "{words}: {error}");
        }
        let error = scope("--scope all --except *").unwrap_err().to_string();
        assert!(error.contains("--except"), "{error}");
        let many = vec!["a.b"; Scope::TERMS_MAX + 1].join(",");
        let error = format!("{:#}", scope(&format!("--scope {many}")).unwrap_err());
        assert!(error.contains("--scope") && error.contains("256"), "{error}");
    }

    #[test]
    fn what_is_missing_or_mistyped_is_told() {
        assert!(query(&format!("{MANDATORY} --id resident-id:11010519491231002X")).is_ok());
        let error = query(&format!("{MANDATORY} --id resident-id:110105194912310021")).unwrap_err();
        assert!(format!("{error:#}").contains("check character") && !format!("{error:#}").contains("110105"));
        assert!(query(MANDATORY).unwrap_err().to_string().contains("a name or an identifier is needed"));
        let error = query("search --name X --scope all --case C").unwrap_err().to_string();
        assert!(error.contains("--purpose"), "{error}");
    }

    #[test]
    fn a_wait_is_one_that_the_node_grants() {
        assert_eq!(timeout("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(timeout("1ms"), Ok(Duration::from_millis(1)));
        for bad in ["0s", "61s", "2m", "10"] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
    }
}
