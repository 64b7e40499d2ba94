//! Why the network could not be built. All of these are found before the daemon is ready.

use std::io;

/// A reason not to start.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The address cannot be read or names something that Kring does not speak.
    #[error("cannot listen on `{address}`: {reason}")]
    BadListenAddress {
        /// The address as configured.
        address: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// Another process has the port.
    #[error(
        "cannot listen on `{address}`: the address is in use by another process; stop it or choose another port"
    )]
    AddressInUse {
        /// The address as configured.
        address: String,
    },
    /// The system does not allow it.
    #[error(
        "cannot listen on `{address}`; choose an address of this machine and a port that this user may open"
    )]
    Bind {
        /// The address as configured.
        address: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The key or the TLS configuration made from it was not accepted.
    #[error("cannot use the transport key: {reason}")]
    Key {
        /// What the library said.
        reason: String,
    },
}

impl NetError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadListenAddress { .. } => "bad_listen_address",
            Self::AddressInUse { .. } => "address_in_use",
            Self::Bind { .. } => "bind",
            Self::Key { .. } => "transport_key",
        }
    }
}
