//! The board of a network, and the hospitals that vouch for its charter.

use std::fmt::Write as _;
use std::path::PathBuf;

use node::keys::{Key, KeyRole};

use super::Network;

/// Hospitals that vouch for a charter being the newest.
const FRESHNESS_KEYS: usize = 20;
/// The board: two of its members sign a charter.
pub(super) const BOARD: [&str; 3] = ["board.one", "board.two", "board.three"];

impl Network {
    pub(super) fn make_board(&self) -> anyhow::Result<()> {
        for id in BOARD {
            let path = self.board_key(id);
            self.run(&["key", "new", "--person", id, "--out", &path.to_string_lossy()])?;
        }
        Ok(())
    }

    /// The key of a member of the board.
    #[must_use]
    pub fn board_key(&self, id: &str) -> PathBuf {
        self.dir.join("board").join(format!("{id}.key"))
    }

    /// The lines for charter.toml that say who vouches for it.
    pub(super) fn freshness(&self) -> anyhow::Result<String> {
        let mut lines = String::new();
        for hospital in self.hospitals.iter().take(FRESHNESS_KEYS) {
            let path = self.node_dir(&hospital.code).join("keys/freshness.key");
            let key = Key::load(&path, KeyRole::Freshness)?.public;
            let code = &hospital.code;
            write!(lines, "\n[[freshness]]\nhospital = \"{code}\"\nkey = \"{key}\"\n")?;
        }
        Ok(lines)
    }
}
