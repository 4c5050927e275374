//! Being told to end.

use std::io::Read;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// SIGINT and SIGTERM, caught from the moment this is made.
#[derive(Debug)]
pub(crate) struct Interrupts {
    terminate: Signal,
    interrupt: Signal,
}

impl Interrupts {
    pub(crate) fn catch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for either.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits until standard input ends: so a child learns that its parent is gone, however that died.
pub(crate) async fn input_ended() {
    let (ended, wait) = oneshot::channel::<()>();
    // A thread of its own, since reading standard input blocks and the runtime would wait for it at its end.
    std::thread::spawn(move || {
        let mut byte = [0; 64];
        while std::io::stdin().read(&mut byte).is_ok_and(|read| read > 0) {}
        drop(ended);
    });
    // The sender is dropped at the end of the input: the wait ends without a message.
    drop(wait.await);
}
