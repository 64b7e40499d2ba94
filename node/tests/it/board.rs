//! A board at work with the real program: from the first folder to a signed version, and from that to the next one.

mod support;

mod next;
mod sign;
mod words;
