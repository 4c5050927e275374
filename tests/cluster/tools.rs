//! The tools of agreements ask a running node as they ask a folder.

use crate::PROGRAM;
use concord_client::Profile;
use concord_domain::{Clock, SystemClock};
use concord_pki::KeyName;
use concord_testkit::cluster::{TestCluster, agency, until};
use concord_testkit::command::Ran;
use serde_json::Value;
use std::time::Duration;

const GUIZHOU: &str = "gz.police.cn";
const CHONGQING: &str = "cq.police.cn";
const SICHUAN: &str = "sc.police.cn";
const PACT: &str = "pan-southwest";
const PURPOSE: [&str; 2] = ["--purpose", "fugitive-apprehension"];

/// A submitted document is in force within a reload, with room for a busy machine.
const TAKEN_UP: Duration = Duration::from_secs(20);

fn explain<'a>(from: &'a str, to: &'a str, at: &'a str) -> Vec<&'a str> {
    [&["agreement", "explain", "--from", from, "--to", to, "--at", at], PURPOSE.as_slice()].concat()
}

/// A question to documents that start from this charter.
fn pinned<'a>(at: &'a str, digest: &'a str) -> Vec<&'a str> {
    [explain(GUIZHOU, CHONGQING, at).as_slice(), &["--charter", digest]].concat()
}

async fn of_node(cluster: &TestCluster, arguments: &[&str]) -> Ran {
    let ran = cluster.concord(GUIZHOU, arguments).await.unwrap();
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
    ran
}

async fn of_folder(cluster: &TestCluster, arguments: &[&str]) -> Ran {
    let arguments = [arguments, &["--dir", cluster.dir().to_str().unwrap()]].concat();
    let ran = cluster.concord_alone(&arguments).await.unwrap();
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
    ran
}

fn allowed(ran: &Ran) -> bool {
    ran.lines()[0]["allowed"].as_bool().unwrap()
}

#[tokio::test]
async fn a_node_says_the_same_as_its_folder_until_it_knows_more() {
    let cluster = TestCluster::start(PROGRAM, &[GUIZHOU, CHONGQING]).await.unwrap();
    let now = SystemClock.now().to_string();
    for command in ["matrix", "graph", "list", "show"] {
        let more: &[&str] = match command {
            "matrix" => &PURPOSE,
            "show" => &[PACT],
            _ => &[],
        };
        let arguments = [&["agreement", command, "--at", &now], more].concat();
        let [mut node, mut folder] =
            [of_node(&cluster, &arguments).await, of_folder(&cluster, &arguments).await]
                .map(|ran| ran.lines());
        // Where a text lies is another matter.
        node.iter_mut()
            .chain(&mut folder)
            .for_each(|line| drop(line.as_object_mut().unwrap().remove("file")));
        assert!(!node.is_empty());
        assert_eq!(node, folder, "{command}");
    }
    for (from, to) in [(GUIZHOU, CHONGQING), (SICHUAN, GUIZHOU), (GUIZHOU, "hl.police.cn")] {
        let arguments = explain(from, to, &now);
        assert_eq!(of_node(&cluster, &arguments).await.out, of_folder(&cluster, &arguments).await.out);
    }
    assert!(allowed(&of_node(&cluster, &explain(GUIZHOU, CHONGQING, &now)).await));

    let picture = cluster.dir().join("picture.svg");
    let graph = ["agreement", "graph", "--format", "svg", "--file", picture.to_str().unwrap()];
    of_node(&cluster, &graph).await;
    let again = cluster.concord(GUIZHOU, &graph).await.unwrap();
    assert!(again.code != Some(0) && again.err.contains("--force replaces it"), "{}", again.err);
    of_node(&cluster, &[graph.as_slice(), &["--force"]].concat()).await;

    proposal(&cluster).await;

    let effective_at = SystemClock.now().plus(Duration::from_secs(60)).to_string();
    let key = cluster.files(CHONGQING).key(KeyName::Agreement);
    let withdrawal = ["agreement", "withdraw", PACT, "--party", CHONGQING, "--effective-at", &effective_at];
    let withdrawal = [withdrawal.as_slice(), &["--key", key.to_str().unwrap()]].concat();
    of_node(&cluster, &withdrawal).await;
    let later = explain(GUIZHOU, CHONGQING, &effective_at);
    until("the withdrawal shows", TAKEN_UP, async || {
        let ran = of_node(&cluster, &later).await;
        Ok((ran.lines()[0]["denial"]["reason"] == "AGREEMENT_WITHDRAWN").then_some(()))
    })
    .await;
    assert!(allowed(&of_node(&cluster, &explain(GUIZHOU, CHONGQING, &now)).await), "not yet");
    assert!(allowed(&of_folder(&cluster, &later).await), "the folder knows nothing of it");

    let resume = ["agreement", "resume", PACT, "--party", CHONGQING, "--key", key.to_str().unwrap()];
    let refused = cluster.concord(GUIZHOU, &resume).await.unwrap();
    assert!(refused.code != Some(0) && refused.err.contains("nothing to end"), "{}", refused.err);
}

/// What a draft would change, and whose key signs it, by the documents of a node.
async fn proposal(cluster: &TestCluster) {
    let draft = cluster.dir().join("gz-hl.v1.toml");
    let draft = draft.to_str().unwrap();
    let kind = ["agreement", "draft", "--kind", "bilateral", "--id", "gz-hl", "--file", draft];
    of_node(cluster, &[kind.as_slice(), &["--parties", "gz.police.cn,hl.police.cn"]].concat()).await;
    let what_if = ["agreement", "what-if", draft];
    let changes = of_node(cluster, &what_if).await;
    assert_eq!(changes.out, of_folder(cluster, &what_if).await.out);
    assert!(changes.lines().len() > 1, "{}", changes.out);
    let same = of_node(cluster, &["agreement", "diff", draft, draft]).await;
    assert_eq!(same.lines()[0]["summary"]["changes"], 0);

    let sign = async |whose| {
        let key = cluster.files(whose).key(KeyName::Agreement);
        let sign = ["agreement", "sign", draft, "--as", GUIZHOU, "--key", key.to_str().unwrap()];
        cluster.concord(GUIZHOU, &sign).await.unwrap()
    };
    let refused = sign(CHONGQING).await;
    assert!(refused.err.contains("not the agreement key on the card of gz.police.cn"), "{}", refused.err);
    let signed = sign(GUIZHOU).await;
    assert!(signed.code == Some(0) && !signed.err.contains("not checked"), "{}", signed.err);
}

#[tokio::test]
async fn a_nodes_own_rules_are_told_to_its_liaison_alone_and_judge_nobody_else() {
    let mut cluster = TestCluster::start(PROGRAM, &[GUIZHOU]).await.unwrap();
    let (config, now) = (cluster.files(GUIZHOU).config(), SystemClock.now().to_string());
    cluster.kill(GUIZHOU).await.unwrap();
    std::fs::write(config.with_file_name("rules.toml"), "[[rules]]\nname = \"not us\"\nwhen = \"serving\"\n")
        .unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("local_rules = \"rules.toml\"\n{text}")).unwrap();
    cluster.restart(GUIZHOU).await.unwrap();

    let reason = |ran: &Ran| ran.lines()[0]["denial"]["reason"].clone();
    assert_eq!(reason(&of_node(&cluster, &explain(CHONGQING, GUIZHOU, &now)).await), "LOCAL_RULE");
    assert!(allowed(&of_node(&cluster, &explain(GUIZHOU, CHONGQING, &now)).await), "it still asks");
    assert!(
        allowed(&of_node(&cluster, &explain(CHONGQING, SICHUAN, &now)).await),
        "others are not bound by it"
    );

    let Profile { address, ca, certificate, key } = cluster.node(GUIZHOU).officer_profile();
    let profile = cluster.dir().join("officer.toml");
    let lines = [("ca", ca), ("certificate", certificate), ("key", key)];
    let lines = lines.map(|(name, file)| format!("{name} = {file:?}\n")).concat();
    std::fs::write(&profile, format!("address = {address:?}\n{lines}")).unwrap();
    let connect = ["--connect", profile.to_str().unwrap()];
    let arguments = [connect.as_slice(), &explain(CHONGQING, GUIZHOU, &now)].concat();
    let officer = cluster.concord_alone(&arguments).await.unwrap();
    assert!(allowed(&officer), "by the documents");
    assert!(
        officer.err.contains(&format!("what the node of {} forbids", agency(GUIZHOU))),
        "{}",
        officer.err
    );

    let other = "7".repeat(64);
    let refused = cluster.concord(GUIZHOU, &pinned(&now, &other)).await.unwrap();
    assert!(refused.code != Some(0) && refused.err.contains(&format!("expected {other}")), "{}", refused.err);
    let bytes = std::fs::read(cluster.layout().charter()).unwrap();
    let digest = concord_trust::sha256(&[&bytes]).to_string();
    let trusted: Vec<Value> = of_node(&cluster, &pinned(&now, &digest)).await.lines();
    assert_eq!(trusted[0]["allowed"], true);
}
