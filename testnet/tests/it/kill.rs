//! Kills in short: the command does hundreds.

use std::path::Path;

use testnet::cli::Kill;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    node::command::install_tls_provider();
    let options = Kill { times: 12, seed: 1 };
    let program = Path::new(env!("CARGO_BIN_EXE_testnet"));
    let report = testnet::kill::kill(program, &options).unwrap();
    assert!(report.holds(), "{report:?}");
    assert!(report.killed.kills >= 12, "{report:?}");
    assert!(report.charged.charges > 5 && report.charged.cells > 5, "{report:?}");
    assert!(report.acknowledged > 0 && report.table.sent > 0, "{report:?}");
}
