//! `network`: as a condition, and grouped by. To the oracles a condition names hospitals, and a group is a join with a table
//! of memberships.

use super::sources::Scope;
use super::{Block, Piece, Writer, both, choose};
use crate::differential::rows::CODES;

/// The sub-networks of every differential network; the last has no hospital.
pub const SUB_NETWORKS: [&str; 3] = ["alpha", "beta", "leeg"];
/// The table of memberships that the oracles have.
pub const MEMBERSHIP: &str = "network_member";

/// The sub-networks of a hospital: the first in both, every fourth in none.
#[must_use]
pub fn networks_of(code: &str) -> &'static [&'static str] {
    match CODES.iter().position(|known| *known == code).map(|number| number % 4) {
        Some(0) => &["alpha", "beta"],
        Some(1) => &["beta"],
        Some(2) => &["alpha"],
        Some(_) | None => &[],
    }
}

/// The column `network` beside this `hospital`.
pub(super) fn beside(hospital: &str) -> String {
    hospital.replace("hospital", "network")
}

impl Writer<'_> {
    /// A question about networks.
    pub(super) fn by_network(&mut self) -> Vec<Piece> {
        let mut source = self.source();
        while source.hospital.is_none() {
            source = self.source();
        }
        if self.dice.one_in(3) { self.conditions(source) } else { self.groups(source) }
    }

    /// A condition on the network, as the network and the oracles read it.
    fn network_condition(&mut self, hospital: &str) -> String {
        self.note("network_condition");
        let names: &[&str] = match self.dice.roll(5) {
            0 => &["alpha", "beta"],
            1 => &["leeg", "beta"],
            2 => &["leeg"],
            3 => &["beta"],
            _ => &["alpha"],
        };
        let network = beside(hospital);
        let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
        let quoted = quoted.join(", ");
        let asked = match names {
            [_one] => format!("{network} = {quoted}"),
            _ => format!("{network} IN ({quoted})"),
        };
        let member = |code: &&&str| networks_of(code).iter().any(|own| names.contains(own));
        let members: Vec<String> =
            CODES.iter().filter(member).map(|code| format!("'{code}'")).collect();
        if members.is_empty() {
            return both(&asked, &format!("{hospital} = ''"));
        }
        both(&asked, &format!("{hospital} IN ({})", members.join(", ")))
    }

    /// Conditions on the network in WHERE, FILTER, CASE and GROUP BY.
    fn conditions(&mut self, source: Scope) -> Vec<Piece> {
        let hospital = source.hospital.clone().unwrap_or_default();
        let mut block = Block { from: source.from, ..Block::default() };
        let counted = self.network_condition(&hospital);
        block.figures.push((format!("count(*) FILTER (WHERE {counted})"), "f".to_owned()));
        let chosen = self.network_condition(&hospital);
        let case = format!("sum(CASE WHEN {chosen} THEN 2 ELSE 1 END)");
        block.figures.push((case, "c".to_owned()));
        if self.dice.one_in(2) {
            let condition = self.network_condition(&hospital);
            block.filters.push(condition);
        }
        if self.dice.one_in(2) {
            let key = self.network_condition(&hospital);
            block.keys.push((format!("CASE WHEN {key} THEN 'in' ELSE 'out' END"), "k".to_owned()));
        }
        vec![Piece::Block(block)]
    }

    /// Groups of networks, a hospital's rows in each of its networks; sometimes beside the total, which counts all once.
    fn groups(&mut self, source: Scope) -> Vec<Piece> {
        self.note("group_network");
        let hospital = source.hospital.clone().unwrap_or_default();
        let network = beside(&hospital);
        let mut block = Block::default();
        block.keys.push((both(&network, "nm.network"), "nw".to_owned()));
        block.figures.push(("count(*)".to_owned(), "n".to_owned()));
        if let Some(column) = source.columns.first() {
            block.figures.push((format!("count({})", column.sql), "v".to_owned()));
        }
        if self.dice.one_in(2) {
            block.keys.push((hospital.clone(), "hosp".to_owned()));
        }
        let join = format!(" JOIN {MEMBERSHIP} nm ON nm.hospital = {hospital}");
        block.from = format!("{}{}", source.from, both("", &join));
        if self.dice.one_in(2) {
            if self.dice.one_in(3) {
                block.filters.push(both(&format!("{network} = 'beta'"), "nm.network = 'beta'"));
            }
            return vec![Piece::Block(block)];
        }
        // To the oracles the total is a question of its own: a join with memberships would count some twice.
        let nulls = vec!["NULL"; block.keys.len()].join(", ");
        let figures: Vec<String> =
            block.figures.iter().map(|(sql, name)| format!("{sql} AS {name}")).collect();
        let figures = figures.join(", ");
        let total = format!(" UNION ALL SELECT {nulls}, {figures} FROM {}", source.from);
        let pooled = format!("{}{total}", choose(&block.text(), false));
        block.grouping = "SETS";
        vec![Piece::Text(both(&choose(&block.text(), true), &choose(&pooled, false)))]
    }
}
