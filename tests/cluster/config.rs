//! A node that cannot work says everything that keeps it from working, and takes no port.

use crate::PROGRAM;
use concord_domain::{Clock, SystemClock, SystemEntropy};
use concord_pki::{
    Addresses, Federation, KeyName, Layout, Lives, NodeFolder, Options, Validity, generate, issue_node,
};
use concord_testkit::cluster::agency;
use concord_testkit::command::Ran;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

const YUNNAN: &str = "yn.police.cn";

const HOUR: Duration = Duration::from_secs(3600);

/// A node's folder, and its two ports, which are taken: whoever tries to listen there says so.
struct World {
    folder: TempDir,
    _taken: [TcpListener; 2],
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let taken = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [local_api, federation_api] = taken.each_ref().map(|port| port.local_addr().unwrap());
        let addresses = [(agency(YUNNAN), Addresses { local_api, federation_api })].into();
        let now = SystemClock.now();
        let options = Options { now, entropy: &SystemEntropy, addresses, lives: Lives::default() };
        generate(&Federation::sample().unwrap(), Some(&[agency(YUNNAN)]), folder.path(), &options).unwrap();
        Self { folder, _taken: taken }
    }

    fn layout(&self) -> Layout {
        Layout::new(self.folder.path())
    }

    /// The published documents, as the configuration names them.
    fn documents(&self) -> PathBuf {
        self.node().dir().join("../federation")
    }

    fn node(&self) -> NodeFolder {
        self.layout().node(&agency(YUNNAN))
    }

    /// Changes the text of the configuration.
    fn configure(&self, change: impl FnOnce(String) -> String) {
        let file = self.node().config();
        fs::write(&file, change(fs::read_to_string(&file).unwrap())).unwrap();
    }

    /// `concord node` with the configuration, which must not come to work: its words on standard error.
    async fn fails(&self, more: &[&str]) -> String {
        let mut command = Command::new(PROGRAM);
        command.arg("node").arg("--config").arg(self.node().config()).args(more);
        let ran = Ran::command(command).await.unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
        assert!(fs::read_dir(self.node().data()).unwrap().next().is_none(), "it has begun to work");
        ran.err
    }

    /// Both ways to find out say the same: each of these problems in a line of its own, and nothing else.
    async fn names(&self, expected: &[(&Path, &str, &str)]) {
        for more in [[].as_slice(), &["--check"]] {
            let said = self.fails(more).await;
            let said = said.strip_prefix("error: ").unwrap_or_else(|| panic!("{said}"));
            let mut lines: Vec<_> = said.lines().collect();
            for (file, field, message) in expected {
                let begins = match *field {
                    "" => format!("{}: ", file.display()),
                    field => format!("{}: {field}: ", file.display()),
                };
                let found = lines.iter().position(|line| line.starts_with(&begins) && line.contains(message));
                lines.remove(found.unwrap_or_else(|| panic!("no {begins}...{message}... in\n{said}")));
            }
            assert!(lines.is_empty(), "{lines:#?}");
        }
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let world = World::new();
    let (layout, node) = (world.layout(), world.node());
    let past = Validity { from: SystemClock.now().minus(HOUR * 2), until: SystemClock.now().minus(HOUR) };
    issue_node(&layout, &agency(YUNNAN), past, &SystemEntropy).unwrap();
    fs::write(node.node().key, "not a key").unwrap();
    fs::remove_file(node.authority().certificate).unwrap();
    fs::remove_file(node.key(KeyName::Message)).unwrap();
    fs::write(node.key(KeyName::Sealing), "not a key\n").unwrap();
    fs::write(node.key(KeyName::Storage), [0xff, 0xfe]).unwrap();
    world.configure(|text| {
        let (before, charter) = text.split_once("charter_sha256 = \"").unwrap();
        let zeros = "0".repeat(64);
        format!(
            "colour = \"blue\"\n{before}charter_sha256 = \"{zeros}{}\n[metrics]\nlisten = \"0.0.0.0:9\"\n\n\
             [reload]\nevery_ms = 9\nat_noon = true\n",
            &charter[zeros.len()..]
        )
    });
    world
        .names(&[
            (&node.config(), "colour", "is not a key of the configuration"),
            (&node.config(), "reload.at_noon", "is not a key of the configuration"),
            (&node.config(), "metrics.listen", "0.0.0.0:9 is not a loopback address"),
            (&node.key(KeyName::Message), "keys.folder", "No such file"),
            (&node.key(KeyName::Sealing), "keys.folder", "a sealing key is not base64url"),
            (&node.key(KeyName::Storage), "keys.folder", "UTF-8"),
            (&node.node().certificate, "tls.certificate", "the certificate expired on"),
            (&node.node().key, "tls.key", "no private key can be read"),
            (&node.authority().certificate, "tls.ca", "cannot be read: No such file"),
            (&world.documents(), "federation.charter_sha256", "SHA-256 is"),
        ])
        .await;
}

#[tokio::test]
async fn what_does_not_belong_together_is_named() {
    let world = World::new();
    let (layout, node) = (world.layout(), world.node());
    let application = node.client(NodeFolder::APPLICATION);
    fs::copy(&application.certificate, node.node().certificate).unwrap();
    fs::copy(&application.key, node.node().key).unwrap();
    fs::copy(node.key(KeyName::Root), node.key(KeyName::Message)).unwrap();
    fs::copy(node.key(KeyName::Storage), node.key(KeyName::Sealing)).unwrap();
    fs::write(layout.crl(&agency(YUNNAN)), "not a list").unwrap();
    world.configure(|text| {
        let (before, port) = text.rsplit_once("listen = \"").unwrap();
        let local = before.split_once("listen = \"").unwrap().1.split_once('"').unwrap().0;
        let text = format!("{before}listen = \"{local}\"{}", port.split_once('"').unwrap().1);
        text.replace("[routing]\n", "[routing]\nhedge_after_ms = 5\n")
    });
    let crl = world.documents().join("crls").join(format!("{YUNNAN}.pem"));
    world
        .names(&[
            (&node.config(), "federation_api.listen", "is the local API's address too"),
            (&node.config(), "routing.hedge_after_ms", "5 is not within 10 to 10000"),
            (&node.node().certificate, "tls.certificate", "not a node's of yn.police.cn"),
            (&node.key(KeyName::Message), "keys.folder", "is not the key that our keyring publishes"),
            (&node.key(KeyName::Sealing), "keys.folder", "is not the key that our keyring publishes"),
            (&crl, "federation.folder", "no revocation list can be read"),
        ])
        .await;
}

#[tokio::test]
async fn another_certificates_key_is_named() {
    let world = World::new();
    let node = world.node();
    fs::copy(node.client(NodeFolder::OFFICER).key, node.node().key).unwrap();
    world.names(&[(&node.node().key, "tls.key", "does not belong to the certificate in")]).await;
}

#[tokio::test]
async fn no_node_without_documents_of_its_own() {
    let world = World::new();
    let keyring = world.layout().keyrings().join(format!("{YUNNAN}.toml"));
    fs::remove_file(keyring).unwrap();
    let federation = world.documents();
    world.names(&[(&federation, "federation.folder", "there is no valid keyring of yn.police.cn")]).await;
    fs::remove_file(world.layout().charter()).unwrap();
    world.names(&[(&federation, "federation.folder", "charter.toml: ")]).await;
}

#[tokio::test]
async fn a_text_that_is_no_configuration_is_told_with_its_place() {
    let world = World::new();
    let config = world.node().config();
    world.configure(|text| text.replace("agency = \"yn.police.cn\"", "agency = \"Yunnan\""));
    world.names(&[(&config, "", "line 1")]).await;
    fs::write(&config, "agency = \"yn.police.cn\"\nnot toml\n").unwrap();
    world.names(&[(&config, "", "line 2")]).await;
    fs::remove_file(&config).unwrap();
    world.names(&[(&config, "", "No such file")]).await;
}

/// The same folder once nothing is wrong: only now are the ports asked for, and they are taken.
#[tokio::test]
async fn a_port_is_asked_for_last() {
    let world = World::new();
    let mut command = Command::new(PROGRAM);
    command.args(["--output", "json", "node", "--check", "--config"]).arg(world.node().config());
    let checked = Ran::command(command).await.unwrap();
    assert_eq!(checked.lines()[0]["ok"], true, "{checked:?}");
    let mut command = Command::new(PROGRAM);
    command.args(["node", "--config"]).arg(world.node().config());
    let ran = Ran::command(command).await.unwrap();
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("local_api.listen: 127.0.0.1:") && ran.err.contains("in use"), "{}", ran.err);
}
