//! The binary `testnet`: networks of real nodes on this machine.
//!
//! Called by the name `kring` (through the link that a network's folder holds) it is the `kring` command line, so one
//! build serves both and every node is a real process of the same code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let name = std::env::args_os().next().unwrap_or_default();
    if std::path::Path::new(&name).file_name().is_some_and(|name| name == "kring") {
        return node::command::main(std::env::args_os());
    }
    testnet::cli::main()
}
