use super::*;

mod brute;
mod tables;
