//! `kring worker`: the child process that reads SQL.

use crate::command::Exit;

/// Runs jobs from stdin until it closes.
pub(crate) fn run() -> anyhow::Result<Exit> {
    // A panic's text could hold a value of the data: only its place is told.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        super::print::note(format!("kring worker: a job failed at {place}"));
    }));
    query::worker::run(std::io::stdin(), std::io::stdout())?;
    Ok(Exit::Done)
}
