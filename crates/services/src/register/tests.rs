//! The register through its own API: a source is replaced as a whole, or nothing happens.

mod broken;
mod whole;

use super::*;
use crate::testing::{World, named, notice};
use concord_domain::wanted::Notice;
use concord_wire::pb::register::v1 as pb;
use concord_wire::pb::register::v1::import_request::Part;
use futures_util::FutureExt;
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn header(source: &str) -> pb::ImportRequest {
    pb::ImportRequest {
        part: Some(Part::Header(pb::ImportHeader { source: source.to_owned(), may_empty: true })),
    }
}

/// Rows, their lines counted from `first`.
fn rows(first: u64, notices: impl IntoIterator<Item = Notice>) -> pb::ImportRequest {
    let row = |(line, notice): (u64, Notice)| pb::ImportRow { line, notice: Some(notice.into()) };
    let rows = (first..).zip(notices).map(row).collect();
    pb::ImportRequest { part: Some(Part::Rows(pb::ImportRows { rows })) }
}

fn end(rows: u64) -> pb::ImportRequest {
    pb::ImportRequest { part: Some(Part::End(pb::ImportEnd { rows })) }
}

async fn send(world: &World, messages: Vec<pb::ImportRequest>) -> Result<pb::ImportResponse, Status> {
    let sent = world.registrar().import(tokio_stream::iter(messages)).await;
    sent.map(tonic::Response::into_inner)
}

/// Imports a whole source, a hundred rows a message.
async fn import(world: &World, source: &str, notices: &[Notice]) -> pb::ImportResponse {
    let count = u64::try_from(notices.len()).unwrap();
    let chunks = (1..).step_by(100).zip(notices.chunks(100));
    let chunks = chunks.map(|(first, notices)| rows(first, notices.iter().cloned()));
    send(world, [header(source)].into_iter().chain(chunks).chain([end(count)]).collect()).await.unwrap()
}

/// What the register shows, as `NUMBER NAME`.
async fn exported(world: &World, source: &str) -> Vec<String> {
    let request = pb::ExportRequest { source: source.to_owned() };
    let mut stream = world.registrar().export(request).await.unwrap().into_inner();
    let mut found = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        found.extend(
            message.notices.iter().map(|notice| format!("{} {}", notice.number, notice.names[0].text)),
        );
    }
    found
}

/// What a search finds at once; nothing while it waits for a new index.
fn candidates(register: &Arc<Register>, name: &str) -> Option<Vec<Candidate>> {
    register.find(named(name), Fields::all()).now_or_never().map(Result::unwrap)
}

/// The numbers that a search finds.
fn found(world: &World, name: &str) -> Vec<String> {
    let candidates = candidates(&world.register, name).expect("an index that is up to date");
    candidates.iter().map(|candidate| candidate.notice.number.as_str().to_owned()).collect()
}

/// The stable reason of a status.
fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

/// The fields that a status names.
fn violated(status: &Status) -> Vec<String> {
    let bad = status.get_details_bad_request().unwrap();
    bad.field_violations.into_iter().map(|violation| violation.field).collect()
}
