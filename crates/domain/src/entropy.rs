//! The seam through which randomness enters, so that a simulation can steer it.

/// A source of bytes fit for keys, salts and identifiers.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Fills `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// If the operating system has none: nothing safe can be done without it.
    #[allow(clippy::expect_used, reason = "without randomness no salt or identifier can be made")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("operating system randomness");
    }
}

/// Fixed-size draws from any source.
pub trait EntropyExt: Entropy {
    /// `N` random bytes.
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

impl<E: Entropy + ?Sized> EntropyExt for E {}
