//! A network inside the process, which knows who was called.

use concord_transport::{BoxedIo, Listener, Network};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use tokio::sync::mpsc;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Bytes under way in one connection.
const PIPE_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct MemoryNetwork {
    listeners: Mutex<BTreeMap<SocketAddr, mpsc::Sender<BoxedIo>>>,
    called: Mutex<BTreeSet<String>>,
}

impl MemoryNetwork {
    /// The addresses that somebody called, whether anybody answered or not.
    pub(super) fn called(&self) -> usize {
        self.called.lock().unwrap().len()
    }
}

#[derive(Debug)]
struct MemoryListener {
    address: SocketAddr,
    incoming: mpsc::Receiver<BoxedIo>,
}

impl Network for MemoryNetwork {
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, Result<BoxedIo>> {
        Box::pin(async move {
            self.called.lock().unwrap().insert(address.to_owned());
            let listener = self.listeners.lock().unwrap().get(&address.parse().unwrap()).cloned();
            let refused = || Error::from(ErrorKind::ConnectionRefused);
            let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
            listener.ok_or_else(refused)?.send(Box::new(theirs)).await.map_err(|_| refused())?;
            let ours: BoxedIo = Box::new(ours);
            Ok(ours)
        })
    }

    fn bind(&self, address: SocketAddr) -> BoxFuture<'_, Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let (sender, incoming) = mpsc::channel(16);
            self.listeners.lock().unwrap().insert(address, sender);
            let listener: Box<dyn Listener> = Box::new(MemoryListener { address, incoming });
            Ok(listener)
        })
    }
}

impl Listener for MemoryListener {
    fn accept(&mut self) -> BoxFuture<'_, Result<(BoxedIo, SocketAddr)>> {
        Box::pin(async move {
            let io = self.incoming.recv().await.ok_or(ErrorKind::NotConnected)?;
            Ok((io, self.address))
        })
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.address)
    }
}
