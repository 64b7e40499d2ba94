//! A node's configuration: checked, with every path made absolute.
//!
//! [`mod@file`] holds the shape of `config.toml`; [`Config::load`] reads it and reports every problem at once. Keys and data
//! are not opened here, so a wrong path of a key is `kring check`'s and `kring run`'s to report.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use policies::problem::{Problem, Problems, line_of};
use policies::{DatasetId, Digest, HospitalCode, Ident, Root};

pub mod file;
pub mod syslog;

/// Most bytes of a configuration file.
const MAX_CONFIG_BYTES: usize = 256 * 1024;
/// Most workers: each is a process.
const MAX_WORKERS: usize = 64;
/// Least memory of a worker, in MiB: the engine's own limit, its kept tables, and the program.
const MIN_MEMORY_MB: u64 = 1024;
/// Most memory of a worker, in MiB: beyond any machine.
const MAX_MEMORY_MB: u64 = 1024 * 1024;
/// Longest a question may run, in seconds: a question lives at most 15 minutes.
const MAX_DEADLINE_S: u64 = 900;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from.
    pub path: PathBuf,
    /// This hospital.
    pub hospital: HospitalCode,
    /// Where the log, replies and patient numbers are.
    pub state: PathBuf,
    /// Where snapshots are sealed.
    pub snapshots: PathBuf,
    /// The charter's bundle.
    pub charter: PathBuf,
    /// The pin: the digest of version 1 of the network's charter.
    pub root: Digest,
    /// The hospital's own rules, where it has any.
    pub own_rules: Option<PathBuf>,
    /// The node's keys.
    pub keys: KeyPaths,
    /// libp2p addresses to listen on.
    pub listen: Vec<String>,
    /// The local interface.
    pub http: Http,
    /// The worker pool.
    pub workers: Workers,
    /// How the daemon's messages look.
    pub log_format: LogFormat,
    /// Where the log is forwarded to, if anywhere.
    pub syslog: Option<syslog::Syslog>,
    /// What `kring import` reads.
    pub datasets: Vec<DatasetSources>,
}

/// Paths of the node's keys.
#[derive(Clone, Debug)]
pub struct KeyPaths {
    /// libp2p identity.
    pub transport: PathBuf,
    /// Requests and replies.
    pub envelope: PathBuf,
    /// Log checkpoints.
    pub log: PathBuf,
    /// Cosignatures.
    pub witness: PathBuf,
    /// The record keys in snapshots; read by `kring import`.
    pub record: PathBuf,
    /// The noise of figures under `ask.explore`.
    pub noise: PathBuf,
}

/// The HTTPS interface for people of this hospital.
#[derive(Clone, Debug)]
pub struct Http {
    /// Address; loopback only.
    pub listen: SocketAddr,
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
    /// The token that clients show.
    pub token: PathBuf,
}

/// The worker pool.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// Questions of one person that run here at once; one process more is kept warm.
    pub count: usize,
    /// The same for the asker's work: splitting, merging, finishing, explaining.
    pub asker_count: usize,
    /// Longest run of one job.
    pub deadline: Duration,
    /// Most memory of one worker, in MiB.
    pub memory_mb: u64,
}

/// How messages to stderr look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The sources of one dataset.
#[derive(Clone, Debug)]
pub struct DatasetSources {
    /// The dataset.
    pub id: DatasetId,
    /// Column of the patient table's source that is true for a patient who opted out.
    pub opt_out: Option<String>,
    /// Files.
    pub sources: Vec<file::SourceFile>,
    /// How tables come from sources.
    pub tables: Vec<file::TableFile>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(
        "cannot read configuration {path}; make one with `kring init --dir DIR --hospital CODE`"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// What is wrong in it, all of it.
    #[error("{} problem(s) in the configuration:\n{}", .0.len(), crate::config::list(.0))]
    Problems(Vec<Problem>),
}

/// One problem a line.
#[must_use]
pub fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}

impl Config {
    /// The folder of the node's log.
    #[must_use]
    pub fn log_folder(&self) -> PathBuf {
        self.state.join("log")
    }

    /// The index over the log; it can be built anew.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.state.join("index.redb")
    }

    /// The memory of what was answered: personal data, encrypted.
    #[must_use]
    pub fn ledger_folder(&self) -> PathBuf {
        self.state.join("ledger")
    }

    /// The lasting numbers of patients, a file for each dataset.
    #[must_use]
    pub fn patients_folder(&self) -> PathBuf {
        self.state.join("patients")
    }

    /// How far the log is forwarded.
    #[must_use]
    pub fn syslog_cursor(&self) -> PathBuf {
        self.state.join("syslog.cursor")
    }

    /// Reads and checks the file; relative paths are relative to its folder.
    ///
    /// # Errors
    /// `ConfigError`, with every problem at once.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let path = std::fs::canonicalize(path).map_err(unreadable)?;
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        Self::parse(&path, &text).map_err(ConfigError::Problems)
    }

    /// Checks a configuration's text.
    ///
    /// # Errors
    /// Every problem.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let name =
            path.file_name().map_or_else(|| "config.toml".into(), |name| name.to_string_lossy());
        let mut problems = Problems::new(&name, text);
        if text.len() > MAX_CONFIG_BYTES {
            problems.add(format!(
                "the file has {} bytes, at most {MAX_CONFIG_BYTES} are read",
                text.len()
            ));
            return Err(problems.into_vec());
        }
        let file: file::ConfigFile = match toml::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let line = error.span().map(|span| line_of(text, span.start));
                let message = error.message().replace('\n', " ");
                return Err(vec![Problem { file: name.into_owned(), line, message }]);
            }
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        let config = check(file, folder, path, &mut problems);
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            Some(_) | None => Err(problems.into_vec()),
        }
    }
}

fn check(
    file: file::ConfigFile,
    folder: &Path,
    path: &Path,
    problems: &mut Problems<'_>,
) -> Option<Config> {
    let file::ConfigFile {
        hospital,
        state,
        snapshots,
        charter,
        keys,
        network,
        http,
        workers,
        log,
        datasets,
    } = file;
    let hospital = problems.take(hospital.span().start, HospitalCode::new(hospital.get_ref()));
    let root = problems
        .take(charter.root.span().start, Root::parse(charter.root.get_ref()).map(Root::digest));
    check_limits(&network, &http, &workers, problems);
    let file::LogFile { format: log_format, syslog } = log;
    let syslog = syslog.and_then(|syslog| syslog::check(syslog, folder, problems));
    let mut ids = BTreeSet::new();
    let datasets = datasets
        .into_iter()
        .filter_map(|dataset| check_dataset(dataset, folder, &mut ids, problems))
        .collect();
    Some(Config {
        path: path.to_owned(),
        hospital: hospital?,
        state: folder.join(state),
        snapshots: folder.join(snapshots),
        charter: folder.join(charter.bundle),
        root: root?,
        own_rules: charter.own_rules.map(|path| folder.join(path)),
        keys: KeyPaths {
            transport: folder.join(keys.transport),
            envelope: folder.join(keys.envelope),
            log: folder.join(keys.log),
            witness: folder.join(keys.witness),
            record: folder.join(keys.record),
            noise: folder.join(keys.noise),
        },
        listen: network.listen.into_inner(),
        http: Http {
            listen: http.listen.into_inner(),
            certificate: folder.join(http.certificate),
            key: folder.join(http.key),
            token: folder.join(http.token),
        },
        workers: Workers {
            count: workers.count.into_inner(),
            asker_count: workers.asker_count.into_inner(),
            deadline: Duration::from_secs(workers.deadline_s.into_inner()),
            memory_mb: workers.memory_mb.into_inner(),
        },
        log_format,
        syslog,
        datasets,
    })
}

fn check_limits(
    network: &file::NetworkFile,
    http: &file::HttpFile,
    workers: &file::WorkersFile,
    problems: &mut Problems<'_>,
) {
    if !http.listen.get_ref().ip().is_loopback() {
        problems.at(
            http.listen.span().start,
            "the local interface listens on loopback only, e.g. `127.0.0.1:8443`",
        );
    }
    if network.listen.get_ref().is_empty() {
        problems.at(
            network.listen.span().start,
            "name at least one address, e.g. `/ip4/0.0.0.0/tcp/4001`",
        );
    }
    for count in [&workers.count, &workers.asker_count] {
        if !(1..=MAX_WORKERS).contains(count.get_ref()) {
            problems.at(count.span().start, format!("between 1 and {MAX_WORKERS} workers"));
        }
    }
    if !(MIN_MEMORY_MB..=MAX_MEMORY_MB).contains(workers.memory_mb.get_ref()) {
        problems.at(
            workers.memory_mb.span().start,
            format!("between {MIN_MEMORY_MB} and {MAX_MEMORY_MB} MiB"),
        );
    }
    if !(1..=MAX_DEADLINE_S).contains(workers.deadline_s.get_ref()) {
        problems
            .at(workers.deadline_s.span().start, format!("between 1 and {MAX_DEADLINE_S} seconds"));
    }
}

fn check_dataset(
    file: file::DatasetFile,
    folder: &Path,
    ids: &mut BTreeSet<DatasetId>,
    problems: &mut Problems<'_>,
) -> Option<DatasetSources> {
    let file::DatasetFile { id, opt_out, mut sources, tables } = file;
    let at = id.span().start;
    let id = problems.take(at, DatasetId::new(id.get_ref()))?;
    if !ids.insert(id.clone()) {
        problems.at(at, format!("dataset `{id}` is named twice"));
    }
    let mut names = BTreeSet::new();
    for source in &mut sources {
        problems.take(at, Ident::new(&source.name));
        if !names.insert(source.name.clone()) {
            problems.at(at, format!("source `{}` of dataset `{id}` is named twice", source.name));
        }
        source.path = folder.join(&source.path);
    }
    for table in &tables {
        problems.take(at, Ident::new(&table.table));
        match (&table.source, &table.sql) {
            (Some(source), None) if !names.contains(source) => {
                problems.at(
                    at,
                    format!(
                        "table `{}` names source `{source}`, which is not among the sources",
                        table.table
                    ),
                );
            }
            (Some(_), None) => {}
            (None, Some(_)) if table.columns.is_empty() => {}
            (None, Some(_)) => {
                problems.at(
                    at,
                    format!(
                        "table `{}`: `columns` goes with `source`, not with `sql`",
                        table.table
                    ),
                );
            }
            (Some(_), Some(_)) | (None, None) => {
                problems.at(at, format!("table `{}` needs either `source` or `sql`", table.table));
            }
        }
    }
    Some(DatasetSources { id, opt_out, sources, tables })
}

#[cfg(test)]
mod tests;
