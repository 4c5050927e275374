//! `concord pki`: makes a federation's folder, and keeps it alive.

use crate::cluster::addresses;
use crate::duration::days;
use crate::session::Session;
use clap::{Subcommand, ValueEnum};
use concord_domain::{AgencyId, Clock, Role, SystemClock, SystemEntropy, Timestamp, Workload};
use concord_pki::{
    BlockNotice, CardRenewal, CardRenewed, Client, CredentialFiles, Federation, Layout, Lives, Options,
    Renewal, Rotated, Rotation, Validity, block, generate, issue_client, issue_node, lift, renew_card,
    renew_keyring, revoke, rotate_keys,
};
use concord_trust::BlockReason;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// What `pki` does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generate charter, cards, keyrings, agreements and certificates into DIR
    Init {
        /// Where to; must not have a federation yet
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// What to generate it from, in the form of certs-dev/federation.toml [default: the sample federation]
        #[arg(long, value_name = "FILE")]
        federation: Option<PathBuf>,
        /// The agencies that get a node's folder [default: all]
        #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
        agencies: Vec<AgencyId>,
    },
    /// Issue a certificate by the agency's authority
    Issue {
        /// Folder of the federation
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Whose authority issues it
        #[arg(long = "for", value_name = "AGENCY")]
        agency: AgencyId,
        /// What it is for; a node's replaces the old one
        kind: Kind,
        /// The application's name, or the officer's service number; also the name of the files
        #[arg(required_if_eq_any = [("kind", "app"), ("kind", "officer")])]
        name: Option<String>,
        /// inquirer, on-behalf, registrar, auditor, liaison or vetter; give the option again for each further role
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<Role>,
        /// Days that it lives
        #[arg(long, value_parser = days, value_name = "DAYS", default_value = "30")]
        days: Duration,
    },
    /// Put a certificate on its authority's revocation list
    Revoke {
        /// Folder of the federation
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Whose authority issued it
        #[arg(long = "for", value_name = "AGENCY")]
        agency: AgencyId,
        /// The certificate, PEM
        certificate: PathBuf,
    },
    /// Stop an agency at every node, or let it go on, by a notice of the charter's emergency key
    Block {
        /// Folder of the federation
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Who is stopped; nobody below it is
        agency: AgencyId,
        /// No longer stopped at this time, such as 2026-03-01T08:00:00Z [default: until lifted]
        #[arg(long, value_name = "T", conflicts_with = "lift")]
        until: Option<Timestamp>,
        /// Why
        #[arg(long, value_enum, value_name = "REASON", default_value = "ordered", conflicts_with = "lift")]
        reason: Reason,
        /// Let it go on
        #[arg(long)]
        lift: bool,
    },
    /// Change message, checkpoint and sealing key to the next ones, or announce the first next ones; a running node takes
    /// them up
    RotateKeys {
        /// Folder of the federation
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Whose keys
        #[arg(long = "for", value_name = "AGENCY")]
        agency: AgencyId,
        /// Days that the keyring lives, 7 at most
        #[arg(long, value_parser = days, value_name = "DAYS", default_value = "7")]
        days: Duration,
    },
    /// Issue the successor of an agency's card; what is not named stays as it is
    RenewCard {
        /// Folder of the federation
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Whose card
        #[arg(long = "for", value_name = "AGENCY")]
        agency: AgencyId,
        /// The agency's name in Chinese
        #[arg(long, value_name = "NAME")]
        name_zh: Option<String>,
        /// The agency's name in English
        #[arg(long, value_name = "NAME")]
        name_en: Option<String>,
        /// Telephone of the duty desk
        #[arg(long, value_name = "PHONE")]
        phone: Option<String>,
        /// Mail address of the duty desk
        #[arg(long, value_name = "EMAIL")]
        email: Option<String>,
        /// When the duty desk is staffed
        #[arg(long, value_name = "HOURS")]
        hours: Option<String>,
        /// Announce a new agreement key, which signs beside the old one from then on; the second time, name it alone
        #[arg(long)]
        new_agreement_key: bool,
        /// The same with a new keyring key
        #[arg(long)]
        new_keyring_key: bool,
    },
    /// Issue the successor of an agency's keyring, with the same keys
    RenewKeyring {
        /// Folder of the federation
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
        /// Whose keyring
        #[arg(long = "for", value_name = "AGENCY")]
        agency: AgencyId,
        /// Where its federation API is, as https://host:port [default: as before]
        #[arg(long = "endpoint", value_name = "ADDRESS")]
        endpoints: Vec<String>,
        /// Days that it lives, 7 at most
        #[arg(long, value_parser = days, value_name = "DAYS", default_value = "7")]
        days: Duration,
    },
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The agency's node
    Node,
    /// An IT system of the agency
    App,
    /// An officer
    Officer,
}

/// Why an agency is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reason {
    /// Somebody else has, or may have, its keys
    KeysCompromised,
    /// It used what it was given against the agreements
    Misuse,
    /// Its systems are not in its own hands, or not sound
    Incident,
    /// A court or a superior authority has ordered it
    Ordered,
    /// An exercise
    Exercise,
}

impl From<Reason> for BlockReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::KeysCompromised => Self::KeysCompromised,
            Reason::Misuse => Self::Misuse,
            Reason::Incident => Self::Incident,
            Reason::Ordered => Self::Ordered,
            Reason::Exercise => Self::Exercise,
        }
    }
}

/// Runs one of them.
pub(crate) fn run(session: &Session, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init { dir, federation, agencies } => init(session, &dir, federation.as_deref(), &agencies)?,
        Command::Issue { dir, agency, kind, name, roles, days } => {
            let validity = Validity::starting(now(), days);
            let layout = layout(&dir)?;
            let CredentialFiles { certificate, key } = match kind {
                Kind::Node => issue_node(&layout, &agency, validity, &SystemEntropy)?,
                Kind::App | Kind::Officer => {
                    let client = client(kind, name.unwrap_or_default(), &roles);
                    issue_client(&layout, &agency, &client, validity, &SystemEntropy)?
                }
            };
            let object =
                serde_json::json!({ "certificate": certificate, "key": key, "until": validity.until });
            session.output.result(&object, || format!("{} and {}", certificate.display(), key.display()))?;
        }
        Command::Revoke { dir, agency, certificate } => {
            let revoked = revoke(&layout(&dir)?, &agency, &certificate, now())?;
            let object = serde_json::json!({ "serial": revoked.serial, "list": revoked.list });
            let shown = || format!("serial {} stands on list {} of {agency}", revoked.serial, revoked.list);
            session.output.result(&object, shown)?;
        }
        Command::Block { dir, agency, until, reason, lift: lifted } => {
            let layout = layout(&dir)?;
            let notice = BlockNotice { now: now(), until, reason: reason.into() };
            let sequence =
                if lifted { lift(&layout, &agency, now())? } else { block(&layout, &agency, notice)? };
            let object = serde_json::json!({ "agency": agency, "sequence": sequence, "lifted": lifted });
            let does = if lifted { "lets it go on" } else { "stops it" };
            session.output.result(&object, || format!("block notice {sequence} about {agency} {does}"))?;
        }
        Command::RotateKeys { dir, agency, days } => {
            let rotation = Rotation { now: now(), life: days };
            let (changed, sequence) = match rotate_keys(&layout(&dir)?, &agency, rotation, &SystemEntropy)? {
                Rotated::Announced { sequence } => (false, sequence),
                Rotated::Changed { sequence } => (true, sequence),
            };
            let object = serde_json::json!({ "agency": agency, "sequence": sequence, "changed": changed });
            let says = if changed {
                "has new keys, and announces the next ones"
            } else {
                "announces the next keys: once more, when others know them, uses them"
            };
            session.output.result(&object, || format!("keyring {sequence} of {agency} {says}"))?;
        }
        Command::RenewCard {
            dir,
            agency,
            name_zh,
            name_en,
            phone,
            email,
            hours,
            new_agreement_key: agreement_key,
            new_keyring_key: keyring_key,
        } => {
            let renewal = CardRenewal { name_zh, name_en, phone, email, hours, agreement_key, keyring_key };
            let CardRenewed { sequence, announces } =
                renew_card(&layout(&dir)?, &agency, &renewal, &SystemEntropy)?;
            let object =
                serde_json::json!({ "agency": agency, "sequence": sequence, "announces": announces });
            let says =
                if announces { ", announces keys: once more, when others know it, names them" } else { "" };
            session.output.result(&object, || format!("card {sequence} of {agency}{says}"))?;
        }
        Command::RenewKeyring { dir, agency, endpoints, days } => {
            let endpoints = (!endpoints.is_empty()).then_some(endpoints);
            let sequence =
                renew_keyring(&layout(&dir)?, &agency, &Renewal { now: now(), life: days, endpoints })?;
            let object = serde_json::json!({ "agency": agency, "sequence": sequence });
            session.output.result(&object, || format!("keyring {sequence} of {agency}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn init(
    session: &Session,
    dir: &Path,
    federation: Option<&Path>,
    agencies: &[AgencyId],
) -> anyhow::Result<()> {
    let federation = match federation {
        Some(file) => Federation::read(file)?,
        None => Federation::sample()?,
    };
    let all: Vec<_> = federation.members.iter().map(|member| member.agency.clone()).collect();
    let agencies = if agencies.is_empty() { &all } else { agencies };
    let addresses = addresses(agencies)?;
    let options = Options { now: now(), entropy: &SystemEntropy, addresses, lives: Lives::default() };
    let generated = generate(&federation, Some(agencies), layout(dir)?.dir(), &options)?;
    let object = serde_json::json!({
        "dir": generated.layout.dir(), "charter_sha256": generated.charter,
        "nodes": generated.nodes.values().map(|node| node.config()).collect::<Vec<_>>(),
    });
    let shown = || {
        format!(
            "{}: {} members, {} nodes, charter SHA-256 {}",
            generated.layout.dir().display(),
            all.len(),
            generated.nodes.len(),
            generated.charter
        )
    };
    Ok(session.output.result(&object, shown)?)
}

fn client(kind: Kind, name: String, roles: &[Role]) -> Client {
    let workload = match kind {
        Kind::Officer => Workload::Officer(name.clone()),
        Kind::App | Kind::Node => Workload::App(name.clone()),
    };
    Client { file: name, workload, roles: roles.iter().map(ToString::to_string).collect() }
}

fn layout(dir: &Path) -> std::io::Result<Layout> {
    std::path::absolute(dir).map(Layout::new)
}

fn now() -> Timestamp {
    SystemClock.now()
}
