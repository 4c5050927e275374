//! Free ports for the nodes of a local federation.

use anyhow::bail;
use concord_domain::{Entropy, EntropyExt};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Below the range from which systems take ports for outgoing connections (32768 on Linux): a node that is down
/// for a while finds its port free when it comes back.
const PORTS: Range<u16> = 20_000..32_000;

/// Ports that this process has given out. None is given out twice: until a node listens, and while it is down, its
/// port looks free.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// `count` ports of the loopback address that nobody listens on, from a random start, so that two processes that
/// start clusters at the same time rarely look at the same ones.
pub(super) fn free(count: usize, entropy: &dyn Entropy) -> anyhow::Result<Vec<SocketAddr>> {
    let width = PORTS.end - PORTS.start;
    let start = u16::from_be_bytes(entropy.bytes()) % width;
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let candidates =
        (0..width).map(|n| PORTS.start + (start + n) % width).filter(|port| !given.contains(port));
    let addresses = candidates.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let found: Vec<_> = addresses.filter(|a| TcpListener::bind(a).is_ok()).take(count).collect();
    if found.len() < count {
        bail!("fewer than {count} ports from {} to {} are free", PORTS.start, PORTS.end);
    }
    given.extend(found.iter().map(SocketAddr::port));
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

    /// Always the same start.
    #[derive(Debug)]
    struct Same;

    impl Entropy for Same {
        fn fill(&self, out: &mut [u8]) {
            out.fill(7);
        }
    }

    #[test]
    fn none_is_given_twice() {
        let (first, second) = (free(5, &Same).unwrap(), free(5, &Same).unwrap());
        assert!(first.iter().all(|port| !second.contains(port)), "{first:?} {second:?}");
    }
}
