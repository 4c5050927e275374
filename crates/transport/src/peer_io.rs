//! An outgoing connection that ends when trust in its peer does.

use crate::connect_error::ConnectError;
use crate::network::BoxedIo;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

/// Bytes read to learn that the server has taken our certificate: its SETTINGS frame has fewer.
const FIRST_BYTES: usize = 1024;

/// The stream to a verified peer. Reads and writes fail with a [`ConnectError`] inside once the peer's chain no
/// longer verifies, or our own leaf has been replaced and its grace is over.
pub struct PeerIo {
    tls: TlsStream<BoxedIo>,
    /// What the server said first, until HTTP/2 has read it.
    first: Bytes,
    /// Ends with the reason to end the connection.
    end: BoxFuture<'static, ConnectError>,
    ended: bool,
}

impl PeerIo {
    /// Waits for the server's first bytes. In TLS 1.3 a client is done before the server has looked at its
    /// certificate; a server of HTTP/2 speaks first, and only once it has (RFC 9113, section 3.4).
    pub(crate) async fn open(
        mut tls: TlsStream<BoxedIo>,
        end: BoxFuture<'static, ConnectError>,
    ) -> io::Result<Self> {
        let mut first = vec![0; FIRST_BYTES];
        let length = tls.read(&mut first).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        first.truncate(length);
        Ok(Self { tls, first: first.into(), end, ended: false })
    }

    /// Whether the connection may go on. HTTP/2 always has a read waiting, so that an end wakes it.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.ended {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        match self.end.as_mut().poll(cx) {
            Poll::Pending => Ok(()),
            Poll::Ready(reason) => {
                self.ended = true;
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, reason))
            }
        }
    }

    fn check_open(&self) -> io::Result<()> {
        if self.ended { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl fmt::Debug for PeerIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerIo").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl AsyncRead for PeerIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_end(cx)?;
        if self.first.is_empty() {
            return Pin::new(&mut self.tls).poll_read(cx, buffer);
        }
        let length = self.first.len().min(buffer.remaining());
        buffer.put_slice(&self.first.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PeerIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check_open()?;
        Pin::new(&mut self.tls).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_open()?;
        Pin::new(&mut self.tls).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.tls.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }
}
