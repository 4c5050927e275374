//! turmoil's network behind the transport's seam.

use concord_transport::{BoxedIo, Listener, Network};
use futures_util::future::BoxFuture;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use turmoil::net::{TcpListener, TcpStream};

/// The simulated network. Usable only inside a simulation's hosts.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimNetwork;

impl Network for SimNetwork {
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let io: BoxedIo = Box::new(TcpStream::connect(address).await?);
            Ok(io)
        })
    }

    /// Listens on the simulated host's own address, whatever address was asked for.
    fn bind(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await?;
            let listener: Box<dyn Listener> = Box::new(SimListener(listener));
            Ok(listener)
        })
    }
}

struct SimListener(TcpListener);

impl std::fmt::Debug for SimListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimListener")
    }
}

impl Listener for SimListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxedIo, SocketAddr)>> {
        Box::pin(async move {
            let (stream, from) = self.0.accept().await?;
            let io: BoxedIo = Box::new(stream);
            Ok((io, from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
