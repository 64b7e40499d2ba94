//! The binary `kring`.

use std::process::ExitCode;

fn main() -> ExitCode {
    node::command::main(std::env::args_os())
}
