//! Free ports for the nodes of a local federation.

use anyhow::bail;
use concord_domain::{Entropy, EntropyExt};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;

/// Below the range from which systems take ports for outgoing connections (32768 on Linux): a node that is down
/// for a while finds its port free when it comes back.
const PORTS: Range<u16> = 20_000..32_000;

/// `count` ports of the loopback address that nobody listens on, from a random start, so that two clusters that
/// start at the same time rarely look at the same ones.
pub(super) fn free(count: usize, entropy: &dyn Entropy) -> anyhow::Result<Vec<SocketAddr>> {
    let width = PORTS.end - PORTS.start;
    let start = u16::from_be_bytes(entropy.bytes()) % width;
    let candidates = (0..width).map(|n| PORTS.start + (start + n) % width);
    let addresses = candidates.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let found: Vec<_> = addresses.filter(|a| TcpListener::bind(a).is_ok()).take(count).collect();
    if found.len() < count {
        bail!("fewer than {count} ports from {} to {} are free", PORTS.start, PORTS.end);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::SystemEntropy;

    #[test]
    fn ports_are_free_and_different() {
        let mut ports: Vec<_> = free(20, &SystemEntropy).unwrap().iter().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports.dedup();
        assert!(ports.len() == 20 && ports.iter().all(|p| PORTS.contains(p)));
    }
}
