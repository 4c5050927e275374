//! What a running node takes up, and what it keeps instead.

mod keys;

use super::*;
use crate::material::Material;
use crate::testing::{HERE, OTHER, World, agency, copy, pact};
use concord_agreements::{Act, Declaration, Facts, Opening, decide};
use concord_domain::{AgencyId, Digest, Purpose, Refusal};
use concord_pki::{Renewal, Validity, issue_node, renew_keyring};
use concord_store::{Execution, Options};
use concord_trust::{Block, BlockReason, DocumentKind, Keyring, SignedFile};
use std::task::Poll;
use std::time::Duration;

/// A running node's reloader, with the rules that it started with as epoch 1.
async fn start(world: &World) -> Reloader {
    let clock: Arc<dyn Clock> = Arc::<concord_domain::FixedClock>::clone(&world.clock);
    let store = Store::open(&world.config.data, Options::new(Arc::clone(&clock), Execution::Inline)).unwrap();
    let seen = seen(store.sequences().unwrap());
    let Material { keys, leaf, federation, local_anchors, .. } =
        Material::load(&world.config, &seen, store.documents().unwrap(), world.now()).unwrap();
    let in_force = take_up(&store, &federation, &seen).await.unwrap();
    let pinned = world.config.federation.charter_sha256;
    let library = Library::new(store.clone(), pinned, Arc::default());
    library.replace(federation.documents).await.unwrap();
    Reloader {
        config: world.config.clone(),
        library,
        standing: Standing::new(store.clone()),
        clock,
        store,
        authority: Authority::new(in_force),
        trust: Arc::new(TrustStore::new(federation.anchors)),
        local_trust: Arc::new(TrustStore::new(local_anchors)),
        credentials: Arc::new(Credentials::new(leaf)),
        keys: HeldKeys::new(keys),
        now: Arc::default(),
    }
}

/// The version of the pact in force.
fn pact_version(reloader: &Reloader) -> Option<u32> {
    let now = reloader.clock.now();
    reloader.authority.current().rules.get(&"pact".parse().unwrap(), now).map(|pact| pact.version)
}

/// Demands that decisions and writes are of one epoch.
fn assert_epoch(reloader: &Reloader, epoch: u64) {
    assert_eq!(reloader.authority.current().epoch, epoch);
    assert_eq!(reloader.store.head().unwrap().epoch, epoch);
}

fn keyring_sequence(reloader: &Reloader, agency: &AgencyId) -> Option<u64> {
    reloader.authority.current().directory().keyring(agency).map(|keyring| keyring.sequence)
}

fn renew(world: &World, name: &str) {
    world.clock.advance(Duration::from_secs(60));
    let renewal = Renewal { now: world.now(), life: Keyring::LIFE_MAX, endpoints: None };
    renew_keyring(&world.layout(), &agency(name), &renewal).unwrap();
}

/// Both files of a keyring, to be put back later.
fn keyring_files(world: &World, name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = [format!("{name}.toml"), format!("{name}.{name}.sig")];
    let paths = files.map(|file| world.layout().keyrings().join(file));
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

fn put_back(files: Vec<(PathBuf, Vec<u8>)>) {
    files.into_iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
}

#[tokio::test]
async fn a_new_agreement_takes_effect_in_a_new_epoch() {
    let world = World::new();
    let reloader = start(&world).await;
    assert_eq!(pact_version(&reloader), None);
    assert_epoch(&reloader, 1);
    world.publish_pact(&pact(1), &[HERE, OTHER]);
    assert_eq!(reloader.federation().await, Ok(2));
    assert_eq!(pact_version(&reloader), Some(1));
    assert_epoch(&reloader, 2);
}

/// Why the other one is not served for this purpose, by the rules in force.
fn denied(reloader: &Reloader, purpose: Purpose) -> Option<Refusal> {
    let (here, other, operation) = (agency(HERE), agency(OTHER), "wanted.search".parse().unwrap());
    let facts = Facts::new(&other, &here, &operation, purpose);
    let rules = reloader.authority.current().rules;
    decide::<Opening>(&rules, &facts, reloader.clock.now()).err().map(|denial| denial.refusal)
}

#[tokio::test]
async fn own_rules_narrow_what_a_pact_allows_and_broken_ones_leave_the_old_in_place() {
    let mut world = World::new();
    let file = world.node().config().with_file_name("rules.toml");
    world.config.local_rules = Some(file.clone());
    std::fs::write(&file, "").unwrap();
    let reloader = start(&world).await;
    let pact = pact(1);
    let purpose = pact.grants[0].purposes[0];
    world.publish_pact(&pact, &[HERE, OTHER]);
    reloader.federation().await.unwrap();
    assert_eq!(denied(&reloader, purpose), None);
    let before = reloader.fingerprint();
    std::fs::write(&file, format!("[[rules]]\nname = \"not here\"\npurposes = [\"{purpose}\"]\n")).unwrap();
    assert_ne!(reloader.fingerprint(), before, "a change is found by itself");
    reloader.federation().await.unwrap();
    assert_eq!(denied(&reloader, purpose), Some(Refusal::LocalRule));
    std::fs::write(&file, "[[rules]]\nname = \"\"\n").unwrap();
    assert!(reloader.federation().await.is_err());
    assert_eq!(denied(&reloader, purpose), Some(Refusal::LocalRule), "what was forbidden stays so");
    let reading = Material::load(&world.config, &Seen::new(), Default::default(), world.now());
    let Err(problems) = reading else { panic!("nor does a node start with them") };
    assert!(problems.iter().any(|problem| problem.to_string().contains("local_rules")), "{problems:?}");
}

#[tokio::test]
async fn what_not_all_parties_signed_takes_no_effect() {
    let world = World::new();
    let reloader = start(&world).await;
    world.publish_pact(&pact(1), &[HERE, OTHER]);
    reloader.federation().await.unwrap();
    world.publish_pact(&pact(2), &[HERE]);
    reloader.federation().await.unwrap();
    assert_eq!(pact_version(&reloader), Some(1));
}

#[tokio::test]
async fn a_lower_version_never_comes_back() {
    let world = World::new();
    let reloader = start(&world).await;
    world.publish_pact(&pact(1), &[HERE, OTHER]);
    reloader.federation().await.unwrap();
    world.publish_pact(&pact(2), &[HERE, OTHER]);
    reloader.federation().await.unwrap();
    assert_eq!(pact_version(&reloader), Some(2));
    world.remove_pact_files(2);
    reloader.federation().await.unwrap();
    assert_eq!(pact_version(&reloader), None, "rather no agreement than one that was replaced");
    reloader.store.close().await;
    drop(reloader);
    let restarted = start(&world).await;
    assert_eq!(pact_version(&restarted), None, "a restart forgets no version");
}

#[tokio::test]
async fn another_text_of_the_same_version_never_takes_its_place() {
    let world = World::new();
    let reloader = start(&world).await;
    world.publish_pact(&pact(1), &[HERE, OTHER]);
    reloader.federation().await.unwrap();
    let mut other = pact(1);
    other.title.en = "Another pact".to_owned();
    world.publish_pact(&other, &[HERE, OTHER]);
    reloader.federation().await.unwrap();
    assert_eq!(pact_version(&reloader), None);
}

/// What was seen of a document, if anything.
fn floor(reloader: &Reloader, document: &str) -> Option<(u64, Digest)> {
    seen(reloader.store.sequences().unwrap()).get(document).copied()
}

/// Demands that a reload and a restart take up what there is, and leave the floor of `document` where it is.
async fn assert_taken_up(world: &World, reloader: Reloader, document: &str) -> Reloader {
    let (before, epoch) = (floor(&reloader, document), reloader.authority.current().epoch);
    assert!(before.is_some());
    assert_eq!(reloader.federation().await, Ok(epoch + 1));
    assert_eq!(reloader.federation().await, Ok(epoch + 2));
    reloader.store.close().await;
    drop(reloader);
    let restarted = start(world).await;
    assert_epoch(&restarted, epoch + 3);
    assert_eq!(floor(&restarted, document), before, "the first one that was seen stays");
    restarted
}

#[tokio::test]
async fn two_declarations_under_one_sequence_stop_no_reload_and_no_start() {
    let world = World::new();
    let reloader = start(&world).await;
    world.publish_pact(&pact(1), &[HERE, OTHER]);
    let acts = [Act::Resumption, Act::Suspension { from: world.now(), until: None }];
    // Either may have the higher digest.
    for (first, party) in [(0, HERE), (1, OTHER)] {
        let declared = |n: usize| Declaration {
            agreement: "pact".parse().unwrap(),
            version: 1,
            party: agency(party),
            sequence: 1,
            issued: world.now(),
            act: acts[n],
        };
        world.publish_declaration(&format!("{party}.a"), &declared(first));
        reloader.federation().await.unwrap();
        world.publish_declaration(&format!("{party}.b"), &declared(1 - first));
    }
    let reloader = assert_taken_up(&world, reloader, &format!("declaration/pact/{HERE}")).await;
    let reloader = assert_taken_up(&world, reloader, &format!("declaration/pact/{OTHER}")).await;
    assert_eq!(reloader.authority.current().rules.declarations().len(), 4, "all count for what they take");
}

#[tokio::test]
async fn two_block_notices_under_one_sequence_stop_no_reload_and_no_start() {
    let world = World::new();
    let reloader = start(&world).await;
    let notice = |about: &str, reason| Block {
        agency: agency(about),
        sequence: 1,
        previous: None,
        issued: world.now(),
        from: world.now(),
        until: None,
        lifted: false,
        reason,
    };
    let reasons = [BlockReason::Misuse, BlockReason::Exercise];
    for (first, about) in [(0, HERE), (1, OTHER)] {
        world.publish_block(&format!("{about}.a"), &notice(about, reasons[first]));
        reloader.federation().await.unwrap();
        world.publish_block(&format!("{about}.b"), &notice(about, reasons[1 - first]));
    }
    let reloader = assert_taken_up(&world, reloader, &format!("block/{HERE}")).await;
    let reloader = assert_taken_up(&world, reloader, &format!("block/{OTHER}")).await;
    let in_force = reloader.authority.current();
    assert!([HERE, OTHER].iter().all(|of| in_force.directory().blocked(&agency(of), world.now()).is_some()));
}

#[tokio::test]
async fn without_our_own_keyring_the_old_documents_stay() {
    let world = World::new();
    let reloader = start(&world).await;
    world.publish_pact(&pact(1), &[HERE, OTHER]);
    std::fs::remove_file(world.layout().keyrings().join(format!("{HERE}.toml"))).unwrap();
    assert!(reloader.federation().await.is_err());
    assert_eq!(keyring_sequence(&reloader, &agency(HERE)), Some(1));
    assert_eq!(pact_version(&reloader), None);
    assert_epoch(&reloader, 1);
}

#[tokio::test]
async fn without_the_charter_or_our_authority_the_old_documents_stay() {
    let world = World::new();
    let reloader = start(&world).await;
    for file in [world.layout().charter(), world.config.tls.ca.clone()] {
        let kept = std::fs::read(&file).unwrap();
        std::fs::write(&file, "broken").unwrap();
        assert!(reloader.federation().await.is_err(), "{}", file.display());
        std::fs::write(&file, kept).unwrap();
    }
    assert_epoch(&reloader, 1);
    assert_eq!(reloader.federation().await, Ok(2));
}

#[tokio::test]
async fn a_keyring_is_renewed_and_never_rolled_back() {
    let world = World::new();
    let reloader = start(&world).await;
    for name in [HERE, OTHER] {
        let first = keyring_files(&world, name);
        renew(&world, name);
        reloader.federation().await.unwrap();
        assert_eq!(keyring_sequence(&reloader, &agency(name)), Some(2));
        let second = keyring_files(&world, name);
        put_back(first);
        let rolled_back = reloader.federation().await;
        match name {
            HERE => {
                assert!(rolled_back.is_err());
                assert_eq!(keyring_sequence(&reloader, &agency(name)), Some(2), "ours is kept");
            }
            _ => assert_eq!(keyring_sequence(&reloader, &agency(name)), None, "theirs does not count"),
        }
        put_back(second);
        reloader.federation().await.unwrap();
        assert_eq!(keyring_sequence(&reloader, &agency(name)), Some(2));
    }
}

#[tokio::test]
async fn an_agency_whose_revocations_cannot_be_read_is_not_believed() {
    let world = World::new();
    let reloader = start(&world).await;
    let believed = || reloader.trust.snapshot().agencies().cloned().collect::<Vec<_>>();
    assert_eq!(believed(), [OTHER, HERE].map(agency));
    let list = world.layout().crl(&agency(OTHER));
    let kept = std::fs::read(&list).unwrap();
    std::fs::write(&list, "broken").unwrap();
    reloader.federation().await.unwrap();
    assert_eq!(believed(), [agency(HERE)]);
    std::fs::write(&list, kept).unwrap();
    reloader.federation().await.unwrap();
    assert_eq!(believed(), [OTHER, HERE].map(agency));
}

#[tokio::test]
async fn a_new_certificate_is_shown_and_a_broken_one_is_not() {
    let world = World::new();
    let reloader = start(&world).await;
    let first = reloader.credentials.current().expires();
    world.clock.advance(Duration::from_secs(60));
    let life = Duration::from_secs(86_400);
    let validity = Validity::starting(world.now(), life);
    issue_node(&world.layout(), &agency(HERE), validity, &concord_domain::SystemEntropy).unwrap();
    reloader.reload().await;
    let second = reloader.credentials.current().expires();
    assert!(second < first, "the new one lives for a day");
    assert_epoch(&reloader, 2);
    let others = world.layout().node(&agency(OTHER)).node();
    copy(&others.certificate, &world.config.tls.certificate);
    copy(&others.key, &world.config.tls.key);
    reloader.reload().await;
    assert_eq!(reloader.credentials.current().agency(), &agency(HERE), "another agency's is not shown");
    std::fs::write(&world.config.tls.certificate, "broken").unwrap();
    reloader.reload().await;
    assert_eq!(reloader.credentials.current().expires(), second);
    assert_epoch(&reloader, 4);
}

#[tokio::test]
async fn what_was_decided_before_cannot_be_recorded_after() {
    use concord_store::{Guard, GuardFailure};
    let world = World::new();
    let reloader = start(&world).await;
    let before = reloader.authority.current().epoch;
    reloader.federation().await.unwrap();
    let guards = vec![Guard::RulesEpoch(before)];
    let late = Write { name: "test_late", guards, changes: vec![], entries: vec![] };
    let result = reloader.store.submit(late).await;
    assert!(matches!(result, Err(WriteError::GuardFailed(GuardFailure::RulesChanged { .. }))), "{result:?}");
}

#[tokio::test]
async fn new_rules_do_not_wait_for_documents_that_are_being_kept() {
    let world = World::new();
    let reloader = start(&world).await;
    world.publish_pact(&pact(1), &[HERE, OTHER]);
    let file = SignedFile::read(&world.layout().agreements().join("pact.v1.toml")).unwrap();
    // Begun and never finished: it waits for the store's answer, and the library for it.
    let mut keeping = Box::pin(reloader.library.keep(DocumentKind::Agreement, file));
    assert!(std::future::poll_fn(|cx| Poll::Ready(keeping.as_mut().poll(cx).is_pending())).await);
    tokio::select! {
        biased;
        _ = reloader.federation() => panic!("the library was to be busy"),
        in_force = reloader.authority.newer_than(1) => assert_eq!(in_force.epoch, 2),
    }
    assert_epoch(&reloader, 2);
}

#[tokio::test(start_paused = true)]
async fn changed_files_are_found_by_themselves_and_at_once_when_told() {
    let world = World::new();
    let reloader = start(&world).await;
    let (authority, told) = (reloader.authority.clone(), Arc::clone(&reloader.now));
    let every = reloader.config.reload.every();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(reloader.run(shutdown.clone()));
    tokio::time::sleep(10 * every).await;
    assert_eq!(authority.current().epoch, 1, "nothing changed, nothing is reloaded");
    world.publish_pact(&pact(1), &[HERE, OTHER]);
    tokio::time::sleep(2 * every).await;
    assert_eq!(authority.current().epoch, 2);
    told.notify_one();
    tokio::time::timeout(every / 2, authority.newer_than(2)).await.unwrap();
    shutdown.cancel();
    running.await.unwrap();
}
