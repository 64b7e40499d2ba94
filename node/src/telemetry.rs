//! Messages to stderr: identifiers, never values.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;

/// Installs the subscriber once; `KRING_LOG` sets the filter (default `info`).
pub fn install(format: LogFormat) {
    let filter = EnvFilter::try_from_env("KRING_LOG")
        .unwrap_or_else(|_unset_or_bad| EnvFilter::new("info,libp2p=warn,quinn=warn,rustls=warn"));
    let base = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    // A second installation, in tests that run several apps in one process, keeps the first.
    match format {
        LogFormat::Text => drop(base.finish().try_init()),
        LogFormat::Json => drop(base.json().finish().try_init()),
    }
}
