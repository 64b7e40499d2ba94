//! `kring audit`: reads the log of a stopped or running node, and checks what came of one.
//!
//! The log is opened read-only and never locked, but by `archive`, which the node must not run for. `verify` and `policy` need no node at all.

use crate::cli::audit::AuditCommand;
use crate::command::Exit;

mod archive;
mod export;
mod list;
mod source;
mod verify;

pub(super) use list::no_formula;
pub(crate) use source::NoSuchEntry;
use source::Source;
pub(super) use verify::holds;

/// Runs a command.
pub(crate) fn run(command: AuditCommand) -> anyhow::Result<Exit> {
    match command {
        AuditCommand::List { config, archive, from, limit, format } => {
            list::list(&Source::open(&config, &archive)?, from, limit, format)
        }
        AuditCommand::Show { id, config, archive } => {
            list::show(&id, &Source::open(&config, &archive)?)
        }
        AuditCommand::Export { config, archive, out, from, format } => {
            export::export(&Source::open(&config, &archive)?, &out, from, format)
        }
        AuditCommand::Verify { file, trust, format } => {
            verify::verify(&file, trust.policy.as_deref(), format)
        }
        AuditCommand::Prove { id, config, archive, out } => {
            export::prove(&id, &Source::open(&config, &archive)?, &out)
        }
        AuditCommand::Archive { config, to, limit } => {
            archive::archive(&config.config, &to, &limit)
        }
        AuditCommand::Policy { charter, root, hospital, witnesses, gaps } => {
            verify::policy(&charter, root.digest(), &hospital, (witnesses, gaps))
        }
    }
}
