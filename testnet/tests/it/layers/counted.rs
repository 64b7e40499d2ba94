//! Who is counted in which network below: a hospital leaves one, nobody counts it otherwise than another one, and answers of before and after
//! are verified with those of their time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use node::charters::folder::bundles;
use node::charters::open::tree_of;
use node::clock::{Clock as _, SystemClock};
use policies::{Charter, Digest, UnixTime};
use serde_json::Value;

use super::next_version;
use crate::support::{Net, RawPeer, Said, hospital, question, refused, said};

const BY: &str = "SELECT network, count(*) AS n FROM patient GROUP BY network ORDER BY network";

/// ZUID stays in the region, WEST leaves it.
pub(super) fn a_hospital_that_leaves_a_region_is_counted_there_by_nobody(net: &mut Net) {
    let folder = bundles_of(net);
    let before = saved(net, "before.kring");
    next_version(net, 3, |folder| {
        std::fs::write(folder.join("members.toml"), "[[members]]\ncode = \"ZUID\"\n").unwrap();
    });
    let after = saved(net, "after.kring");
    let count = |answer: &Value| -> u64 {
        let rows = answer["rows"].as_array().unwrap();
        rows.iter().find(|row| row[0] == "zuidwest").unwrap()[1].as_str().unwrap().parse().unwrap()
    };
    assert!(count(&after.1) < count(&before.1), "{} {}", after.1, before.1);

    // The versions of then are found by what the requests name; without them nothing is verified.
    let third = net.network.dir.join("layers/zuidwest-3.kring");
    let of_then = verify(net, &before.0, &folder).unwrap();
    std::fs::copy(third, folder.join("zuidwest-3.kring")).unwrap();
    assert_eq!(verify(net, &before.0, &folder).unwrap(), of_then);
    verify(net, &after.0, &folder).unwrap();
    std::fs::remove_file(folder.join("zuidwest-3.kring")).unwrap();
    let told = verify(net, &after.0, &folder).unwrap_err();
    assert!(told.contains("those of networks below included"), "{told}");
    a_request_that_counts_otherwise_is_refused_and_not_spent(net);
}

/// A folder of the bundles that hold so far.
fn bundles_of(net: &Net) -> PathBuf {
    let (network, folder) = (&net.network, net.network.dir.join("bundles"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(network.charter(), folder.join("demo.kring")).unwrap();
    for name in ["noordwest", "delta", "zuidwest", "zuidwest-2"] {
        let name = format!("{name}.kring");
        std::fs::copy(network.dir.join("layers").join(&name), folder.join(&name)).unwrap();
    }
    folder
}

#[track_caller]
fn saved(net: &Net, name: &str) -> (PathBuf, Value) {
    let file = net.network.dir.join(name);
    let output = net.ask("a.jansen", BY, &["--save", &file.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    (file, serde_json::from_slice(&output.stdout).unwrap())
}

fn verify(net: &Net, file: &Path, folder: &Path) -> Result<String, String> {
    let (file, folder) = (file.to_string_lossy(), folder.to_string_lossy());
    let verify = ["answer", "verify", &file, "--charter", &folder, "--root", &net.network.root];
    net.network.run(&verify).map_err(|error| error.to_string())
}

/// The country's charter as every node holds it.
fn country(net: &Net, now: UnixTime) -> Arc<Charter> {
    let mut all: Vec<Vec<u8>> = bundles(&net.network.dir.join("bundles")).unwrap();
    all.extend(bundles(&net.network.dir.join("layers/zuidwest-3.kring")).unwrap());
    let root = Digest::try_from(net.network.root.clone()).unwrap();
    let tree = tree_of(root, &all).unwrap();
    tree.scope(tree.network(), &hospital("OOST"), now).unwrap().charter
}

/// The asking node holds the version before: it is told so, and the same question is answered to who holds the same.
fn a_request_that_counts_otherwise_is_refused_and_not_spent(net: &mut Net) {
    net.take("NOORD").stop().unwrap();
    let noord = RawPeer::start(net, "NOORD");
    let asked = question(net, "a.jansen", "SELECT count(*) FROM patient", |_| {});
    let counted = |networks| {
        noord.request(net, &asked, |request| {
            request.audience = hospital("OOST");
            request.networks = networks;
        })
    };
    let at = SystemClock.now();
    let charter = country(net, at);
    for other in [None, net.charter().networks_digest(at), Some(Digest::of(b"other"))] {
        let frames = noord.send(net, "OOST", &counted(other).encode()).unwrap();
        refused(&frames, "charter_mismatch");
        let Said::Refusal(refusal) = said(&frames) else { panic!("answered") };
        assert_eq!(refusal.log_index, None);
    }
    // So is who names a network that cannot be there, unless it follows another version of the country's charter.
    let elsewhere = question(net, "a.jansen", "SELECT count(*) FROM patient", |question| {
        question.network = "oostwest".parse().unwrap();
    });
    for (version, code) in [(1, "wrong_network"), (2, "charter_mismatch")] {
        let request = noord.request(net, &elsewhere, |request| {
            request.audience = hospital("OOST");
            request.layers[0].version = version;
        });
        refused(&noord.send(net, "OOST", &request.encode()).unwrap(), code);
    }
    let frames = noord.send(net, "OOST", &counted(charter.networks_digest(at)).encode()).unwrap();
    assert!(matches!(said(&frames), Said::Answer(_)), "{:?}", said(&frames));
}
