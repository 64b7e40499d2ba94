//! Two instances, split views, lying witnesses and lost histories: found before anything wrong is released.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use node::keys::{Key, KeyRole};
use node::log::Event;
use node::proof::checkpoint::{Checkpoint, Origin, SignedCheckpoint, witness_key};
use node::proof::cosignature::cosign;
use node::proof::merkle::{Consistency, Frontier, leaf_hash};
use node::proof::submission::{Reply, Submission};
use node::proof::witness::Witness;
use policies::UnixTime;
use serde_json::Value;
use testnet::process::{NodeProcess, wait_ready};

use crate::audit::{COUNT, PATIENCE, config, copy, cosigned, done, kring, start, verdict};
use crate::support::{Net, RawPeer, hospital, question, refused};

mod gap;
mod instances;
mod lies;
mod views;

/// Waits until the log of a node holds evidence of this kind.
#[track_caller]
fn evidence(net: &Net, code: &str, shows: &str) {
    eventually(&format!("{code} has no evidence of {shows}"), || {
        net.log(code).iter().any(
            |entry| matches!(&entry.event, Event::ForkEvidence { shows: shown, .. } if shown == shows),
        )
    });
}

#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// What `kring status` says of a node's log.
fn log_state(net: &Net, code: &str) -> node::api::LogState {
    testnet::process::client(&net.network, code).unwrap().status().unwrap().log
}

/// Starts a node whose peers need not be there.
fn start_alone(net: &mut Net, code: &str) {
    let mut node = NodeProcess::start(&net.network, code).unwrap();
    wait_ready(&net.network, &mut node).unwrap();
    net.nodes.push(node);
}

/// A checkpoint of NOORD's log, signed with its own key over entries that never were.
fn forged(net: &Net, key: &Key, history: &str, size: u64) -> String {
    forged_of(net, "NOORD", key, history, size)
}

/// The same of any member's log.
fn forged_of(net: &Net, code: &str, key: &Key, history: &str, size: u64) -> String {
    let public = net.charter().member(&hospital(code)).unwrap().keys.log;
    let mut tree = Frontier::new();
    (0..size).for_each(|index| tree.push(leaf_hash(format!("{history} {index}").as_bytes())));
    let origin = Origin::of(&hospital(code), &public, 0).unwrap();
    let verifier = origin.key(&key.public).unwrap();
    let checkpoint = Checkpoint { origin, head: tree.head() };
    SignedCheckpoint::sign(checkpoint, &verifier, key.secret()).unwrap().note().to_string()
}

fn key(net: &Net, code: &str, file: &str, role: KeyRole) -> Key {
    Key::load(&net.network.node_dir(code).join("keys").join(file), role).unwrap()
}

/// Writes the policy that trusts NOORD's log and asks for so many witnesses.
fn trust(net: &Net, file: &Path, witnesses: usize) {
    let witnesses = witnesses.to_string();
    let args =
        ["policy", "--root", &net.network.root, "--hospital", "NOORD", "--witnesses", &witnesses];
    let charter = net.network.charter();
    std::fs::write(file, done(&kring(net, &args, &[("--charter", &charter)]))).unwrap();
}
