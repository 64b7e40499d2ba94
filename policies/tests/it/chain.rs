//! Chains of charters: what is taken, what holds when, and every bad input that somebody has thought of.

mod force;
mod good;
