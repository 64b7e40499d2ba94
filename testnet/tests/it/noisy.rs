//! Parts with noise, at real nodes: an approved question whose head asks for it, and what a node without its key does.

use serde_json::Value;
use testnet::data::Data;
use testnet::generate::Region;
use testnet::process::{NodeProcess, wait_ready};

use crate::support::Net;

const RATE: &str = "-- id: r1_rate
-- version: 1
-- dataset: oncology
-- title_en: Deaths
-- title_nl: Overleden
-- source: test
-- parts: noisy
-- by: total, hospital

SELECT
hospital, -- by hospital
COUNT(*) AS n, SUM(CASE WHEN d.vital_status = 1 THEN 1 ELSE 0 END) AS died
FROM diagnosis d
GROUP BY hospital -- by hospital
";

fn run(net: &Net, indicator: &str, more: &[&str]) -> Value {
    let profile = net.network.profile("a.jansen");
    let mut kring = net.network.kring();
    kring.args(["indicator", "run", indicator, "--format", "json"]).args(more);
    let output = kring.arg("--profile").arg(profile).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"))
}

#[test]
fn an_indicator_tells_its_parts_with_noise_and_a_node_without_a_key_does_not() {
    let mut data = Data::oncology(Region::new(2, 3, 80), 10);
    data.indicators.push(("r1_rate".into(), RATE.into()));
    let mut net = Net::start_with(3, &[data], |_network| {});
    let by = ["--by", "hospital"];
    let first = run(&net, "r1_rate", &by);
    assert_eq!(first["rows"].as_array().unwrap().len(), 3, "{first}");
    // The deaths of each hospital have noise, its patients have none.
    let noisy = first["noisy"].as_array().unwrap();
    assert_eq!(noisy.len(), 3, "{first}");
    assert!(noisy.iter().all(|mark| mark["column"] == 2 && mark["variance"] == 3.0), "{first}");
    let done = &first["protections"]["OOST"];
    assert_eq!(done["protections"]["parts"], "noisy");
    assert_eq!(done["noise"]["variance"], 3);
    // Asked again, the same; a total is made of the same figures.
    assert_eq!(run(&net, "r1_rate", &by)["rows"], first["rows"]);
    let total = run(&net, "r1_rate", &[]);
    let number = |value: &Value| {
        let text = value.as_str().unwrap_or_else(|| panic!("{first} {total}"));
        text.parse::<i64>().unwrap()
    };
    for (at, of_total) in [(1, 0), (2, 1)] {
        let hospitals = first["rows"].as_array().unwrap().iter().map(|row| number(&row[at]));
        assert_eq!(hospitals.sum::<i64>(), number(&total["rows"][0][of_total]), "{first} {total}");
    }
    assert_eq!(total["noisy"][0]["variance"], 9.0);
    let key = net.network.node_dir("ZUID").join("keys/noise.key");
    let away = key.with_extension("away");
    std::fs::rename(&key, &away).unwrap();
    let restart = |net: &mut Net| {
        assert_eq!(net.take("ZUID").stop().unwrap(), 0);
        let mut node = NodeProcess::start(&net.network, "ZUID").unwrap();
        wait_ready(&net.network, &mut node).unwrap();
        net.nodes.push(node);
    };
    restart(&mut net);
    assert_eq!(run(&net, "r1_rate", &by)["coverage"]["ZUID"]["code"], "no_noise_key");
    assert_eq!(run(&net, "s6_oes_leak", &[])["coverage"]["ZUID"]["state"], "answered");
    std::fs::rename(&away, &key).unwrap();
    restart(&mut net);
    assert_eq!(run(&net, "r1_rate", &by)["rows"], first["rows"]);
}
