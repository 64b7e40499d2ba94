//! The second oracle: a private PostgreSQL cluster, asked through the `psql` program.
//!
//! It computes exactly: integers and decimals by itself, floats through `exact.sql`. So it also decides where a float of
//! DataFusion and ours differ.
//!
//! The cluster lives in a temporary folder, listens on a socket there and nowhere else, and goes with the value. The
//! server does not run as root, so as root it runs as the user that its package made.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use policies::dataset::ColumnType;
use rustix::process::{Pid, Signal, kill_process};

use super::compare::{Answer, Value};
use super::pooled::PooledTable;

/// Where Debian's package puts the server's programs, newest first.
const DEBIAN: [&str; 4] = ["17", "16", "15", "14"];
/// Longest start of a cluster.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How `psql` shows NULL; no text of a dataset reads so.
const NULL: &str = "<null>";
/// Ends the lines of one answer.
const END: &str = "<end>";
/// The database's one user.
const USER: &str = "kring";
/// Aggregates of floats without a float's error.
const EXACT: &str = include_str!("exact.sql");
/// Puts them before PostgreSQL's own.
const EXACT_FIRST: &str = "SET search_path = cut_off, exact, pg_catalog";
/// The same without the mean of decimals that is cut off.
const EXACT_MEANS: &str = "SET search_path = exact, pg_catalog";

/// A private cluster.
#[derive(Debug)]
pub struct Cluster {
    folder: tempfile::TempDir,
    server: Child,
}

/// The folder of the server's programs, if they are installed.
#[must_use]
pub fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian =
        DEBIAN.iter().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    let has =
        |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    debian.chain(std::env::split_paths(&path)).find(has)
}

/// User and group of the server: its package's where this process is root, none where it may run as is.
fn server_user() -> anyhow::Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let line = line.context("the user `postgres` is missing; install the package postgresql")?;
    let mut fields = line.split(':').skip(2);
    let mut number =
        || fields.next().context("a line of /etc/passwd")?.parse::<u32>().map_err(Into::into);
    let ids: anyhow::Result<(u32, u32)> = number().and_then(|user| Ok((user, number()?)));
    Ok(Some(ids?))
}

fn as_user(program: &Path, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}

impl Cluster {
    /// Makes and starts one.
    ///
    /// # Errors
    /// PostgreSQL is not installed or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let programs = installed().context("PostgreSQL is not installed")?;
        let folder = tempfile::Builder::new().prefix("kring-pg-").tempdir()?;
        let user = server_user()?;
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let data = folder.path().join("data");
        let made = as_user(&programs.join("initdb"), user, folder.path())
            .arg("-D")
            .arg(&data)
            .args(["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
            .stderr(Stdio::piped())
            .output()?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let server = as_user(&programs.join("postgres"), user, folder.path())
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_parallel_workers=0"])
            .stderr(std::fs::File::create(folder.path().join("messages"))?)
            .spawn()?;
        let mut cluster = Self { folder, server };
        cluster.wait()?;
        let mut session = cluster.session()?;
        // A statement that fails ends this psql, which is an error here.
        session.run(&format!("\\set ON_ERROR_STOP on\n{EXACT}\nSELECT 1")).context("exact.sql")?;
        Ok(cluster)
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let since = now();
        loop {
            if let Ok(mut session) = self.session()
                && session.run("SELECT 1").is_ok()
            {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait()? {
                let said = std::fs::read_to_string(self.folder.path().join("messages"));
                bail!("PostgreSQL ended with {status}: {}", said.unwrap_or_default());
            }
            ensure!(since.elapsed() < PATIENCE, "PostgreSQL does not start");
            std::thread::sleep(PAUSE);
        }
    }

    /// A connection.
    ///
    /// # Errors
    /// `psql` is missing.
    pub fn session(&self) -> anyhow::Result<Session> {
        let mut psql = Command::new("psql")
            .args(["-X", "-q", "-t", "--csv", "-d", "postgres", "-U", USER, "-P"])
            .arg(format!("null={NULL}"))
            .arg("-h")
            .arg(self.folder.path())
            .env_remove("PGSERVICE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start psql")?;
        let to = psql.stdin.take().context("a pipe")?;
        let from = BufReader::new(psql.stdout.take().context("a pipe")?);
        Ok(Session { psql, to: Some(to), from, folder: self.folder.path().to_owned() })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Fast shutdown: sessions are ended, children go with the server.
        let pid = i32::try_from(self.server.id()).ok().and_then(Pid::from_raw);
        let asked = pid.is_some_and(|pid| kill_process(pid, Signal::INT).is_ok());
        if !asked {
            drop(self.server.kill());
        }
        drop(self.server.wait());
    }
}

/// A running `psql`.
#[derive(Debug)]
pub struct Session {
    psql: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Session {
    /// Runs a statement and returns what it printed.
    fn run(&mut self, sql: &str) -> anyhow::Result<String> {
        let to = self.to.as_mut().context("the pipe is open")?;
        writeln!(to, "{sql};\n\\echo {END} :ERROR :SQLSTATE :LAST_ERROR_MESSAGE")?;
        to.flush()?;
        let mut printed = String::new();
        loop {
            let start = printed.len();
            ensure!(self.from.read_line(&mut printed)? > 0, "psql ended");
            let line = printed.get(start..).unwrap_or_default();
            let Some(end) = line.strip_prefix(END) else { continue };
            let end = end.trim().to_owned();
            printed.truncate(start);
            let failed = end.strip_prefix("true");
            return failed.map_or(Ok(printed), |why| Err(anyhow::anyhow!("{}", why.trim())));
        }
    }

    /// Replaces all tables.
    ///
    /// # Errors
    /// The server's words.
    pub fn load(&mut self, tables: &[PooledTable]) -> anyhow::Result<()> {
        let folder = tempfile::tempdir_in(&self.folder)?;
        self.run("SET client_min_messages = error")?;
        self.run(EXACT_FIRST)?;
        for table in tables {
            let name = &table.name;
            let columns: Vec<String> = table
                .columns
                .iter()
                .map(|(name, kind)| format!("{name} {}", sql_type(*kind)))
                .collect();
            self.run(&format!("DROP TABLE IF EXISTS pg_temp.{name}"))?;
            self.run(&format!("CREATE TEMP TABLE {name} ({})", columns.join(", ")))?;
            let path = folder.path().join(name);
            let mut csv = String::new();
            for row in &table.rows {
                let row: Vec<&str> = row.iter().map(|v| v.as_deref().unwrap_or_default()).collect();
                csv.push_str(&row.join(","));
                csv.push('\n');
            }
            std::fs::write(&path, csv)?;
            self.run(&format!(
                "\\copy {name} FROM '{}' WITH (FORMAT csv)\nSELECT 1",
                path.display()
            ))?;
            let loaded = self.run(&format!("SELECT count(*) FROM {name}"))?;
            ensure!(
                loaded.trim() == table.rows.len().to_string(),
                "{name}: {loaded} rows are loaded"
            );
        }
        self.run("ANALYZE")?;
        Ok(())
    }

    /// What PostgreSQL answers; every value is text.
    ///
    /// # Errors
    /// The server's words: what it cannot plan, or fails on these data.
    pub fn ask(&mut self, sql: &str) -> anyhow::Result<Answer> {
        let printed = self.run(sql)?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(printed.as_bytes());
        let mut rows = Vec::new();
        for record in reader.records() {
            let value = |text: &str| match text {
                NULL => Value::Null,
                "t" => Value::Exact("true".to_owned()),
                "f" => Value::Exact("false".to_owned()),
                text => Value::Exact(text.to_owned()),
            };
            rows.push(record?.iter().map(value).collect());
        }
        Ok(Answer { kinds: Vec::new(), rows })
    }
}

impl Session {
    /// What PostgreSQL answers with its own mean of a numeric: `exact.sql` cuts off the mean of a numeric as the mean of a
    /// decimal is, but a fraction that the text writes is a numeric there and a float here, whose mean keeps every digit.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_with_whole_means(&mut self, sql: &str) -> anyhow::Result<Answer> {
        self.run(EXACT_MEANS)?;
        let answer = self.ask(sql);
        self.run(EXACT_FIRST)?;
        answer
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.to.take();
        drop(self.psql.wait());
    }
}

/// Integers as in the hospitals' own databases: 32 bits, so that sums are integers too.
fn sql_type(kind: ColumnType) -> String {
    match kind {
        ColumnType::Integer => "integer".to_owned(),
        ColumnType::Decimal { scale } => format!("numeric(18,{scale})"),
        ColumnType::Text => "text".to_owned(),
    }
}

fn now() -> Instant {
    Instant::now()
}
