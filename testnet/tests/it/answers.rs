//! Figures: equal to the pooled ones, hidden where they must be, and provable afterwards.

use std::io::Write as _;
use std::process::Stdio;

use node::client::ClientError;
use node::log::Event;
use policies::dsse::Envelope;
use serde_json::{Value, json};

use crate::support::{Net, logged, not_asked};

mod margins;

const PER_GRADE: &str = "SELECT grade, count(*) AS n, avg(age) AS mean, stddev(age) AS sd, \
    count(*) FILTER (WHERE death = 1 AND dtime < 1826.25) AS deaths FROM patient GROUP BY grade ORDER BY grade";

#[track_caller]
fn close(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 5e-6, "{value} is not {expected}");
}

/// R 4.2.2, survival 3.5-3, on the pooled table: reference of the data's README.
fn totals_equal_pooled_r(net: &Net) {
    let answer = net.answer("a.jansen", PER_GRADE);
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for (row, (grade, n, mean, sd, deaths)) in rows
        .iter()
        .zip([("2", "794", 54.38161, 12.66243, "140"), ("3", "2188", 55.30393, 13.05100, "613")])
    {
        assert_eq!((&row[0], &row[1], &row[4]), (&json!(grade), &json!(n), &json!(deaths)));
        close(&row[2], mean);
        close(&row[3], sd);
    }
    assert_eq!(answer["cells"], json!([]));
    assert_eq!(answer["status"], "real");
    let all = net.answer("a.jansen", "SELECT avg(age), stddev(age) FROM patient");
    close(&all["rows"][0][0], 55.05835);
    close(&all["rows"][0][1], 12.95299);
}

fn hospitals_add_up_to_the_total(net: &Net) {
    let sql = "SELECT hospital, grade, count(*) AS n, sum(age) AS years FROM patient GROUP BY hospital, grade";
    let answer = net.answer("a.jansen", sql);
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 10);
    let sum = |column: usize| -> u64 {
        rows.iter().map(|row| row[column].as_str().unwrap().parse::<u64>().unwrap()).sum()
    };
    assert_eq!((sum(2), sum(3)), (2982, 164_184));
    assert_eq!(answer["coverage"].as_object().unwrap().len(), 5);
}

fn small_cells_stay_hidden(net: &Net) {
    let sql = "SELECT hospital, count(*) AS n, coalesce(count(*), 0) AS c, count(*) IS NULL AS missing FROM patient \
               WHERE size = '>50' AND grade = 2 GROUP BY hospital ORDER BY hospital";
    let answer = net.answer("a.jansen", sql);
    let rows = answer["rows"].as_array().unwrap();
    // 42 patients over five hospitals: four parts are under 10.
    let hidden: Vec<_> = rows.iter().filter(|row| row[1].is_null()).collect();
    assert_eq!((rows.len(), hidden.len()), (5, 4), "{answer}");
    assert!(hidden.iter().all(|row| row[2].is_null() && row[3].is_null()), "{answer}");
    let statuses = answer["cells"].as_array().unwrap();
    assert_eq!(statuses.len(), 12);
    assert!(statuses.iter().all(|cell| cell["status"] == "hidden"));

    let total = net.answer("a.jansen", "SELECT count(*) AS n, coalesce(sum(age), 0) AS years FROM patient WHERE size = '>50' AND grade = 2");
    assert_eq!(total["rows"], json!([[null, null]]));
    assert!(total["cells"].as_array().unwrap().iter().all(|cell| cell["status"] == "incomplete"));

    let having = "SELECT hospital, count(*) AS n FROM patient WHERE size = '>50' AND grade = 2 \
                  GROUP BY hospital HAVING count(*) < 10 OR count(*) >= 0";
    let kept = net.answer("a.jansen", having);
    assert_eq!(kept["rows"].as_array().unwrap().len(), 1, "{kept}");
    assert_eq!(kept["undecided"], 4);
}

/// ZUID is in both sub-networks, MIDDEN in none: networks are the sums of their hospitals, and the total counts each once.
fn networks_are_their_hospitals_and_the_total_counts_once(net: &Net) {
    let figure = |row: &Value| row.as_str().unwrap().parse::<u64>().unwrap();
    let by = net.answer(
        "a.jansen",
        "SELECT hospital, count(*) AS n FROM patient GROUP BY hospital ORDER BY hospital",
    );
    let rows = by["rows"].as_array().unwrap();
    let of = |codes: &[&str]| -> u64 {
        let own = rows.iter().filter(|row| codes.contains(&row[0].as_str().unwrap()));
        own.map(|row| figure(&row[1])).sum()
    };
    let (embraze, concord) = (["NOORD", "OOST", "ZUID"], ["WEST", "ZUID"]);
    let sql =
        "SELECT network, count(*) AS n FROM patient GROUP BY ROLLUP (network) ORDER BY network";
    let answer = net.answer("a.jansen", sql);
    let expected = json!([
        ["concord", of(&concord).to_string()],
        ["embraze", of(&embraze).to_string()],
        [null, "2982"]
    ]);
    assert_eq!(answer["rows"], expected);
    // Who merges it again from the charter finds the same networks.
    let file = net.network.dir.join("networks.kring");
    net.ask("a.jansen", sql, &["--save", &file.to_string_lossy()]);
    let mut kring = net.network.kring();
    kring.args(["answer", "verify"]).arg(&file).arg("--charter").arg(net.network.charter());
    let verified = kring.args(["--root", &net.network.root]).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stderr));
    let sql = "SELECT count(*) AS n FROM patient WHERE network IN ('embraze', 'concord')";
    let all = of(&["NOORD", "OOST", "WEST", "ZUID"]);
    assert_eq!(net.answer("a.jansen", sql)["rows"], json!([[all.to_string()]]));
    for (sql, code) in [
        ("SELECT count(*) FROM patient WHERE network = 'embrace'", "unknown_network"),
        ("SELECT count(*) FROM patient WHERE network <> 'embraze'", "network_column"),
        (
            "SELECT sum(n) FROM (SELECT network, count(*) AS n FROM patient GROUP BY network) x",
            "sum_over_network",
        ),
    ] {
        assert_eq!(net.refusal("a.jansen", sql)["code"], code, "{sql}");
    }
}

fn what_cannot_be_asked_is_refused(net: &Net) {
    for (sql, code) in [
        ("SELECT * FROM patient", "not_an_aggregate"),
        ("SELECT age FROM patient", "not_an_aggregate"),
        ("SELECT count(*) FROM patient; SELECT 1", "not_one_statement"),
        ("SELECT count(*) FROM patients", "unknown_table"),
        ("SELECT count(*) FROM patient WHERE bsn = 1", "unknown_column"),
        ("SELECT frobnicate(age) FROM patient", "unknown_function"),
        ("SELECT count(*) FROM patient WHERE patient_key = 7", "column_class"),
    ] {
        let refusal = net.refusal("a.jansen", sql);
        assert_eq!(refusal["code"], code, "{sql}: {refusal}");
        assert!(refusal["rule"].as_str().unwrap().starts_with("kring/"), "{refusal}");
    }
    oversize_text_is_refused(net);
}

/// 1 MB of SQL: refused by the client, by the node's interface, and the node goes on.
fn oversize_text_is_refused(net: &Net) {
    let long = format!("SELECT count(*) FROM patient{}", " ".repeat(1 << 20));
    let mut kring = net.network.kring();
    kring.args(["ask", "-", "--format", "json", "--profile"]).arg(net.network.profile("a.jansen"));
    let mut kring = kring.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    drop(kring.stdin.take().unwrap().write_all(long.as_bytes()));
    let output = kring.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let refusal: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(refusal["code"], "sql_too_large", "{refusal}");
    let client = testnet::process::client(&net.network, "NOORD").unwrap();
    for (question, code) in [
        (long, "too_large"),
        ("{".to_owned(), "malformed_envelope"),
        (String::new(), "malformed_envelope"),
    ] {
        let refused = client.ask(&node::api::AskBody { question, delegation: None }).unwrap_err();
        let ClientError::Refused(refusal) = refused else { panic!("{refused}") };
        assert_eq!(refusal.code, code, "{refusal:?}");
    }
    logged(
        net,
        "NOORD",
        |event| matches!(event, Event::Rejected { peer, code, count: 1, .. } if peer == "NOORD" && code == "malformed_envelope"),
    );
    net.answer("a.jansen", "SELECT count(*) FROM patient");
}

fn rights_differ_between_people(net: &Net) {
    let refusal = net.refusal("b.devries", "SELECT count(*) FROM patient");
    assert_eq!(refusal["code"], "no_rule_permits", "{refusal}");
    not_asked(net, "OOST", "b.devries", "no_rule_permits");
    let counted = net.answer("c.bakker", "SELECT size, count(*) FROM patient GROUP BY size");
    assert_eq!(counted["protections"]["ZUID"]["protections"]["min_patients"], 50);
    let refusal = net.refusal("c.bakker", "SELECT avg(age) FROM patient");
    assert_eq!(refusal["code"], "no_rule_permits", "{refusal}");
    let refusal = net.refusal("c.bakker", "SELECT count(er) FROM patient");
    assert_eq!(refusal["rule"], "demo/receptors-need-the-group", "{refusal}");
}

fn explain_says_what_leaves_and_why(net: &Net) {
    let sql = "SELECT grade, avg(age) FROM patient WHERE size = '>50' GROUP BY grade HAVING count(*) > 20";
    let output = net
        .network
        .kring()
        .args(["explain", sql, "--profile"])
        .arg(net.network.profile("a.jansen"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for part in [
        "1. Per patient",
        "2. Over patients",
        "3. Over hospitals",
        "demo/exact-for-breast-group",
        "fewer than 10 patients",
        "patient.age",
    ] {
        assert!(text.contains(part), "no `{part}` in:\n{text}");
    }
}

/// A saved answer verifies offline; with any byte changed it does not.
fn saved_answers_verify_and_changed_ones_do_not(net: &Net) {
    let file = net.network.dir.join("answer.kring");
    let saved = net.ask("a.jansen", PER_GRADE, &["--save", &file.to_string_lossy()]);
    assert_eq!(saved.status.code(), Some(0));
    let verify = || {
        let mut kring = net.network.kring();
        kring.args(["answer", "verify"]).arg(&file).arg("--charter").arg(net.network.charter());
        kring.args(["--root", &net.network.root]).output().unwrap()
    };
    let output = verify();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let good = std::fs::read(&file).unwrap();
    let places = (0..16).map(|part| part * (good.len() - 1) / 15);
    for place in places {
        let mut bad = good.clone();
        bad[place] ^= 0x01;
        std::fs::write(&file, &bad).unwrap();
        let output = verify();
        assert_eq!(
            output.status.code(),
            Some(2),
            "byte {place}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    // A lying asking node signs other figures over true evidence: its signature holds, the arithmetic does not.
    let envelope = Envelope::decode(&good, usize::MAX).unwrap();
    let text = String::from_utf8(envelope.unverified_payload().to_vec()).unwrap();
    let lie = text.replacen("794", "795", 1);
    assert_ne!(lie, text);
    let key = net.network.node_dir("NOORD").join("keys/envelope.key");
    let key = node::keys::Key::load(&key, node::keys::KeyRole::Envelope).unwrap();
    let lie =
        Envelope::signed(policies::dsse::PayloadType::Finished, lie.into_bytes(), key.secret());
    std::fs::write(&file, lie.encode()).unwrap();
    let output = verify();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another answer"));
}

/// One network serves all of these: making one takes longer than asking it.
#[test]
fn five_hospitals_answer_together() {
    let mut net = Net::start(5);
    totals_equal_pooled_r(&net);
    hospitals_add_up_to_the_total(&net);
    small_cells_stay_hidden(&net);
    margins::totals_do_not_give_small_cells_back(&net);
    networks_are_their_hospitals_and_the_total_counts_once(&net);
    what_cannot_be_asked_is_refused(&net);
    rights_differ_between_people(&net);
    explain_says_what_leaves_and_why(&net);
    saved_answers_verify_and_changed_ones_do_not(&net);
    four_answer_when_one_is_killed(&mut net);
    nodes_end_cleanly(net);
}

fn four_answer_when_one_is_killed(net: &mut Net) {
    net.take("MIDDEN").kill().unwrap();
    let answer = net.answer("a.jansen", "SELECT count(*) FROM patient WHERE age > 50");
    let coverage = &answer["coverage"];
    assert_eq!(coverage["MIDDEN"]["state"], "unreachable", "{coverage}");
    for code in ["NOORD", "OOST", "ZUID", "WEST"] {
        assert_eq!(coverage[code]["state"], "answered", "{coverage}");
    }
    let all = net.ask("a.jansen", "SELECT count(*) FROM patient", &["--min-hospitals", "5"]);
    assert_eq!(all.status.code(), Some(3));
}

/// SIGTERM drains and ends with 0.
fn nodes_end_cleanly(mut net: Net) {
    for node in std::mem::take(&mut net.nodes) {
        let code = node.code.clone();
        assert_eq!(node.stop().unwrap(), 0);
        let log = net.log(&code);
        assert!(
            matches!(log.last().unwrap().event, node::log::Event::Stopped {}),
            "{:?}",
            log.last()
        );
    }
}
