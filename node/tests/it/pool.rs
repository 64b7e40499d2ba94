//! The workers: real processes behind their walls, lost in every way, and fair between people.

mod support;

mod lost;
mod turns;
mod walls;
