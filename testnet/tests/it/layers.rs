//! Three layers of charters in one running network: country, two regions with a hospital in both, and a network inside one of
//! them. Each layer's rules hold where they bind, and an answer or refusal names the layer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use node::api::History;
use serde_json::Value;
use testnet::network::{Layer, Network};
use testnet::process::{NodeProcess, Nodes, client, wait_ready};

use crate::support::Net;

mod counted;
mod fresh;
mod revoked;

/// Longest time for something that has to come about by itself.
const PATIENCE: Duration = Duration::from_secs(60);
const COUNT: &str = "SELECT count(*) AS n FROM patient";
const LAYERS: [Layer<'_>; 3] = [
    Layer {
        id: "noordwest",
        parent: "demo",
        members: &["NOORD", "OOST", "ZUID"],
        rules: "@id(\"twenty\") @min_patients(\"20\") permit (principal in Kring::Role::\"analyst\", \
                action == Kring::Action::\"ask.members\", resource == Kring::Dataset::\"rotterdam\");\n\
                @id(\"planners\") permit (principal in Kring::Role::\"planner\", \
                action == Kring::Action::\"ask.members\", resource == Kring::Dataset::\"rotterdam\");",
        people: "",
    },
    Layer {
        id: "delta",
        parent: "noordwest",
        members: &["NOORD", "ZUID"],
        rules: "@id(\"thirty\") @min_patients(\"30\") permit (principal, \
                action == Kring::Action::\"ask.members\", resource) when { context.purpose != \"research\" && [\"demo\", \"noordwest\", \"delta\"].contains(context.scope) };",
        people: "",
    },
    Layer {
        id: "zuidwest",
        parent: "demo",
        members: &["ZUID", "WEST"],
        rules: "@id(\"no-planning\") @explain_en(\"Zuidwest plans by itself.\") @explain_nl(\"Zuidwest plant zelf.\") \
                forbid (principal, action, resource) when { context.purpose == \"capacity\" };",
        people: "",
    },
];

#[track_caller]
fn wait(what: &str, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn history(network: &Network, code: &str) -> History {
    client(network, code).unwrap().history().unwrap()
}

/// A country with these layers; WEST is away when they are published, at NOORD.
fn start() -> Net {
    let mut net = Net::create(4);
    let bundles = net.network.add_layers(&LAYERS).unwrap();
    net.nodes = Nodes::start(&net.network).unwrap().0;
    let away = net.take("WEST");
    assert_eq!(away.stop().unwrap(), 0);
    let network = &net.network;
    let profile = network.profile("a.jansen").to_string_lossy().into_owned();
    let file = |place: usize| bundles[place].to_string_lossy().into_owned();
    // A network inside another one comes after it.
    let early = network.run(&["charter", "publish", &file(1), "--profile", &profile]).unwrap_err();
    assert!(early.to_string().contains("not_a_child"), "{early}");
    let files = [file(0), file(1), file(2)];
    let args = ["charter", "publish", &files[0], &files[1], &files[2], "--profile", &profile];
    network.run(&args).unwrap();
    let mut back = NodeProcess::start(network, "WEST").unwrap();
    wait_ready(network, &mut back).unwrap();
    net.nodes.push(back);
    for code in ["NOORD", "OOST", "ZUID", "WEST"] {
        wait(&format!("{code} holds four charters"), || {
            history(&net.network, code).versions.len() == 4
        });
        wait(&format!("{code} hears who vouches"), || {
            let said = history(&net.network, code);
            said.in_force.len() == 4 && said.fresh_until.len() == 2
        });
    }
    net
}

fn ask(net: &Net, person: &str, scope: &str, sql: &str) -> (Option<i32>, Value) {
    let output = net.ask(person, sql, &["--scope", scope]);
    let said = serde_json::from_slice(&output.stdout);
    (output.status.code(), said.unwrap_or_else(|_| String::from_utf8_lossy(&output.stderr).into()))
}

#[track_caller]
fn answered(net: &Net, person: &str, scope: &str, sql: &str) -> Value {
    let (code, answer) = ask(net, person, scope, sql);
    assert_eq!(code, Some(0), "{answer}");
    answer
}

fn states(answer: &Value) -> Vec<(String, String)> {
    let coverage = answer["coverage"].as_object().unwrap().iter();
    let state = |(code, part): (&String, &Value)| {
        let told = part["code"].as_str().or(part["state"].as_str());
        (code.clone(), told.unwrap().to_owned())
    };
    coverage.map(state).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

fn least(answer: &Value, hospital: &str) -> u64 {
    answer["protections"][hospital]["protections"]["min_patients"].as_u64().unwrap()
}

fn layers(answer: &Value) -> BTreeSet<String> {
    let layers = answer["layers"].as_array().unwrap().iter();
    layers.map(|layer| layer["network"].as_str().unwrap().to_owned()).collect()
}

fn count(answer: &Value) -> u64 {
    answer["rows"][0][0].as_str().unwrap().parse().unwrap()
}

#[test]
fn the_same_question_is_allowed_in_one_scope_and_refused_in_another_by_a_layer_that_is_named() {
    let mut net = start();
    // C. Bakker of ZUID, which is in both regions, counts for planning.
    let answer = answered(&net, "c.bakker", "noordwest", COUNT);
    assert_eq!(
        states(&answer),
        pairs(&[("NOORD", "answered"), ("OOST", "answered"), ("ZUID", "answered")])
    );
    assert_eq!(layers(&answer), ["delta", "demo", "noordwest"].map(str::to_owned).into());
    let (code, refusal) = ask(&net, "c.bakker", "zuidwest", COUNT);
    assert_eq!((code, refusal["code"].as_str()), (Some(2), Some("forbidden")), "{refusal}");
    assert_eq!(refusal["rule"], "zuidwest/no-planning");
    assert_eq!(refusal["layer"]["network"], "zuidwest");
    assert!(refusal["message"].as_str().unwrap().contains("Zuidwest plans by itself"), "{refusal}");
    // Asker and responders of different regions meet in the country; who is bound by the other region still is.
    let answer = answered(&net, "c.bakker", "demo", COUNT);
    let forbidden = [("WEST", "forbidden"), ("ZUID", "forbidden")];
    assert_eq!(
        states(&answer),
        pairs(&[("NOORD", "answered"), ("OOST", "answered"), forbidden[0], forbidden[1]])
    );

    // Protections of all layers that bind a hospital join, the strictest first.
    let answer = answered(&net, "a.jansen", "noordwest", COUNT);
    assert_eq!(["NOORD", "OOST", "ZUID"].map(|code| least(&answer, code)), [30, 20, 30]);
    let rules = answer["protections"]["NOORD"]["rules"].to_string();
    for rule in ["demo/exact-for-breast-group", "noordwest/twenty", "delta/thirty"] {
        assert!(rules.contains(rule), "{rules}");
    }
    let answer = answered(&net, "a.jansen", "demo", COUNT);
    assert_eq!(["NOORD", "OOST", "WEST"].map(|code| least(&answer, code)), [30, 20, 10]);

    // A hospital in two networks is in the column `network` twice, and counted once.
    let total = count(&answer);
    let by = "SELECT network, count(*) AS n FROM patient GROUP BY network ORDER BY network";
    let answer = answered(&net, "a.jansen", "demo", by);
    let rows = answer["rows"].as_array().unwrap();
    let of = |network: &str| -> u64 {
        let row = rows.iter().find(|row| row[0] == network).unwrap();
        row[1].as_str().unwrap().parse().unwrap()
    };
    let own = |code: &str| count(&answered_by(&net, code));
    let [noord, oost, zuid, west] = ["NOORD", "OOST", "ZUID", "WEST"].map(own);
    assert_eq!(of("noordwest"), noord + oost + zuid);
    assert_eq!(of("zuidwest"), zuid + west);
    assert_eq!(of("delta"), noord + zuid);
    assert_eq!(total, noord + oost + zuid + west);

    // Who is not in a network does not ask in it; one that nobody knows is told with those that there are.
    let (code, refusal) = ask(&net, "a.jansen", "zuidwest", COUNT);
    assert_eq!(
        (code, refusal["code"].as_str()),
        (Some(2), Some("charter_not_a_member")),
        "{refusal}"
    );
    let (code, told) = ask(&net, "a.jansen", "oostwest", COUNT);
    assert_eq!(code, Some(64));
    assert!(told.to_string().contains("delta, demo, noordwest, zuidwest"), "{told}");
    a_board_below_widens_with_notice(&net);
    counted::a_hospital_that_leaves_a_region_is_counted_there_by_nobody(&mut net);
}

/// One hospital's patients.
fn answered_by(net: &Net, code: &str) -> Value {
    let output = net.ask("a.jansen", COUNT, &["--to", code]);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The next version of the region's charter, changed in its folder, sealed, signed and published; every node holds it.
#[track_caller]
fn next_version(net: &Net, number: u64, change: impl FnOnce(&Path)) -> PathBuf {
    let network = &net.network;
    let folder = network.dir.join("layers/zuidwest");
    let mut versions = history(network, "ZUID").versions.into_iter().map(|version| version.layer);
    let before = versions.rfind(|layer| layer.network.as_str() == "zuidwest").unwrap();
    assert_eq!(before.version + 1, number);
    let head = std::fs::read_to_string(folder.join("charter.toml")).unwrap();
    let kept = head.lines().filter(|line| !line.starts_with("previous"));
    let head = kept.map(|line| format!("{line}\n")).collect::<String>();
    let (old, new) = (format!("\nversion = {}\n", number - 1), format!("\nversion = {number}\n"));
    let head = head.replacen(&old, &format!("{new}previous = \"{}\"\n", before.digest), 1);
    std::fs::write(folder.join("charter.toml"), head).unwrap();
    change(&folder);
    let path = network.dir.join(format!("layers/zuidwest-{number}.kring"));
    let bundle = path.to_string_lossy().into_owned();
    let root = network.charter().to_string_lossy().into_owned();
    let folder = folder.to_string_lossy();
    let alone = network.run(&["charter", "seal", &folder, "--out", &bundle]).unwrap_err();
    assert!(alone.to_string().contains("name their bundles with --above"), "{alone}");
    network.run(&["charter", "seal", &folder, "--out", &bundle, "--above", &root]).unwrap();
    let key = network.board_key("zuidwest").to_string_lossy().into_owned();
    network.run(&["charter", "sign", &bundle, "--key", &key]).unwrap();
    let profile = network.profile("c.bakker").to_string_lossy().into_owned();
    network.run(&["charter", "publish", &bundle, "--profile", &profile]).unwrap();
    let held = |code: &str| {
        let mut versions = history(network, code).versions.into_iter().map(|version| version.layer);
        versions.any(|layer| layer.network.as_str() == "zuidwest" && layer.version == number)
    };
    for node in &net.nodes {
        wait(&format!("{} follows", node.code), || held(&node.code));
    }
    path
}

/// The region's board takes its rule back: that waits for the notice, and the layer and both versions are named.
#[track_caller]
fn a_board_below_widens_with_notice(net: &Net) {
    next_version(net, 2, |folder| {
        std::fs::write(folder.join("rules/zuidwest.cedar"), "").unwrap();
    });
    let (code, refusal) = ask(net, "c.bakker", "zuidwest", COUNT);
    assert_eq!((code, refusal["code"].as_str()), (Some(2), Some("waits_for_notice")), "{refusal}");
    assert_eq!(refusal["layer"]["network"], "zuidwest");
    assert_eq!(refusal["layer"]["version"], 1);
}
