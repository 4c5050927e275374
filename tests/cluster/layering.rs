//! The layers of the workspace, kept by reading `cargo metadata`: arrows point down only, and the pure crates stay free
//! of runtimes, network and SQL, through all that they depend on.

use anyhow::Context;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use std::collections::{BTreeMap, BTreeSet};

/// The level of each crate of the workspace. A crate may depend on lower levels only, never sideways.
const LEVELS: &[(&str, u8)] = &[
    ("concord-domain", 0),
    ("concord-trust", 1),
    ("concord-agreements", 2),
    ("concord-ledger", 2),
    ("concord-matching", 2),
    ("concord-wire", 3),
    ("concord-store", 3),
    ("concord-transport", 3),
    ("concord-pki", 3),
    ("concord-gateway", 4),
    ("concord-client", 4),
    ("concord-services", 5),
    ("concord-node", 6),
    ("concord-cli", 7),
    // The test kit stands on top of the binary, which it runs.
    ("concord-testkit", 8),
];

/// Crates up to this level are pure: what they decide depends on their arguments alone.
const PURE_LEVEL_MAX: u8 = 2;

/// What a pure crate may not reach, not even through others: runtimes, network, TLS, SQL.
const IMPURE: &[&str] = &["tokio", "tonic", "hyper", "rustls", "rusqlite"];

/// A crate of the workspace with the names of what it links or builds with. What only its tests use is left out: a
/// test may look up, since nothing links it.
#[derive(Debug)]
struct Member {
    name: String,
    /// Named in its own manifest, for whatever feature or platform.
    direct: BTreeSet<String>,
    /// All that it is built with here, through however many others.
    reached: BTreeSet<String>,
}

#[test]
fn arrows_point_down() -> anyhow::Result<()> {
    let members = workspace()?;
    let complaints = sideways_or_up(&members);
    assert!(complaints.is_empty(), "layering: {complaints:#?}");
    Ok(())
}

#[test]
fn pure_crates_reach_no_runtime() -> anyhow::Result<()> {
    let members = workspace()?;
    let complaints = impure(&members);
    assert!(complaints.is_empty(), "layering: {complaints:#?}");
    Ok(())
}

#[test]
fn every_level_is_of_a_crate() -> anyhow::Result<()> {
    let members = workspace()?;
    for (name, _) in LEVELS {
        assert!(members.iter().any(|member| member.name == *name), "{name} has a level but is no crate");
    }
    Ok(())
}

#[test]
fn wrong_arrows_are_found() {
    let complain = |name: &str, direct: &str| sideways_or_up(&[member(name, direct, direct)]);
    assert_eq!(complain("concord-trust", "concord-domain"), [""; 0]);
    assert_eq!(
        complain("concord-trust", "concord-store"),
        ["concord-trust (1) may not depend on concord-store (3)"]
    );
    assert_eq!(
        complain("concord-store", "concord-wire"),
        ["concord-store (3) may not depend on concord-wire (3)"]
    );
    assert_eq!(complain("concord-new", "serde"), ["concord-new has no level"]);
    assert_eq!(
        complain("concord-node", "concord-new"),
        ["concord-node (6) depends on concord-new, which has no level"]
    );
}

#[test]
fn a_runtime_behind_a_pure_crate_is_found() {
    assert_eq!(
        impure(&[member("concord-ledger", "serde", "tokio")]),
        ["concord-ledger must be pure but reaches tokio"]
    );
    assert_eq!(impure(&[member("concord-store", "tokio", "tokio")]), [""; 0]);
}

fn member(name: &str, direct: &str, reached: &str) -> Member {
    let set = |name: &str| BTreeSet::from([name.to_owned()]);
    Member { name: name.to_owned(), direct: set(direct), reached: set(reached) }
}

fn level(name: &str) -> Option<u8> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
}

/// Crates without a level, and dependencies on the same level or a higher one.
fn sideways_or_up(members: &[Member]) -> Vec<String> {
    let mut complaints = Vec::new();
    for Member { name, direct, .. } in members {
        let Some(own) = level(name) else {
            complaints.push(format!("{name} has no level"));
            continue;
        };
        for dependency in direct.iter().filter(|dependency| dependency.starts_with("concord-")) {
            match level(dependency) {
                Some(other) if other < own => {}
                Some(other) => {
                    complaints.push(format!("{name} ({own}) may not depend on {dependency} ({other})"))
                }
                None => {
                    complaints.push(format!("{name} ({own}) depends on {dependency}, which has no level"))
                }
            }
        }
    }
    complaints
}

/// Pure crates that reach what brings input, output or time with it.
fn impure(members: &[Member]) -> Vec<String> {
    let pure =
        members.iter().filter(|member| level(&member.name).is_some_and(|level| level <= PURE_LEVEL_MAX));
    pure.flat_map(|Member { name, reached, .. }| {
        let found = IMPURE.iter().filter(|impure| reached.contains(**impure));
        found.map(move |impure| format!("{name} must be pure but reaches {impure}"))
    })
    .collect()
}

/// The crates of this workspace as cargo resolves them for this machine.
fn workspace() -> anyhow::Result<Vec<Member>> {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        // Of other platforms' crates not even the manifests are here; and a test must not change the lock file.
        .other_options(["--filter-platform", "host-tuple", "--locked"].map(str::to_owned))
        .exec()
        .context("cargo metadata")?;
    let graph = Graph::read(&metadata)?;
    metadata.workspace_packages().into_iter().map(|package| graph.member(package)).collect()
}

/// Who links or builds with whom, features and platform considered.
struct Graph<'a> {
    names: BTreeMap<&'a PackageId, &'a str>,
    arrows: BTreeMap<&'a PackageId, Vec<&'a PackageId>>,
}

impl<'a> Graph<'a> {
    fn read(metadata: &'a Metadata) -> anyhow::Result<Self> {
        let resolve = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
        let names = metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
        let arrows = resolve.nodes.iter().map(|node| {
            let linked = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|info| info.kind != DependencyKind::Development)
            });
            (&node.id, linked.map(|dependency| &dependency.pkg).collect())
        });
        Ok(Self { names, arrows: arrows.collect() })
    }

    fn member(&self, package: &'a Package) -> anyhow::Result<Member> {
        let declared = package.dependencies.iter().filter(|known| known.kind != DependencyKind::Development);
        let mut reached = BTreeSet::new();
        let mut waiting = vec![&package.id];
        while let Some(from) = waiting.pop() {
            let next = self.arrows.get(from).with_context(|| format!("{from} was not resolved"))?;
            waiting.extend(next.iter().filter(|id| reached.insert(**id)));
        }
        let name = |id| Some((*self.names.get(id)?).to_owned());
        Ok(Member {
            name: package.name.to_string(),
            direct: declared.map(|dependency| dependency.name.clone()).collect(),
            reached: reached
                .into_iter()
                .map(name)
                .collect::<Option<_>>()
                .context("a crate without a name")?,
        })
    }
}
