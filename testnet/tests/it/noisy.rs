//! Parts with noise and as bands, at real nodes: approved questions whose heads ask for it, and what a node without its key does.

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

const BAND: &str = "-- id: r2_band
-- version: 1
-- dataset: oncology
-- title_en: Deaths, as a band
-- title_nl: Overleden
-- source: test
-- parts: band
-- band: 20 %
-- by: total, hospital
-- window: 2020-2024

SELECT
hospital, -- by hospital
COUNT(*) AS n, SUM(CASE WHEN d.vital_status = 1 THEN 1 ELSE 0 END) AS died
FROM diagnosis d
WHERE d.inc_year BETWEEN 2020 AND 2024 -- window 2020-2024
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
    data.indicators.push(("r2_band".into(), BAND.into()));
    let mut net = Net::start_with(3, &[data], |_network| {});
    let by = ["--by", "hospital"];
    let first = run(&net, "r1_rate", &by);
    assert_eq!(first["rows"].as_array().unwrap().len(), 3, "{first}");
    // The deaths of each hospital have noise, its patients have none.
    let noisy = first["noisy"].as_array().unwrap();
    assert_eq!(noisy.len(), 3, "{first}");
    assert!(noisy.iter().all(|mark| mark["column"] == 2 && mark["variance"] == 5.0), "{first}");
    let done = &first["protections"]["OOST"];
    assert_eq!(done["protections"]["parts"], "noisy");
    assert_eq!(done["noise"]["variance"], 5);
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
    assert_eq!(total["noisy"][0]["variance"], 15.0);
    as_a_band(&net);
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

/// Where each hospital lies, and nothing of all of them.
fn as_a_band(net: &Net) {
    let told = run(net, "r2_band", &["--by", "hospital"]);
    let bands = told["bands"].as_array().unwrap();
    let known = ["below_99_8", "below_95", "inside", "above_95", "above_99_8"];
    assert_eq!(bands.len(), 3, "{told}");
    assert!(bands.iter().all(|own| known.contains(&own["band"].as_str().unwrap())), "{told}");
    let rows = told["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| !row[1].is_null() && row[2].is_null()), "{told}");
    assert_eq!(told["protections"]["OOST"]["protections"]["parts"], "band");
    let total = run(net, "r2_band", &[]);
    assert!(total.get("bands").is_none(), "{total}");
    assert!(!total["rows"][0][0].is_null() && total["rows"][0][1].is_null(), "{total}");
}
