//! Where the log is forwarded to: section `[log.syslog]`.

use std::fmt;
use std::path::{Path, PathBuf};

use policies::problem::Problems;

use super::file::SyslogFile;

/// Forwarding of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// The receiver.
    pub to: Destination,
    /// The private enterprise number in the name of the structured data.
    pub enterprise: u32,
}

/// A receiver and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Octet counting over TCP (RFC 6587).
    Tcp(HostPort),
    /// Octet counting over TLS (RFC 5425).
    Tls {
        /// Where.
        address: HostPort,
        /// Certificates that the receiver's must be signed by, PEM.
        authority: PathBuf,
    },
    /// One datagram a message (RFC 5426).
    Udp(HostPort),
    /// One datagram a message, to a local socket such as `/dev/log`.
    Unix(PathBuf),
}

/// A host's name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// DNS name or IP address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Destination {
    /// Whether messages go over a connection.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        match self {
            Self::Tcp(_) | Self::Tls { .. } => true,
            Self::Udp(_) | Self::Unix(_) => false,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Tls { address, authority: _ } => write!(f, "tls://{address}"),
            Self::Udp(address) => write!(f, "udp://{address}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// What is not a receiver.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error(
        "`{0}` is not a syslog receiver; write `tls://HOST:PORT`, `tcp://HOST:PORT`, `udp://HOST:PORT` or `unix:///dev/log`"
    )]
    Form(String),
    #[error("`{0}`: a path of a local socket begins with `/`, e.g. `unix:///dev/log`")]
    Path(String),
    #[error("`{0}`: name host and port, e.g. `siem.hospital.example:6514` or `[2001:db8::1]:6514`")]
    Address(String),
    #[error("`tls` needs `ca`: the file with the certificate of the receiver's authority, PEM")]
    NoAuthority,
    #[error("`ca` goes with `tls://` only")]
    StrayAuthority,
}

/// Checks the section; `None` when a problem was found.
pub(super) fn check(
    file: SyslogFile,
    folder: &Path,
    problems: &mut Problems<'_>,
) -> Option<Syslog> {
    let SyslogFile { to, ca, enterprise } = file;
    let authority = ca.map(|ca| folder.join(ca));
    let to = problems.take(to.span().start, destination(to.get_ref(), authority))?;
    Some(Syslog { to, enterprise })
}

fn destination(text: &str, authority: Option<PathBuf>) -> Result<Destination, Wrong> {
    let (scheme, rest) = text.split_once("://").ok_or_else(|| Wrong::Form(text.to_owned()))?;
    if authority.is_some() && scheme != "tls" {
        return Err(Wrong::StrayAuthority);
    }
    match scheme {
        "tcp" => Ok(Destination::Tcp(address(rest)?)),
        "udp" => Ok(Destination::Udp(address(rest)?)),
        "tls" => {
            let address = address(rest)?;
            let authority = authority.ok_or(Wrong::NoAuthority)?;
            Ok(Destination::Tls { address, authority })
        }
        "unix" if rest.starts_with('/') => Ok(Destination::Unix(rest.into())),
        "unix" => Err(Wrong::Path(text.to_owned())),
        _ => Err(Wrong::Form(text.to_owned())),
    }
}

fn address(text: &str) -> Result<HostPort, Wrong> {
    let wrong = || Wrong::Address(text.to_owned());
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    // What TLS can check as a name: an IP address, or a DNS name. A bare IPv6 address needs its brackets.
    let name = rustls::pki_types::ServerName::try_from(host).map_err(|_not_a_name| wrong())?;
    let six = matches!(name, rustls::pki_types::ServerName::IpAddress(_)) && host.contains(':');
    if six != bare.is_some() {
        return Err(wrong());
    }
    Ok(HostPort { host: host.to_owned(), port })
}

#[cfg(test)]
mod tests;
