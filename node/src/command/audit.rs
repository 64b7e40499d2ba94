//! `kring audit`: reads the log of a stopped or running node, and checks what came of one.
//!
//! The log is opened read-only and never locked. `verify` and `policy` need no node at all.

use crate::cli::audit::AuditCommand;
use crate::command::Exit;

mod export;
mod list;
mod source;
mod verify;

pub(crate) use source::NoSuchEntry;

/// Runs a command.
pub(crate) fn run(command: AuditCommand) -> anyhow::Result<Exit> {
    match command {
        AuditCommand::List { config, from, limit, format } => {
            list::list(&config.config, from, limit, format)
        }
        AuditCommand::Show { id, config } => list::show(&id, &config.config),
        AuditCommand::Export { config, out, from, format } => {
            export::export(&config.config, &out, from, format)
        }
        AuditCommand::Verify { file, trust, format } => {
            verify::verify(&file, trust.policy.as_deref(), format)
        }
        AuditCommand::Prove { id, config, out } => export::prove(&id, &config.config, &out),
        AuditCommand::Policy { charter, root, hospital, witnesses, gaps } => {
            verify::policy(&charter, root, &hospital, (witnesses, gaps))
        }
    }
}
