//! Integration tests of the node: one binary, because each would link the whole engine.
#![expect(clippy::expect_used, reason = "test code")]

mod net;
