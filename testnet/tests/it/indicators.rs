//! Indicators and a hospital's own rules, by real processes: the charter's files, the command, and who refuses what.

use std::collections::BTreeSet;
use std::process::Output;

use node::log::Event;
use policies::wire::{Asks, IndicatorRef};
use policies::{Digest, IndicatorId};
use serde_json::{Value, json};
use testnet::data::Data;
use testnet::data::indicators::INDICATORS;
use testnet::generate::Region;
use testnet::process::{NodeProcess, wait_connected};

use crate::support::{Net, RawPeer, logged, question, refused};

const DOMAIN: &str = include_str!("../../domain/indicators.sql");

/// What OOST adds to the charter.
const OWN: &str = r#"
@id("forms-in-large-groups") @explain_en("answers to forms in large groups only") @min_patients("100000")
permit (principal, action == Kring::Action::"ask.members", resource) when { context.tables.contains("prom") };
@id("no-completeness") @explain_en("not while we change systems")
forbid (principal, action == Kring::Action::"ask.indicator", resource) when { context.indicator == "g4_all_completeness" };
"#;

fn words(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_charters_files_are_the_domains_indicators() {
    let mut texts = BTreeSet::new();
    for (id, text) in INDICATORS {
        let path = format!("indicators/{id}.sql");
        let indicator = policies::indicator::parse(&path, text).unwrap();
        assert_eq!(indicator.id.as_str(), id);
        texts.insert(words(&indicator.refer(None, None).unwrap().1));
    }
    let domain = DOMAIN.lines().filter(|line| !line.starts_with("--") && !line.is_empty());
    let domain: BTreeSet<String> =
        domain.map(|sql| words(sql.trim_end().trim_end_matches(';'))).collect();
    assert_eq!(texts, domain);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/charter/indicators");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), INDICATORS.len());
}

fn kring(net: &Net, person: &str, args: &[&str]) -> Output {
    let profile = net.network.profile(person);
    net.network.kring().args(args).arg("--profile").arg(profile).output().unwrap()
}

#[track_caller]
fn json_of(net: &Net, person: &str, args: &[&str]) -> Value {
    let Output { status, stdout, stderr } = kring(net, person, args);
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).unwrap()
}

#[track_caller]
fn check_refusal(net: &Net, person: &str, args: &[&str], exit: i32, told: &str) {
    let Output { status, stdout, stderr } = kring(net, person, args);
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert_eq!(status.code(), Some(exit), "{said}");
    assert!(said.contains(told), "{said}");
}

/// An indicator is asked as the text that is shown would be, and answered under a profile of its own.
fn a_run_is_the_text_that_is_shown(net: &Net) {
    for variant in [
        &["b4_bla_plnd"][..],
        &["b4_bla_plnd", "--by", "hospital", "--window", "2022-2024"],
        &["s1_oes_volume", "--by", "network"],
        &["g4_all_completeness", "--window", "2024", "--to", "NOORD,ZUID"],
        &["s8_oes_ttt"],
    ] {
        let command = |verb: &'static str, but: usize| {
            [&["indicator", verb], &variant[..variant.len() - but], &["--format", "json"]].concat()
        };
        let to = if variant.contains(&"--to") { 2 } else { 0 };
        let shown = json_of(net, "a.jansen", &command("show", to));
        let run = json_of(net, "a.jansen", &command("run", 0));
        let sql = shown["sql"].as_str().unwrap();
        let mut ask = vec!["ask", sql, "--format", "json"];
        ask.extend(&variant[variant.len() - to..]);
        let asked = json_of(net, "a.jansen", &ask);
        for field in ["columns", "rows", "cells", "coverage", "snapshots", "status"] {
            assert_eq!(run[field], asked[field], "{variant:?} {field}");
        }
        assert!(!run["rows"].as_array().unwrap().is_empty(), "{variant:?}");
        let profile = |answer: &Value| answer["protections"]["NOORD"]["profile"].clone();
        assert_eq!(profile(&run), "ask.indicator");
        assert_eq!(profile(&asked), "ask.members");
        assert_eq!(run["protections"]["NOORD"]["rules"], json!(["demo/indicators-for-quality"]));
    }
}

fn people_see_what_it_is(net: &Net) {
    let all = json_of(net, "c.bakker", &["indicator", "list", "--format", "json"]);
    assert_eq!(all.as_array().unwrap().len(), 42);
    let listed = kring(net, "a.jansen", &["indicator", "list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("p3_pan_ftr") && listed.contains("total hospital network"), "{listed}");
    let run = kring(net, "a.jansen", &["indicator", "run", "b1_bla_volume", "--by", "hospital"]);
    let table = String::from_utf8(run.stdout).unwrap();
    for text in [
        "Cystectomieen per ziekenhuis per jaar",
        "Cystectomies by hospital and year",
        "norm: at least 20 a year (SONCOS)",
        "source: SONCOS; the project's domain research",
        "indicator b1_bla_volume version 1, by hospital, window all",
    ] {
        assert!(table.contains(text), "{table}");
    }
    let run = kring(net, "a.jansen", &["indicator", "run", "b1_bla_volume", "--format", "csv"]);
    assert!(run.stdout.starts_with(b"treat_agb,start_year,n\n"));
    assert!(String::from_utf8(run.stderr).unwrap().contains("norm: at least 20 a year"));
}

fn who_may_not_is_told_what_to_do(net: &Net) {
    let run = |id: &'static str| ["indicator", "run", id];
    check_refusal(net, "c.bakker", &run("b4_bla_plnd"), 2, "no_rule_permits");
    assert_eq!(kring(net, "c.bakker", &run("b1_bla_volume")).status.code(), Some(0));
    check_refusal(net, "b.devries", &run("b1_bla_volume"), 2, "no_rule_permits");
    check_refusal(net, "a.jansen", &run("b9_bla"), 64, "`kring indicator list` shows the 42 that");
    let by = ["indicator", "run", "b4_bla_plnd", "--by", "age"];
    check_refusal(net, "a.jansen", &by, 64, "has `by` total, hospital, network, not `age`");
    let strict = ["ask", "SELECT count(*) FROM patient", "--under", "ask.strict"];
    check_refusal(net, "a.jansen", &strict, 2, "profile_not_supported");
    let other = ["ask", "SELECT count(*) FROM patient", "--under", "ask.indicator"];
    check_refusal(net, "a.jansen", &other, 2, "profile_does_not_fit");
}

fn a_hospitals_own_rules_forbid_and_strengthen(net: &Net) {
    let forms =
        json_of(net, "a.jansen", &["ask", "SELECT count(*) AS n FROM prom", "--format", "json"]);
    let (noord, oost) = (&forms["protections"]["NOORD"], &forms["protections"]["OOST"]);
    assert_eq!(forms["rows"], json!([[null]]), "{forms}");
    assert_eq!(forms["cells"][0]["status"], "incomplete");
    assert_eq!(oost["protections"]["min_patients"], 100_000);
    assert_eq!(oost["rules"], json!(["demo/exact-for-quality", "own/forms-in-large-groups"]));
    assert_eq!(oost["own"], Digest::of(OWN.as_bytes()).to_string());
    assert_eq!(noord["protections"]["min_patients"], 1);
    assert!(noord.get("own").is_none());
    let run = ["indicator", "run", "g4_all_completeness", "--format", "json"];
    let answer = json_of(net, "a.jansen", &run);
    assert_eq!(answer["coverage"]["OOST"], json!({"state": "refused", "code": "forbidden"}));
    assert_eq!(answer["coverage"]["ZUID"]["state"], "answered");
    let only = [&run[..], &["--to", "OOST"]].concat();
    check_refusal(net, "a.jansen", &only, 2, "own/no-completeness");
    let own = Some(Digest::of(OWN.as_bytes()));
    logged(
        net,
        "OOST",
        |event| matches!(event, Event::Configured { own: named, .. } if *named == own),
    );
    let config = net.network.node_dir("OOST").join("wrong.toml");
    let text = std::fs::read_to_string(net.network.node_dir("OOST").join("config.toml")).unwrap();
    std::fs::write(&config, text.replace("own.cedar", "wrong.cedar")).unwrap();
    let wrong = "@id(\"exact\") @parts(\"noisy\") permit (principal, action == Kring::Action::\"ask.members\", resource);";
    std::fs::write(net.network.node_dir("OOST").join("wrong.cedar"), wrong).unwrap();
    let checked = net.network.kring().args(["check", "--config"]).arg(&config).output().unwrap();
    let told = String::from_utf8(checked.stderr).unwrap();
    assert_eq!(checked.status.code(), Some(64), "{told}");
    assert!(
        told.contains("wrong.cedar:1: this `@parts` is for texts that the board signed"),
        "{told}"
    );
}

/// A hospital whose charter has another file under the same name and version answers no question of the others.
fn a_hospital_with_another_file_refuses(net: &mut Net) {
    let run = ["indicator", "run", "b1_bla_volume", "--format", "json"];
    let held = std::fs::read(net.network.charter()).unwrap();
    let root = net.network.root.clone();
    drop(net.take("OOST"));
    let folder = net.network.dir.join("charter");
    let path = folder.join("indicators/b1_bla_volume.sql");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("'cystectomy'"), "{text}");
    std::fs::write(&path, text.replacen("'cystectomy'", "'partial_cystectomy'", 1)).unwrap();
    net.network.seal().unwrap();
    // It begins as a node that never held the other one.
    std::fs::remove_dir_all(net.network.node_dir("OOST").join("state/log")).unwrap();
    let mut oost = NodeProcess::start(&net.network, "OOST").unwrap();
    wait_connected(&net.network, &mut oost).unwrap();
    net.nodes.push(oost);
    let answer = json_of(net, "a.jansen", &run);
    assert_eq!(answer["coverage"]["OOST"], json!({"state": "refused", "code": "charter_mismatch"}));
    assert_eq!(answer["coverage"]["NOORD"]["state"], "answered");
    // The others hold the first one still.
    std::fs::write(net.network.charter(), held).unwrap();
    net.network.root = root;
}

/// What a node would refuse is told to the board, by file and variant.
fn a_text_that_cannot_be_asked_is_a_problem_of_its_file(net: &Net) {
    let folder = net.network.dir.join("charter");
    let check = || {
        let checked = net.network.kring().args(["charter", "check"]).arg(&folder).output().unwrap();
        (checked.status.code(), String::from_utf8(checked.stderr).unwrap())
    };
    let indicators = folder.join("indicators");
    for (id, _) in INDICATORS.iter().skip(1) {
        std::fs::remove_file(indicators.join(format!("{id}.sql"))).unwrap();
    }
    let rules = folder.join("rules/oncology.cedar");
    let text = std::fs::read_to_string(&rules).unwrap();
    let (kept, _) = text.split_once("@id(\"volumes-for-planning\")").unwrap();
    std::fs::write(&rules, kept).unwrap();
    assert_eq!(check(), (Some(0), String::new()));
    let (id, text) = INDICATORS[0];
    let wrong = text.replace("-- by network\n", "|| 'x' -- by network\n");
    assert_ne!(wrong, text);
    std::fs::write(indicators.join(format!("{id}.sql")), wrong).unwrap();
    let (exit, told) = check();
    assert_eq!(exit, Some(64), "{told}");
    assert_eq!(
        told.matches(&format!("indicators/{id}.sql: variant `network ")).count(),
        3,
        "{told}"
    );
    assert!(told.starts_with("kring: 3 problem(s)"), "{told}");
}

/// An asking node that names another text than the charter's gets no answer, and the log says what was asked.
fn another_text_is_refused(mut net: Net) {
    drop(net.take("ZUID"));
    let peer = RawPeer::start(&net, "ZUID");
    let id: IndicatorId = "b1_bla_volume".parse().unwrap();
    let charter = net.charter();
    let (named, _) = charter.indicator(&id).unwrap().refer(None, None).unwrap();
    let asked = |text: Digest| {
        let question = question(&net, "c.bakker", "", |question| {
            question.dataset = "oncology".parse().unwrap();
            question.asks = Asks::Indicator(IndicatorRef { text, ..named.clone() });
        });
        let request = peer.request(&net, &question, |request| {
            request.audience = "NOORD".parse().unwrap();
        });
        peer.send(&net, "NOORD", &request.encode()).unwrap()
    };
    refused(&asked(Digest::of(b"SELECT 1")), "indicator_mismatch");
    let answered = asked(named.text);
    assert!(answered.len() > 1, "the charter's own text is answered");
    logged(&net, "NOORD", |event| {
        let Event::Refused { question, code, .. } = event else { return false };
        let named = question.indicator.as_ref().is_some_and(|named| named.id == id);
        code == "indicator_mismatch" && named
    });
    logged(&net, "NOORD", |event| {
        let Event::Intent { question, .. } = event else { return false };
        let text = question.sql.here().is_some_and(|sql| sql.contains("'cystectomy'"));
        question.indicator.is_some() && text
    });
}

#[test]
fn indicators_and_own_rules_over_a_network() {
    let data = [Data::oncology(Region::new(1, 3, 60), 1)];
    let mut net = Net::start_with(3, &data, |network| Net::own_rules(network, "OOST", OWN));
    a_run_is_the_text_that_is_shown(&net);
    people_see_what_it_is(&net);
    who_may_not_is_told_what_to_do(&net);
    a_hospitals_own_rules_forbid_and_strengthen(&net);
    a_hospital_with_another_file_refuses(&mut net);
    a_text_that_cannot_be_asked_is_a_problem_of_its_file(&net);
    another_text_is_refused(net);
}
