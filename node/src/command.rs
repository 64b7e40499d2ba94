//! Every command: parse, do, print, exit code. The one place of the crate that prints.
//!
//! Exit codes: 0 done or answered, 1 fault or a failed case, 2 refused, 3 fewer hospitals than asked for, 64 bad usage, configuration or
//! input.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::archive::ArchiveError;
use crate::cli::{AnswerCommand, Cli, Command, KeyCommand};
use crate::client::ClientError;
use crate::config::ConfigError;
use crate::keys::KeyError;
use crate::keys::passphrase::PassphraseError;
use crate::log::OpenError;
use crate::profile::ProfileError;
use crate::session::SessionError;

mod answer;
mod approve;
mod ask;
mod audit;
mod charter;
mod check;
mod explain;
mod import;
mod indicator;
mod init;
mod key;
mod limits;
mod login;
mod operate;
mod print;
mod recover;
mod run;
mod status;
mod worker;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or answered.
    Done,
    /// Refused by the own node or by every node reached.
    Refused,
    /// Fewer hospitals answered than asked for.
    TooFewHospitals,
    /// Something that was tried does not hold.
    Failed,
    /// Bad usage, configuration or input.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Refused => 2,
            Exit::TooFewHospitals => 3,
            Exit::Usage => 64,
        })
    }
}

/// Runs the command line `args`, the program's name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    install_tls_provider();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            drop(error.print());
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    match dispatch(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            print::error(&error);
            if is_usage(&error) { Exit::Usage.into() } else { ExitCode::FAILURE }
        }
    }
}

/// Whether the person who typed the command can mend it: a file named wrongly, open to others, or malformed.
fn is_usage(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<KeyError>()
            || cause.is::<PassphraseError>()
            || cause.is::<SessionError>()
            || cause.is::<charter::BadFolder>()
            || cause.is::<ProfileError>()
            || cause.is::<ConfigError>()
            || cause.is::<audit::NoSuchEntry>()
            || matches!(cause.downcast_ref(), Some(OpenError::Archived { .. }))
            || matches!(
                cause.downcast_ref(),
                Some(ArchiveError::TooYoung | ArchiveError::Occupied { .. })
            )
            || matches!(
                cause.downcast_ref(),
                Some(ClientError::File { .. } | ClientError::Certificate { .. })
            )
            || cause
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    })
}

/// Names the TLS provider, once, before anything speaks TLS: two are in the dependency tree. A second call finds it
/// installed.
pub fn install_tls_provider() {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}

fn dispatch(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Init { dir, hospital } => init::run(&dir, &hospital),
        Command::Check { config, rebuild } => check::run(&config.config, rebuild),
        Command::Import { config, dataset, strict, report } => {
            import::run(&config.config, dataset.as_ref(), strict, report)
        }
        Command::Run(config) => run::run(&config.config),
        Command::Login(login) => login::login(&login),
        Command::Logout { profile } => login::logout(&profile),
        Command::Ask(ask) => ask::run(&ask),
        Command::Explain { sql, context, under, format } => {
            explain::run(&sql, (&context, under), format)
        }
        Command::Indicator(command) => indicator::run(&command),
        Command::Answer(AnswerCommand::Verify { file, charter, root }) => {
            answer::verify(&file, &charter, root.digest())
        }
        Command::Charter(command) => charter::run(&command),
        Command::Audit(command) => audit::run(command),
        Command::Key(KeyCommand::New { person, out, passphrase, source }) => {
            key::new(&person, &out, passphrase.then_some(&source))
        }
        Command::Key(KeyCommand::List { config }) => key::node::list(&config.config),
        Command::Key(KeyCommand::Fingerprint(args)) => key::fingerprint::run(&args),
        Command::Key(KeyCommand::Rotate { job, config, finish }) => {
            key::node::rotate(&config.config, job, finish)
        }
        Command::Status { profile, format } => status::run(&profile, format),
        Command::Pause { node, reason } => operate::pause(&node, &reason),
        Command::Approve(command) => approve::run(&command),
        Command::Resume { node } => operate::resume(&node),
        Command::Recover { config, accept_gap: _ } => recover::run(&config.config),
        Command::Worker(args) => worker::run(args),
    }
}
