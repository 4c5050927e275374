//! What may stand on the command line.

use crate::output::Format;
use crate::{agreement, bench, cluster, demo, directory, ledger, node, pki, register, search, vetting};
use clap::{Args, Parser, Subcommand};
use concord_domain::AgencyId;
use std::path::PathBuf;

/// Federation gateway between police agencies.
#[derive(Debug, Parser)]
#[command(name = "concord", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the options of [`Global`] stand in the help of a command.
const EVERYWHERE: &str = "Options of every command";

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// How results are written: tables for people, or JSON, one object a line
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
    /// Client profile (TOML: address, ca, certificate, key) of the node to call
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE", conflicts_with = "cluster")]
    pub(crate) connect: Option<PathBuf>,
    /// Folder of a running `concord cluster up`; calls the node of --agency as its application
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR", requires = "agency")]
    pub(crate) cluster: Option<PathBuf>,
    /// The agency whose node is called, with --cluster
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "AGENCY")]
    pub(crate) agency: Option<AgencyId>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build a development federation of generated people, run it, search it, verify it, end
    Demo(demo::Arguments),
    /// Run a local federation, each node a process of its own
    #[command(subcommand)]
    Cluster(cluster::Command),
    /// Run one node
    Node(node::Arguments),
    /// Make charters, keyrings and certificates
    #[command(subcommand)]
    Pki(pki::Command),
    /// Agreements: draft, sign, submit and withdraw them, see what they come to
    #[command(subcommand)]
    Agreement(agreement::Command),
    /// The agency's own register of wanted persons
    #[command(subcommand)]
    Register(register::Command),
    /// Ask other agencies whether they seek a person
    Search(search::Arguments),
    /// Wait for the end of what a search reported as pending
    Watch(search::WatchArguments),
    /// What other agencies ask this one to ask on, and waits for an officer
    #[command(subcommand)]
    Vetting(vetting::Command),
    /// The other agencies: who is reachable how, and whether it answers
    #[command(subcommand)]
    Directory(directory::Command),
    /// The agency's record: verify it, show it
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Measure searches between two nodes on this machine
    Bench(bench::Arguments),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound_and_everything_has_help() {
        let mut command = Arguments::command();
        command.build();
        command.clone().debug_assert();
        let mut open = vec![command];
        while let Some(command) = open.pop() {
            assert!(command.get_about().is_some(), "{} has no help", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{}: {}", command.get_name(), argument.get_id());
            }
            open.extend(command.get_subcommands().filter(|c| c.get_name() != "help").cloned());
        }
    }

    #[test]
    fn what_all_commands_take_may_stand_before_or_behind() {
        let words = [
            "concord",
            "--output",
            "json",
            "--cluster",
            "d",
            "--agency",
            "yn.police.cn",
            "register",
            "stats",
        ];
        let before = Arguments::try_parse_from(words).unwrap();
        assert_eq!((before.global.output, before.global.agency), (Format::Json, "yn.police.cn".parse().ok()));
        for verb in ["show", "ping"] {
            let words =
                ["concord", "--cluster", "d", "--agency", "yn.police.cn", "directory", verb, "hl.police.cn"];
            let whose = Arguments::try_parse_from(words).unwrap().global.agency;
            assert_eq!(whose, "yn.police.cn".parse().ok(), "whose node is called, not who is asked about");
        }
        let words = ["concord", "register", "stats", "--output", "json"];
        assert_eq!(Arguments::try_parse_from(words).unwrap().global.output, Format::Json);
        assert!(Arguments::try_parse_from(["concord", "--cluster", "d", "register", "stats"]).is_err());
    }
}
