//! The shape of `config.toml`. Every field has its meaning, unit and default here; unknown fields are refused.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::LogFormat;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// This hospital's code in the charter.
    pub hospital: Spanned<String>,
    /// Folder of the log, stored replies and patient numbers. Default `state`.
    #[serde(default = "state")]
    pub state: PathBuf,
    /// Folder of sealed snapshots. Default `snapshots`.
    #[serde(default = "snapshots")]
    pub snapshots: PathBuf,
    /// The charter.
    pub charter: CharterFile,
    /// The node's keys. Default: the files of `kring init`.
    #[serde(default)]
    pub keys: KeysFile,
    /// The network of nodes.
    pub network: NetworkFile,
    /// The interface for people of this hospital.
    pub http: HttpFile,
    /// The worker pool.
    #[serde(default)]
    pub workers: WorkersFile,
    /// Messages.
    #[serde(default)]
    pub log: LogFile,
    /// What `kring import` reads. Default: none.
    #[serde(default)]
    pub datasets: Vec<DatasetFile>,
}

/// Which charter holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharterFile {
    /// The sealed bundle, or a folder of bundles, from version 1. Default `charter.kring`.
    #[serde(default = "bundle")]
    pub bundle: PathBuf,
    /// The pin: the digest of version 1 of the network's charter, as 64 hexadecimal digits or 24 words.
    pub root: Spanned<String>,
    /// The hospital's own rules, in Cedar: they forbid and strengthen. Default: none.
    pub own_rules: Option<PathBuf>,
}

/// Paths of the node's keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysFile {
    /// libp2p identity. Default `keys/transport.key`.
    pub transport: PathBuf,
    /// Requests and replies. Default `keys/envelope.key`.
    pub envelope: PathBuf,
    /// Log checkpoints. Default `keys/log.key`.
    pub log: PathBuf,
    /// Cosignatures. Default `keys/witness.key`.
    pub witness: PathBuf,
    /// The record keys in snapshots. Default `keys/record.key`.
    pub record: PathBuf,
    /// The noise of figures under `ask.explore`. Default `keys/noise.key`.
    pub noise: PathBuf,
    /// Vouches for the newest charter, where the charter lists it. Default `keys/freshness.key`.
    pub freshness: PathBuf,
}

impl Default for KeysFile {
    fn default() -> Self {
        let path = |name: &str| PathBuf::from("keys").join(name);
        Self {
            transport: path("transport.key"),
            envelope: path("envelope.key"),
            log: path("log.key"),
            witness: path("witness.key"),
            record: path("record.key"),
            noise: path("noise.key"),
            freshness: path("freshness.key"),
        }
    }
}

/// The network of nodes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    /// libp2p addresses to listen on, TCP or QUIC, e.g. `/ip4/0.0.0.0/tcp/4001` and `/ip4/0.0.0.0/udp/4001/quic-v1`.
    pub listen: Spanned<Vec<String>>,
}

/// The interface for people of this hospital: HTTPS on loopback.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpFile {
    /// Loopback address and port.
    pub listen: Spanned<SocketAddr>,
    /// Certificate chain, PEM. Default `tls/server.pem`.
    #[serde(default = "certificate")]
    pub certificate: PathBuf,
    /// Private key, PEM. Default `tls/server.key`.
    #[serde(default = "http_key")]
    pub key: PathBuf,
    /// File with the token that clients show. Default `token`.
    #[serde(default = "token")]
    pub token: PathBuf,
}

/// The worker pool.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkersFile {
    /// Questions of one person that run here at once, at most 4; one process more is kept warm, for somebody else or
    /// in a lost one's place. Default 2.
    pub count: Spanned<usize>,
    /// The same for the asker's work, without access to any file: splitting, merging, finishing, explaining. Default 1.
    pub asker_count: Spanned<usize>,
    /// Longest run of one job, in seconds. Default 30.
    pub deadline_s: Spanned<u64>,
    /// Most memory of one worker, in MiB. Default 1024.
    pub memory_mb: Spanned<u64>,
}

impl Default for WorkersFile {
    fn default() -> Self {
        Self {
            count: Spanned::new(0..0, 2),
            asker_count: Spanned::new(0..0, 1),
            deadline_s: Spanned::new(0..0, 30),
            memory_mb: Spanned::new(0..0, 1024),
        }
    }
}

/// Messages to stderr, and forwarding of the log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogFile {
    /// `text` or `json`. Default `text`.
    pub format: LogFormat,
    /// Where the log itself is forwarded to. Default: nowhere.
    pub syslog: Option<SyslogFile>,
}

/// Forwarding of the log as syslog messages (RFC 5424).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyslogFile {
    /// The receiver: `tls://HOST:PORT`, `tcp://HOST:PORT`, `udp://HOST:PORT` or `unix:///dev/log`.
    pub to: Spanned<String>,
    /// Certificates that the receiver's must be signed by, PEM; with `tls://`.
    pub ca: Option<PathBuf>,
    /// The private enterprise number in the name of the structured data. Default 32473, the one for examples (RFC 5612).
    #[serde(default = "enterprise")]
    pub enterprise: u32,
}

impl Default for LogFile {
    fn default() -> Self {
        Self { format: LogFormat::Text, syslog: None }
    }
}

/// The sources of one dataset.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetFile {
    /// The dataset's id in the charter.
    pub id: Spanned<String>,
    /// Column of the patient table's source that is 1 or true for a patient who opted out. Default: none.
    pub opt_out: Option<String>,
    /// Files.
    #[serde(default)]
    pub sources: Vec<SourceFile>,
    /// How tables come from sources.
    #[serde(default)]
    pub tables: Vec<TableFile>,
}

/// One file of the hospital's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// The name that tables and SQL use.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// `csv` or `parquet`.
    pub format: SourceFormat,
    /// Field separator of a CSV file. Default `,`.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// What stands for no value in a CSV file. Default: nothing between two separators.
    #[serde(default)]
    pub null: String,
}

/// The format of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceFormat {
    /// Comma-separated values, UTF-8, with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// How one table of the dataset comes from the sources.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// The dataset's table.
    pub table: String,
    /// The source whose columns it takes.
    pub source: Option<String>,
    /// Dataset column = source column, where the names differ.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Or: SQL over the sources.
    pub sql: Option<String>,
}

fn state() -> PathBuf {
    "state".into()
}

fn snapshots() -> PathBuf {
    "snapshots".into()
}

fn bundle() -> PathBuf {
    "charter.kring".into()
}

fn certificate() -> PathBuf {
    "tls/server.pem".into()
}

fn http_key() -> PathBuf {
    "tls/server.key".into()
}

fn token() -> PathBuf {
    "token".into()
}

fn enterprise() -> u32 {
    32_473
}

fn comma() -> char {
    ','
}
