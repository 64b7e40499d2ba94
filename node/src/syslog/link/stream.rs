//! A TCP connection, with TLS or without.
//!
//! The system gives the connection up when the receiver's system acknowledges nothing for [`UNACKNOWLEDGED`]: what is older
//! and left on a whole connection has reached the other machine.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use socket2::SockRef;

use super::{GiveUp, LinkError, Look, REACH, WRITE_WAIT, addresses, waits};
use crate::config::syslog::HostPort;

/// Longest time that sent bytes wait for the receiver's system. Less than the time after which an entry counts as received.
pub(in crate::syslog) const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
/// Bytes that wait in this system, of which it takes twice as many: few, for they count as sent.
const SEND_BUFFER: usize = 64 << 10;
/// A look at what the receiver says; the least that the system can wait.
const LOOK_WAIT: Duration = Duration::from_millis(1);
/// A receiver that ended before it read everything refuses the rest so soon after.
const REFUSAL_WAIT: Duration = Duration::from_millis(50);
/// Most reads of a look: a receiver has little to say.
const LOOKS: usize = 16;

/// A connection.
pub(in crate::syslog) struct Stream {
    tcp: TcpStream,
    tls: Option<ClientConnection>,
}

impl Stream {
    pub(super) fn open(
        address: &HostPort,
        tls: Option<&Arc<ClientConfig>>,
        give_up: GiveUp<'_>,
    ) -> Result<Self, LinkError> {
        let to = || address.to_string();
        let mut tcp = connect(address, give_up)?;
        prepare(&tcp).map_err(|source| LinkError::Connect { to: to(), source })?;
        let agreed = tls.map(|config| agree(&mut tcp, config, address, give_up)).transpose();
        let tls = agreed.map_err(|source| LinkError::Handshake { to: to(), source })?;
        Ok(Self { tcp, tls })
    }

    /// Writes all of it, to the system.
    pub(super) fn write(&mut self, bytes: &[u8], give_up: GiveUp<'_>) -> Result<(), LinkError> {
        let Self { tcp, tls } = self;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = match tls {
                None => patiently(give_up, || tcp.write(rest))?,
                Some(tls) => {
                    let taken = tls.writer().write(rest).map_err(LinkError::Broke)?;
                    flush(tls, tcp, give_up)?;
                    taken
                }
            };
            if written == 0 {
                return Err(LinkError::Broke(io::ErrorKind::WriteZero.into()));
            }
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    pub(super) fn look(&mut self) -> io::Result<Look> {
        let mut ignored = [0; 1024];
        for _ in 0..LOOKS {
            let read = match &mut self.tls {
                None => self.tcp.read(&mut ignored),
                Some(tls) => read_tls(tls, &mut self.tcp),
            };
            match read {
                // An end can hide that what was sent after it was refused.
                Ok(0) => return self.tcp.take_error()?.map_or(Ok(Look::Ended), Err),
                Ok(_said) => {}
                Err(error) if waits(&error) => return Ok(Look::Whole),
                Err(error) => return Err(error),
            }
        }
        Ok(Look::Whole)
    }

    /// Ends this side and waits for the other's end: a receiver that read to the end says so by ending too, one that left
    /// something unread resets the connection.
    pub(super) fn close(mut self, patience: Duration) -> bool {
        let until = Instant::now().checked_add(patience);
        let late = || until.is_none_or(|until| Instant::now() >= until);
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            if flush(tls, &mut self.tcp, &late).is_err() {
                return false;
            }
        }
        if self.tcp.shutdown(Shutdown::Write).is_err() {
            return false;
        }
        while !late() {
            match self.look() {
                Ok(Look::Ended) => {
                    std::thread::sleep(REFUSAL_WAIT);
                    return matches!(self.tcp.take_error(), Ok(None));
                }
                Ok(Look::Whole) => {}
                Err(_reset) => return false,
            }
        }
        false
    }
}

fn connect(address: &HostPort, give_up: GiveUp<'_>) -> Result<TcpStream, LinkError> {
    let mut failure = io::ErrorKind::NotFound.into();
    for one in addresses(address)? {
        if give_up() {
            return Err(LinkError::GivenUp);
        }
        match TcpStream::connect_timeout(&one, REACH) {
            Ok(tcp) => return Ok(tcp),
            Err(error) => failure = error,
        }
    }
    Err(LinkError::Connect { to: address.to_string(), source: failure })
}

fn prepare(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(LOOK_WAIT))?;
    tcp.set_write_timeout(Some(WRITE_WAIT))?;
    let socket = SockRef::from(tcp);
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))
}

/// The handshake.
fn agree(
    tcp: &mut TcpStream,
    config: &Arc<ClientConfig>,
    address: &HostPort,
    give_up: GiveUp<'_>,
) -> io::Result<ClientConnection> {
    let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
    let mut tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    let since = Instant::now();
    while tls.is_handshaking() {
        if give_up() || since.elapsed() > REACH {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if tls.wants_write() {
            match tls.write_tls(tcp) {
                Ok(_some) => {}
                Err(error) if waits(&error) => {}
                Err(error) => return Err(error),
            }
            continue;
        }
        match tls.read_tls(tcp) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_some) => {
                let agreed = tls.process_new_packets();
                // An alert tells the receiver why.
                if let Err(error) = agreed {
                    drop(tls.write_tls(tcp));
                    return Err(io::Error::other(error));
                }
            }
            Err(error) if waits(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(tls)
}

/// Writes what TLS holds back.
fn flush(
    tls: &mut ClientConnection,
    tcp: &mut TcpStream,
    give_up: GiveUp<'_>,
) -> Result<(), LinkError> {
    while tls.wants_write() {
        if patiently(give_up, || tls.write_tls(tcp))? == 0 {
            return Err(LinkError::Broke(io::ErrorKind::WriteZero.into()));
        }
    }
    Ok(())
}

/// Reads once; 0 at the end. Only the receiver itself can end TLS: an end of the connection without that is an error, for
/// anyone on the line can make one.
fn read_tls(tls: &mut ClientConnection, tcp: &mut TcpStream) -> io::Result<usize> {
    let read = tls.read_tls(tcp)?;
    let state = tls.process_new_packets().map_err(io::Error::other)?;
    if state.peer_has_closed() {
        return Ok(0);
    }
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut ignored = vec![0; state.plaintext_bytes_to_read()];
    if !ignored.is_empty() {
        let _said = tls.reader().read(&mut ignored)?;
    }
    Ok(read)
}

/// Repeats a call that runs out of its time. The system itself ends a connection that gets nowhere.
fn patiently(
    give_up: GiveUp<'_>,
    mut call: impl FnMut() -> io::Result<usize>,
) -> Result<usize, LinkError> {
    loop {
        match call() {
            Ok(done) => return Ok(done),
            Err(error) if waits(&error) => {}
            Err(error) => return Err(LinkError::Broke(error)),
        }
        if give_up() {
            return Err(LinkError::GivenUp);
        }
    }
}
