//! A network inside the process: with tokio's clock paused, time moves only when nothing else can.

use concord_transport::{BoxedIo, Listener, Network};
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::sync::mpsc;

const PIPE_BYTES: usize = 64 * 1024;
const QUEUE: usize = 16;

#[derive(Debug, Default)]
pub struct MemoryNetwork(Mutex<BTreeMap<SocketAddr, mpsc::Sender<BoxedIo>>>);

#[derive(Debug)]
struct MemoryListener {
    address: SocketAddr,
    incoming: mpsc::Receiver<BoxedIo>,
}

impl Network for MemoryNetwork {
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let address: SocketAddr = address.parse().map_err(io::Error::other)?;
            let listener = self.0.lock().unwrap().get(&address).cloned();
            let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
            let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
            listener.ok_or_else(refused)?.send(Box::new(theirs)).await.map_err(|_| refused())?;
            let ours: BoxedIo = Box::new(ours);
            Ok(ours)
        })
    }

    fn bind(&self, mut address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let mut listeners = self.0.lock().unwrap();
            if address.port() == 0 {
                address.set_port(40_000 + u16::try_from(listeners.len()).unwrap());
            }
            let (sender, incoming) = mpsc::channel(QUEUE);
            listeners.insert(address, sender);
            let listener: Box<dyn Listener> = Box::new(MemoryListener { address, incoming });
            Ok(listener)
        })
    }
}

impl Listener for MemoryListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxedIo, SocketAddr)>> {
        Box::pin(async move {
            let io = self.incoming.recv().await.ok_or(io::ErrorKind::NotConnected)?;
            Ok((io, self.address))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
