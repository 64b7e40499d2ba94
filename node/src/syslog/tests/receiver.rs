//! A receiver that reads frames of RFC 6587 until it is killed.

use std::io::{self, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A running receiver. Dropping it kills it: connections end at once, whatever is unread.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    connections: Arc<Mutex<Vec<Vec<String>>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    pub(super) fn start(address: &str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (to, stopped) = (Arc::clone(&connections), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((tcp, _)) => receive(tcp, tls.as_ref(), &to, &stopped),
                    Err(_none) => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        Self { address, connections, stop, thread: Some(thread) }
    }

    /// What came over each connection.
    pub(super) fn connections(&self) -> Vec<Vec<String>> {
        self.connections.lock().unwrap().clone()
    }

    /// Messages over all connections.
    pub(super) fn count(&self) -> usize {
        self.connections.lock().unwrap().iter().map(Vec::len).sum()
    }

    /// The number of the last entry that came.
    pub(super) fn last(&self) -> Option<u64> {
        let connections = self.connections.lock().unwrap();
        connections.last().and_then(|messages| messages.last()).map(|m| super::index_of(m))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn receive(
    tcp: TcpStream,
    tls: Option<&Arc<ServerConfig>>,
    to: &Mutex<Vec<Vec<String>>>,
    stop: &AtomicBool,
) {
    tcp.set_nonblocking(false).unwrap();
    tcp.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let place = {
        let mut connections = to.lock().unwrap();
        connections.push(Vec::new());
        connections.len() - 1
    };
    let mut reader: Box<dyn Connection> = match tls {
        None => Box::new(tcp),
        Some(config) => {
            let connection = ServerConnection::new(Arc::clone(config)).unwrap();
            Box::new(StreamOwned::new(connection, tcp))
        }
    };
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    while !stop.load(Ordering::SeqCst) {
        match reader.read(&mut chunk) {
            Ok(0) => return reader.end(),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(_broken) => return,
        }
        while let Some(message) = frame(&mut bytes) {
            to.lock().unwrap()[place].push(message);
        }
    }
}

/// What is read from.
trait Connection: Read {
    /// Says that it was read to its end.
    fn end(&mut self);
}

impl Connection for TcpStream {
    fn end(&mut self) {}
}

impl Connection for StreamOwned<ServerConnection, TcpStream> {
    fn end(&mut self) {
        self.conn.send_close_notify();
        self.flush().unwrap();
    }
}

/// Takes one frame, `LENGTH SP MESSAGE`.
fn frame(bytes: &mut Vec<u8>) -> Option<String> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
    let end = space + 1 + length;
    if bytes.len() < end {
        return None;
    }
    let message = String::from_utf8(bytes[space + 1..end].to_vec()).unwrap();
    bytes.drain(..end);
    Some(message)
}
