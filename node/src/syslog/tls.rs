//! TLS to the receiver (RFC 5425): its certificate must be of the configured authority and for the configured name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of the authority.
    #[error("cannot read the certificates of the syslog receiver's authority {path}: {reason}")]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The library.
    #[error("TLS for syslog cannot be set up")]
    Setup(#[from] rustls::Error),
}

/// The settings of a client that trusts the certificates in a PEM file, and no others.
pub(super) fn client(authority: &Path) -> Result<Arc<ClientConfig>, TlsError> {
    let failed = |reason: String| TlsError::Authority { path: authority.to_owned(), reason };
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(authority).map_err(|e| failed(e.to_string()))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("it holds no PEM certificate".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
