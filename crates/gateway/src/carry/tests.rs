//! Carriers, honest and hostile: Yunnan asks Gansu, to whom it has no line, by way of the ministry and Shaanxi.

mod honest;
mod hostile;
mod refused;

use crate::courier::NoAnswer;
use crate::lines::Lines;
use crate::outbound::Question;
use crate::record::Concluded;
use crate::testing::{Echo, HERE, MINISTRY, Mesh, ORIGIN, OTHER, World, agency, carried, rules, soon};
use concord_domain::{AgencyId, Failure, Handling, Outcome, Purpose};
use concord_ledger::{Event, RequestFacts};

/// Four nodes in one mesh.
struct Scene {
    mesh: Mesh,
    origin: World,
    ministry: World,
    other: World,
    here: World,
}

fn without(names: &[&str]) -> Lines {
    Lines::without(names.iter().map(|name| name.parse().unwrap()).collect())
}

impl Scene {
    /// Origin and destination share no line.
    async fn new() -> Self {
        Self::with(&[HERE], &[]).await
    }

    /// The origin has no line to `origin`, the ministry none to `ministry`.
    async fn with(origin: &[&str], ministry: &[&str]) -> Self {
        let mesh = Mesh::default();
        let at = |name, lines| World::at(name, rules(&[carried()]), mesh.clone(), lines);
        Self {
            origin: at(ORIGIN, without(origin)).await,
            ministry: at(MINISTRY, without(ministry)).await,
            other: at(OTHER, Lines::default()).await,
            here: at(HERE, Lines::default()).await,
            mesh,
        }
    }

    /// Asks Gansu, and gives what is shown to whoever asked.
    async fn ask(&self, word: &str) -> (Concluded, Option<String>) {
        let question = Question {
            purpose: Purpose::FugitiveApprehension,
            handling: Handling::default(),
            branch: None,
            nature: None,
        };
        let (outbound, to, word) = (self.origin.outbound(), agency(HERE), word.to_owned());
        outbound.ask::<Echo>(&to, question, &word, soon()).await.unwrap()
    }
}

fn outcome(asked: &(Concluded, Option<String>)) -> Outcome {
    asked.0.evidence().outcome
}

fn route(asked: &(Concluded, Option<String>)) -> Vec<AgencyId> {
    asked.0.evidence().route.clone()
}

/// What a node has carried: from whom, to whom, and about what.
fn carriages(world: &World) -> Vec<(AgencyId, AgencyId, RequestFacts)> {
    let carried = world.ledger().into_iter().filter_map(|event| {
        let Event::Carried { request, from, next } = event else { return None };
        Some((from, next, request))
    });
    carried.collect()
}

/// Whom a node distrusts, and why.
fn distrusted(world: &World) -> Vec<(AgencyId, String)> {
    let told = world.ledger().into_iter().filter_map(|event| {
        let Event::Distrusted { peer, reason, .. } = event else { return None };
        Some((peer, reason.to_string()))
    });
    told.collect()
}
