//! What a search takes.

use crate::duration;
use anyhow::Context;
use clap::Args;
use concord_domain::wanted::{BirthDate, Identifier, IdentifierKind, Query, Scope, Sex, Subject};
use concord_domain::{
    AgencyId, AgreementId, Branch, CaseRef, Handling, HandlingCode, HandlingLevel, OffenceNature, Officer,
    Purpose,
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
    /// Whom to ask: agencies (A,B,C), the parties of an agreement (agreement:ID), or all
    #[arg(long, value_parser = scope)]
    scope: Scope,
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
fn timeout(text: &str) -> Result<Duration, String> {
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
        let mut subject = Subject::new(&names, identifiers)?;
        (subject.birth, subject.sex) = (dob, sex);
        Ok((Query { subject, scope, purpose, case, officer, handling, branch, nature }, timeout))
    }
}

/// `A,B,C`, `agreement:ID` or `all`.
fn scope(text: &str) -> Result<Scope, String> {
    if text == "all" {
        return Ok(Scope::All);
    }
    if let Some(id) = text.strip_prefix("agreement:") {
        return id.parse::<AgreementId>().map(Scope::Agreement).map_err(|e| e.to_string());
    }
    let agencies: Result<Vec<AgencyId>, _> = text.split(',').map(|agency| agency.trim().parse()).collect();
    let agencies = agencies.map_err(|e| e.to_string())?;
    match agencies.len() <= Scope::AGENCIES_MAX {
        true => Ok(Scope::Agencies(agencies)),
        false => {
            Err(format!("{} agencies are more than the limit of {}", agencies.len(), Scope::AGENCIES_MAX))
        }
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
        assert_eq!(query.scope, scope("gz.police.cn, sc.police.cn").unwrap());
        assert_eq!(query.handling, Handling { level: HandlingLevel::Restricted, code: HandlingCode::H1 });
        assert_eq!((query.branch, timeout), (Some(Branch::Criminal), Duration::from_secs(3)));
    }

    #[test]
    fn scopes_have_three_forms() {
        assert_eq!(scope("all"), Ok(Scope::All));
        assert_eq!(scope("agreement:northwest"), Ok(Scope::Agreement("northwest".parse().unwrap())));
        assert!(scope("").is_err() && scope("agreement:").is_err() && scope("yn").is_err());
        assert!(scope(&vec!["a.b"; 65].join(",")).unwrap_err().contains("64"));
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
