//! Old entries leave a real node, which goes on answering; they are read and proved from where they were moved to.

use std::path::Path;
use std::process::Output;

use node::clock::{Clock as _, SystemClock};
use node::log::store::record_bytes;
use node::log::{Entry, Event, Reader, Store};
use policies::UnixTime;
use testnet::process::Nodes;

use crate::audit::{config, cosigned, done, kring, start, verdict};
use crate::support::Net;

const COUNT: &str = "SELECT count(*) FROM patient";
/// Entries of 60 KB: two closed segments and some more.
const OLD: u64 = 600;

/// A log that was begun 400 days ago.
fn old_entries(folder: &Path) {
    let mut store = Store::open_folder(folder).unwrap();
    let began = SystemClock.now().plus(-400 * 86_400);
    for index in 0..OLD {
        let reason = format!("{index} {}", "x".repeat(60_000));
        let at = UnixTime(began.0 + 60 * index.cast_signed());
        let entry = Entry::new(index, at, Event::WorkerLost { reason }).encode().unwrap();
        store.room(record_bytes(entry.len() as u64)).unwrap();
        store.append(&[entry]).unwrap();
    }
}

#[track_caller]
fn refused(output: &Output, code: i32, says: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "{said}");
}

fn archive(net: &Net, to: &Path, days: &str) -> Output {
    let args = ["archive", "--keep-days", days];
    kring(net, &args, &[("--config", &config(net, "NOORD")), ("--to", to)])
}

/// What is on the node after `here` entries were moved, with and without their folder.
fn read_and_proved(net: &Net, to: &Path, here: u64) {
    let (config, dir) = (config(net, "NOORD"), net.network.dir.clone());
    let (out, policy) = (dir.join("a.out"), dir.join("policy"));
    let on_node = [("--config", config.as_path()), ("--out", out.as_path())];
    let with = [on_node[0], on_node[1], ("--archive", to)];
    for args in [&["export"][..], &["prove", "3"]] {
        refused(&kring(net, args, &on_node), 64, "--archive");
        done(&kring(net, args, &with));
        assert_eq!(verdict(net, &out, &policy)["holds"], true);
    }
    done(&kring(net, &["export", "--from", &here.to_string()], &on_node));
    let held = verdict(net, &out, &policy);
    assert_eq!((&held["holds"], held["first"].as_u64()), (&true.into(), Some(here)), "{held}");
    let list = ["list", "--from", "5", "--limit", "2"];
    let listed = done(&kring(net, &list, &[with[0], with[2]]));
    assert!(listed.contains("5 "), "{listed}");
    refused(&kring(net, &["show", "5"], &on_node[..1]), 64, "were moved to the archive");
    done(&kring(net, &["list", "--limit", "5000"], &on_node[..1]));
}

/// Each file of the archive holds by itself, for both verifiers.
fn files_hold(net: &Net, to: &Path) {
    let policy = net.network.dir.join("policy");
    let mut next = 0;
    for _ in 0..2 {
        let name = format!("{next:020}.audit");
        let held = verdict(net, &to.join(&name), &policy);
        assert_eq!((&held["holds"], held["first"].as_u64()), (&true.into(), Some(next)), "{held}");
        let file = to.join(&name);
        let args = [file.to_str().unwrap(), "--policy", policy.to_str().unwrap()];
        let again = testnet::kill::verify_again(&args).unwrap();
        assert!(again.is_none_or(|told| told.status.success()), "{name}");
        next += held["count"].as_u64().unwrap();
    }
}

#[test]
fn a_node_goes_on_without_its_old_entries_and_they_can_be_proved() {
    let mut net = Net::create(3);
    let folder = net.network.node_dir("NOORD").join("state/log");
    old_entries(&folder);
    net.nodes = Nodes::start(&net.network).unwrap().0;
    net.answer("a.jansen", COUNT);
    let (to, charter) = (net.network.dir.join("archive"), net.network.charter());
    let args = ["policy", "--root", &net.network.root, "--hospital", "NOORD", "--witnesses", "1"];
    let text = done(&kring(&net, &args, &[("--charter", &charter)]));
    std::fs::write(net.network.dir.join("policy"), text).unwrap();

    cosigned(&net, &net.network.dir.join("a.out"), &net.network.dir.join("policy"));
    refused(&archive(&net, &to, "35"), 1, "in use");
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    let before = Reader::open(&folder).unwrap();
    refused(&archive(&net, &to, "34"), 64, "at least 35 days");
    refused(&archive(&net, &folder.join("there"), "35"), 1, "the node's alone");
    assert!(done(&archive(&net, &to, "500")).contains("nothing to archive"));
    assert!(done(&archive(&net, &to, "35")).contains("2 segments"));
    assert!(done(&archive(&net, &to, "35")).contains("nothing to archive"));

    let after = Reader::open(&folder).unwrap();
    let here = after.here();
    assert!((500..OLD).contains(&here) && after.size() == before.size() + 2, "{here}");
    read_and_proved(&net, &to, here);
    files_hold(&net, &to);
    let check = |more: &[&str]| {
        let mut kring = net.network.kring();
        kring.arg("check").arg("--config").arg(config(&net, "NOORD")).args(more);
        done(&kring.output().unwrap());
    };
    check(&[]);
    check(&["--rebuild"]);
    start(&mut net, "NOORD");
    net.answer("a.jansen", "SELECT count(*) FROM patient WHERE age > 50");
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    std::fs::remove_dir_all(&to).unwrap();
    start(&mut net, "NOORD");
    net.answer("a.jansen", "SELECT count(*) FROM patient WHERE age > 60");
    for code in ["NOORD", "OOST", "ZUID"] {
        assert_eq!(net.take(code).stop().unwrap(), 0);
    }
}
