//! The network with real sockets on loopback: honest nodes, strangers, and peers that lie in every way a stream allows.

mod raw;
mod support;

mod answers;
mod hostile;
mod listen;
mod members;
