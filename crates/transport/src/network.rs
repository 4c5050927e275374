//! The seam for listening and dialing, so that a simulation can bring its own network.

use futures_util::future::BoxFuture;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// A stream of bytes in both directions.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// One connection, whatever carries it.
pub type BoxedIo = Box<dyn Io>;

/// Where connections come from: the machine's network, or a simulated one.
pub trait Network: Send + Sync + fmt::Debug {
    /// Opens a connection to `address`, written `host:port`. Callers bound the time.
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>>;

    /// Starts to listen. Port 0 asks for any free port; [`Listener::local_addr`] tells which one it became.
    fn bind(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>>;
}

/// A bound port.
pub trait Listener: Send + fmt::Debug {
    /// The next connection and where it came from. Must be cancel safe: a dropped future loses no connection.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxedIo, SocketAddr)>>;

    /// The address that is listened on.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// The machine's TCP, with Nagle's algorithm off: requests are small and wait for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealNetwork;

impl Network for RealNetwork {
    #[allow(clippy::disallowed_methods, reason = "this is the seam through which everybody else dials")]
    fn connect<'a>(&'a self, address: &'a str) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let io: BoxedIo = Box::new(stream);
            Ok(io)
        })
    }

    fn bind(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let listener: Box<dyn Listener> = Box::new(RealListener(TcpListener::bind(address).await?));
            Ok(listener)
        })
    }
}

#[derive(Debug)]
struct RealListener(TcpListener);

impl Listener for RealListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(BoxedIo, SocketAddr)>> {
        Box::pin(async move {
            let (stream, from) = self.0.accept().await?;
            stream.set_nodelay(true)?;
            let io: BoxedIo = Box::new(stream);
            Ok((io, from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}
