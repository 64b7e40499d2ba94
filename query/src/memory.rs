//! What was answered before: the part of disclosure control that has a past.
//!
//! A [`Memory`] is the state of one lineage: the dataset versions of one node under one record key. It takes all persons together.
//! Nothing here reads a clock or makes an id: days, names and sets are arguments.
//!
//! `query::disclose` does 3 and 4. Call sequence for one answer:
//!
//! 1. `memory.quota(&asker, limits, units, day)`: a [`Charge`], made durable and applied before the question is run, or it is
//!    refused. So what becomes of the question afterwards is charged in any case.
//! 2. Below the cut of `ask.explore`: the patients of `memory.retired()` are left out; `memory.left_out(patients, adds, &retiring)` says how many or refuses.
//! 3. Exact figures, in charter order, those that would be shown after primary rules and suppression, on a `memory.charge_of(claim)` of
//!    their profile and text: `memory.exact(&mut charge, cell, gaps)` says for each whether it is released, or the old figure stands, or it is null.
//! 4. Explored cells: `memory.retire(&mut charge, &retiring)`, then `memory.explore(&mut charge, cell, rules)` for each. It hides no
//!    figure: patients over a limit retire, and the answer is run again without them.
//! 5. `charge.encode()?` is made durable with the outcome, `memory.apply(&charge)?` makes the next state, then the answer leaves.
//!    A charge that was made on another state is refused, with nothing changed: decide again.
//! 6. After a restart `Memory::new(lineage)` and every `Charge::decode(bytes)?` in order give the same state.
//!
//! Not here: durability, encryption, which entry of the log names a charge, hiding cells, noise.

mod bounds;
mod charge;
mod code;
mod exact;
mod explore;
mod quota;
mod sets;
mod state;
mod tables;

pub(crate) use bounds::{Amounts, Claim, Room};
pub use charge::Charge;
pub use code::CodeError;
pub(crate) use exact::{ExactCell, Gaps, Measure, Ruling, Standing};
pub use state::{ApplyError, Memory};
pub(crate) use tables::Table;

pub use explore::Retiring;
pub(crate) use explore::{ExploreRules, ExploredCell, LeftOut, Novelty};
pub use quota::{Asker, OverQuota, Scope};
pub(crate) use quota::{Limit, Limits};

/// The name of a thing as a digest of its canonical text, made by the caller: a cell, a measure, a form.
pub(crate) type Name = [u8; 32];

/// Days since 1970-01-01.
pub(crate) type Day = u32;

#[cfg(test)]
mod tests;
