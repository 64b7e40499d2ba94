use super::*;

mod brute;
mod tables;
mod work;
