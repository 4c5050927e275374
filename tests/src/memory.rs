//! What a process holds in memory, looked at from outside.

use anyhow::Context;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

/// Bytes read at a time; a needle across two pieces is found by the overlap.
const PIECE: usize = 1 << 20;

/// Whether any readable memory of a process holds these bytes (proc(5): `maps`, `mem`).
///
/// # Errors
/// If the process or its memory cannot be read.
pub fn holds(pid: u32, needle: &[u8]) -> anyhow::Result<bool> {
    let maps = File::open(format!("/proc/{pid}/maps")).context("maps")?;
    let mut memory = File::open(format!("/proc/{pid}/mem")).context("mem")?;
    for line in BufReader::new(maps).lines() {
        let line = line?;
        let Some((from, to)) = readable(&line) else { continue };
        if region_holds(&mut memory, from, to, needle) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where a readable region begins and ends; the kernel's own pages are left out.
fn readable(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (range, rights) = (words.next()?, words.next()?);
    if !rights.starts_with('r') || line.ends_with("[vvar]") || line.ends_with("[vsyscall]") {
        return None;
    }
    let (from, to) = range.split_once('-')?;
    Some((u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?))
}

/// A region that goes away or cannot be read while we look holds nothing to find.
fn region_holds(memory: &mut File, from: u64, to: u64, needle: &[u8]) -> bool {
    let mut kept: Vec<u8> = Vec::new();
    let mut at = from;
    while at < to {
        let length = usize::try_from(to - at).unwrap_or(PIECE).min(PIECE);
        let mut piece = vec![0; length];
        if memory.seek(SeekFrom::Start(at)).is_err() || memory.read_exact(&mut piece).is_err() {
            return false;
        }
        kept.extend_from_slice(&piece);
        if contains(&kept, needle) {
            return true;
        }
        kept.drain(..kept.len().saturating_sub(needle.len()));
        at += u64::try_from(length).unwrap_or(u64::MAX);
    }
    false
}

/// Whether the bytes hold the needle.
pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}
