//! Everything that is wrong with what a configuration names, at once.

use super::*;
use crate::testing::{HERE, OTHER, World, agency, copy, now};
use concord_pki::KeyName;
use concord_trust::DocumentSet;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn load(world: &World) -> Result<Material, Problems> {
    Material::load(&world.config, &Seen::default(), DocumentSet::default(), world.now())
}

/// Demands that each field and each file is named, and nothing else is wrong.
fn assert_named(problems: &Problems, expected: &[(&str, &str)]) {
    let found: Vec<_> = problems.iter().map(|p| (p.field.as_str(), p.file.as_str())).collect();
    for (field, file) in expected {
        assert!(
            found.iter().any(|(f, path)| f == field && path.ends_with(file)),
            "{field} {file}:\n{problems}"
        );
    }
    assert_eq!(found.len(), expected.len(), "{problems}");
}

#[test]
fn what_was_generated_is_whole() {
    let world = World::new();
    let material = load(&world).unwrap();
    assert!(material.warnings.is_empty(), "{}", material.warnings);
    assert_eq!(material.leaf.agency(), &agency(HERE));
    let (config, warnings) = check(&world.node().config(), &*world.clock).unwrap();
    assert_eq!(config.agency, agency(HERE));
    assert!(warnings.is_empty(), "{warnings}");
}

#[test]
fn all_that_is_wrong_is_named_at_once() {
    let mut world = World::new();
    std::fs::write(world.node().key(KeyName::Message), "no key").unwrap();
    std::fs::remove_file(world.node().key(KeyName::Storage)).unwrap();
    copy(&world.node().client("app").certificate, &world.config.tls.certificate);
    std::fs::remove_file(&world.config.tls.ca).unwrap();
    world.config.federation_api = world.config.local_api.clone();
    world.config.metrics = Some(crate::ApiConfig { listen: "0.0.0.0:9000".parse().unwrap() });
    let problems = load(&world).unwrap_err();
    let named: Vec<_> = problems.iter().map(|p| p.field.as_str()).collect();
    for field in ["metrics.listen", "federation_api.listen", "keys.folder", "tls.ca"] {
        assert!(named.contains(&field), "{field}:\n{problems}");
    }
    let text = problems.to_string();
    for file in ["message.key", "storage.key", "node.pem", "ca.pem"] {
        assert!(text.contains(file), "{file}:\n{text}");
    }
    assert!(!text.contains("no key"), "what stands in a key file is never repeated:\n{text}");
}

#[test]
fn keys_must_be_those_that_the_keyring_publishes() {
    let world = World::new();
    let others = world.layout().node(&agency(OTHER));
    for name in [KeyName::Message, KeyName::Checkpoint, KeyName::Sealing] {
        copy(&others.key(name), &world.node().key(name));
    }
    let problems = load(&world).unwrap_err();
    let expected = ["message.key", "checkpoint.key", "sealing.key"].map(|file| ("keys.folder", file));
    assert_named(&problems, &expected);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let key = world.node().key(KeyName::Message);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let problems = load(&world).unwrap_err();
    assert_named(&problems, &[("keys.folder", "message.key")]);
    assert!(problems.to_string().contains("has mode 0640"), "{problems}");
}

#[test]
fn an_unreadable_key_does_not_hide_other_mistakes() {
    let world = World::new();
    let others = world.layout().node(&agency(OTHER));
    std::fs::remove_file(world.node().key(KeyName::Storage)).unwrap();
    copy(&others.key(KeyName::Checkpoint), &world.node().key(KeyName::Checkpoint));
    world.clock.advance(8 * DAY);
    let problems = load(&world).unwrap_err();
    assert_named(
        &problems,
        &[
            ("keys.folder", "storage.key"),
            ("keys.folder", "checkpoint.key"),
            ("federation.folder", "federation"),
        ],
    );
}

#[test]
fn expired_material_is_named() {
    let world = World::new();
    world.clock.advance(31 * DAY);
    let problems = load(&world).unwrap_err();
    assert_named(&problems, &[("tls.certificate", "node.pem"), ("federation.folder", "federation")]);
    assert!(problems.to_string().contains("to 2026-06-08T08:00:00"), "{problems}");
}

#[test]
fn a_keyring_from_the_future_is_not_alive_yet() {
    let mut world = World::new();
    world.clock = std::sync::Arc::new(concord_domain::FixedClock::at(now().minus(DAY)));
    let problems = load(&world).unwrap_err().to_string();
    assert!(problems.contains("keyring of yn.police.cn lives from 2026-06-01"), "{problems}");
}

#[test]
fn a_certificate_of_another_agency_or_another_workload_is_refused() {
    for folder in [OTHER, HERE] {
        let world = World::new();
        let others = world.layout().node(&agency(folder));
        let files = if folder == HERE { others.client("officer") } else { others.node() };
        copy(&files.certificate, &world.config.tls.certificate);
        copy(&files.key, &world.config.tls.key);
        let problems = load(&world).unwrap_err();
        assert_named(&problems, &[("tls.certificate", "node.pem")]);
        assert!(!problems.to_string().contains("053211"), "an officer stays unnamed: {problems}");
    }
}

#[test]
fn a_node_runs_without_what_is_wrong_with_others() {
    let world = World::new();
    std::fs::write(world.layout().keyrings().join(format!("{OTHER}.toml")), "broken").unwrap();
    let material = load(&world).unwrap();
    assert!(material.warnings.to_string().contains(OTHER), "{}", material.warnings);
    let directory = material.federation.rules.directory();
    assert!(directory.keyring(&agency(OTHER)).is_none() && directory.keyring(&agency(HERE)).is_some());
}

#[test]
fn another_charter_is_not_ours() {
    let mut world = World::new();
    world.config.federation.charter_sha256 = concord_domain::Digest([0; 32]);
    let problems = load(&world).unwrap_err();
    assert_named(&problems, &[("federation.charter_sha256", "federation")]);
}

#[test]
fn an_agency_outside_the_charter_has_no_node() {
    let mut world = World::new();
    world.config.agency = agency("unheard.police.cn");
    let text = load(&world).unwrap_err().to_string();
    assert!(text.contains("unheard.police.cn is not a member"), "{text}");
}

#[test]
fn listeners_are_checked() {
    let mut world = World::new();
    let mut found = |local: &str, federation: &str, metrics: Option<&str>| {
        let config = &mut world.config;
        config.local_api.listen = local.parse().unwrap();
        config.federation_api.listen = federation.parse().unwrap();
        config.metrics = metrics.map(|listen| crate::ApiConfig { listen: listen.parse().unwrap() });
        let mut problems = Problems::default();
        check_listeners(config, &mut problems);
        problems.iter().map(|p| p.field.clone()).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(found("127.0.0.1:1", "127.0.0.1:2", Some("127.0.0.1:3")), none);
    assert_eq!(found("127.0.0.1:0", "127.0.0.1:0", Some("[::1]:0")), none, "port 0 is any free one");
    assert_eq!(found("127.0.0.1:1", "127.0.0.1:1", None), ["federation_api.listen"]);
    assert_eq!(found("127.0.0.1:1", "0.0.0.0:2", Some("0.0.0.0:3")), ["metrics.listen"]);
    assert_eq!(
        found("127.0.0.1:1", "127.0.0.1:1", Some("10.0.0.1:3")),
        ["metrics.listen", "federation_api.listen"]
    );
}
