//! `kring worker`: the child process that reads SQL. It seals itself first.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use query::pipe::frame::{self, Message};

use crate::cli::WorkerArgs;
use crate::command::{Exit, print};
use crate::sandbox::{self, Confinement, Sealed, probe};

/// The file that a probe tries to read where none is named.
const OUTSIDE: &str = "/etc/passwd";

/// Seals the process, then runs jobs from stdin until it closes, or only tells what it can still do.
pub(crate) fn run(args: WorkerArgs) -> anyhow::Result<Exit> {
    // A panic's text could hold a value of the data: only its place is told.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        print::note(format!("kring worker: a job failed at {place}"));
    }));
    let WorkerArgs { parent, memory_mb, cpu_s, snapshots, probe, outside } = args;
    let confinement = Confinement { snapshots, memory_mb, cpu_s, parent };
    let sealed = sandbox::enter(&confinement)?;
    if probe {
        let outside = outside.as_deref().unwrap_or(Path::new(OUTSIDE));
        let told = probe::run(&sealed, confinement.snapshots.as_deref(), outside);
        print::line(serde_json::to_string(&told)?);
        return Ok(Exit::Done);
    }
    serve(&sealed)
}

/// Says hello, then serves; the hello tells the daemon that the walls stand and that a job can come.
fn serve(sealed: &Sealed) -> anyhow::Result<Exit> {
    let hello = Message { head: sealed.report(), blobs: Vec::new() };
    let mut output = std::io::stdout();
    frame::write_message(&mut output, &hello).context("the daemon is gone")?;
    output.flush()?;
    query::worker::run(std::io::stdin(), output)?;
    Ok(Exit::Done)
}
