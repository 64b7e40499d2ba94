//! Figures with noise, at real nodes: one figure for one form, whoever asks and however, and limits that hold across crashes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use node::keys::{Key, KeyRole};
use node::ledger::Charges;
use policies::Digest;
use serde_json::Value;
use testnet::process::{NodeProcess, Nodes, wait_ready};

use crate::support::{Net, RawPeer, Said, hospital, question, refused, said};

/// Whose rules grant noise.
const EXPLORER: &str = "d.visser";

/// The last figure of each row by its hospital, as text; null where it is hidden.
fn figures(answer: &Value) -> BTreeMap<String, Option<String>> {
    let figure = |row: &Value| {
        let row = row.as_array().unwrap();
        let figure = row.last().unwrap();
        let text = figure.as_str().map(str::to_owned);
        let text = text.or_else(|| (!figure.is_null()).then(|| figure.to_string()));
        (row[0].as_str().unwrap().to_owned(), text)
    };
    answer["rows"].as_array().unwrap().iter().map(figure).collect()
}

fn restart(net: &mut Net, code: &str) {
    let mut node = NodeProcess::start(&net.network, code).unwrap();
    wait_ready(&net.network, &mut node).unwrap();
    net.nodes.push(node);
}

/// The files of what a node remembers; it has one lineage.
fn charges(net: &Net, code: &str) -> Vec<PathBuf> {
    let ledger = net.network.node_dir(code).join("state/ledger");
    let lineage = std::fs::read_dir(&ledger).unwrap().next().unwrap().unwrap().path();
    std::fs::read_dir(lineage).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// How many patients a node leaves out.
fn retired(net: &Net, code: &str) -> u64 {
    let dir = net.network.node_dir(code);
    let key = Key::load(&dir.join("keys/envelope.key"), KeyRole::Envelope).unwrap();
    let folder = dir.join("state/ledger");
    let lineage = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().file_name();
    let lineage = Digest::try_from(lineage.into_string().unwrap()).unwrap();
    let charges = Charges::read_only(&folder, [&key]).unwrap();
    charges.read(&lineage, None).unwrap().memory.retired_count()
}

#[test]
fn ten_wordings_of_one_form_give_one_figure() {
    let mut net = Net::start(3);
    let by = "GROUP BY hospital ORDER BY hospital";
    let wordings = [
        format!("SELECT hospital, count(*) FILTER (WHERE grade = 2 AND meno = 1) AS n FROM patient {by}"),
        format!("SELECT hospital, count(*) FILTER (WHERE meno = 1 AND grade = 2) AS other FROM patient {by}"),
        format!("SELECT hospital, count(*) FROM patient WHERE grade = 2 AND meno = 1 {by}"),
        format!("SELECT hospital, count(*) FROM patient p WHERE p.meno = 1 AND NOT p.grade = 3 {by}"),
        format!("SELECT hospital, count(*) FILTER (WHERE meno <> 0) FROM patient WHERE grade = 2 {by}"),
        format!("SELECT hospital, sum(CASE WHEN grade = 2 AND meno = 1 THEN 1 ELSE 0 END) FROM patient {by}"),
        format!("SELECT hospital, count(CASE WHEN meno = 1 THEN 1 END) FROM patient WHERE grade < 3 {by}"),
        format!("SELECT hospital, sum(meno) FROM patient WHERE grade = 2 {by}"),
        format!("SELECT hospital, count(DISTINCT patient_key) FROM patient WHERE grade = 2 AND meno = 1 {by}"),
        "WITH few AS (SELECT hospital, grade, meno, count(*) AS n FROM patient GROUP BY hospital, grade, meno) SELECT hospital, n FROM \
         few WHERE grade = 2 AND meno = 1 ORDER BY hospital"
            .to_owned(),
    ];
    let first = net.answer(EXPLORER, &wordings[0]);
    let told = figures(&first);
    assert_eq!(told.len(), 3);
    assert!(told.values().all(Option::is_some), "{first}");
    // Marked, with its variance, and by whom.
    assert_eq!(first["noisy"].as_array().unwrap().len(), 3);
    assert_eq!(first["noisy"][0]["variance"], 5.0);
    let noise = &first["protections"]["OOST"]["noise"];
    assert_eq!((&noise["variance"], &noise["left_out_percent"]), (&5.into(), &5.into()));
    for wording in &wordings {
        assert_eq!(figures(&net.answer(EXPLORER, wording)), told, "{wording}");
    }
    // The same figures after a crash, and nothing is charged for them.
    let before = charges(&net, "OOST").len();
    net.take("OOST").kill().unwrap();
    restart(&mut net, "OOST");
    assert_eq!(figures(&net.answer(EXPLORER, &wordings[3])), told);
    assert_eq!(charges(&net, "OOST").len(), before);
    // A mean is made of the noisy parts.
    let answer = net.answer(EXPLORER, "SELECT sum(age), count(age), avg(age) FROM patient");
    let row = answer["rows"][0].as_array().unwrap().clone();
    let number = |at: usize| {
        row[at].as_str().map_or_else(|| row[at].as_f64().unwrap(), |text| text.parse().unwrap())
    };
    assert!((number(0) / number(1) - number(2)).abs() < 1e-3, "{row:?}");
    a_median_is_the_same_under_both_profiles(&net);
    refusals_say_how_to_ask(&net);
    a_node_without_its_noise_key_tells_no_noise(&mut net, (&wordings[0], &told));
}

/// The analyst sees exact counts, and the same bins with the same noise as who explores.
fn a_median_is_the_same_under_both_profiles(net: &Net) {
    let sql = "SELECT hospital, median(age) AS m FROM patient WHERE meno = 1 GROUP BY hospital ORDER BY hospital";
    let explored = net.answer(EXPLORER, sql);
    let told = figures(&explored);
    assert!(told.len() == 3 && told.values().all(Option::is_some), "{explored}");
    let before = charges(net, "OOST").len();
    let exact = net.answer("a.jansen", sql);
    assert_eq!((figures(&exact), &exact["intervals"]), (told, &explored["intervals"]));
    assert_eq!((exact["noisy"].as_array().unwrap().len(), exact["cells"][0].is_null()), (3, true));
    let noise = &exact["protections"]["OOST"]["noise"];
    assert_eq!((&noise["only_bins"], &noise["left_out_percent"]), (&true.into(), &0.into()));
    // Of who explored nothing is charged again, and the analyst's cells are remembered as exact ones are.
    let again = net.answer(EXPLORER, sql);
    assert_eq!(figures(&again), figures(&exact));
    assert_eq!(charges(net, "OOST").len(), before + 1);
    let interval = &exact["intervals"][0];
    let [low, high] = ["low", "high"].map(|end| interval[end].as_f64().unwrap());
    assert!(high - low <= 30.0, "{exact}");
    // A tenth of a few is nobody's business.
    let far = sql.replace("median(age)", "quantile(age, 0.01)");
    assert!(figures(&net.answer("a.jansen", &far)).values().all(Option::is_none));
}

fn refusals_say_how_to_ask(net: &Net) {
    for (sql, code) in [
        ("SELECT count(*) FROM patient WHERE grade = 2 OR meno = 1", "explore_condition"),
        ("SELECT count(*) FROM patient WHERE age * 7 % 11 = 3", "explore_edges"),
        ("SELECT count(*) FROM patient WHERE age = 53", "explore_edges"),
        ("SELECT corr(age, nodes) FROM patient", "explore_measure"),
    ] {
        let refusal = net.refusal(EXPLORER, sql);
        assert_eq!(refusal["code"], code, "{refusal}");
        assert!(refusal["message"].as_str().unwrap().contains("indicator"), "{refusal}");
    }
}

fn a_node_without_its_noise_key_tells_no_noise(
    net: &mut Net,
    (sql, told): (&str, &BTreeMap<String, Option<String>>),
) {
    let dir = net.network.node_dir("ZUID");
    let (path, config) = (dir.join("keys/noise.key"), dir.join("config.toml"));
    let config = config.to_str().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let kring = |command: &str| {
        let output = net.network.kring().args([command, "--config", config]).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let code = |net: &Net| net.answer(EXPLORER, sql)["coverage"]["ZUID"]["code"].clone();
    std::fs::remove_file(&path).unwrap();
    assert!(kring("check").contains("restore the file from a backup"));
    // An import does not make another, for figures were told with the noise of this one.
    assert!(kring("import").contains("noise_key_lost"));
    assert!(!path.exists());
    assert_eq!(net.take("ZUID").stop().unwrap(), 0);
    restart(net, "ZUID");
    assert_eq!(code(net), "no_noise_key");
    // Exact figures need none, quantiles do.
    let exact = net.answer("a.jansen", "SELECT count(*) FROM patient");
    assert_eq!(exact["coverage"]["ZUID"]["state"], "answered");
    let median = net.answer("a.jansen", "SELECT median(age) FROM patient");
    assert_eq!(median["coverage"]["ZUID"]["code"], "no_noise_key");
    // Another key is seen.
    Key::create(&path, KeyRole::Noise, "ZUID").unwrap();
    assert_eq!(net.take("ZUID").stop().unwrap(), 0);
    restart(net, "ZUID");
    assert_eq!(code(net), "other_noise_key");
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(net.take("ZUID").stop().unwrap(), 0);
    restart(net, "ZUID");
    assert_eq!(figures(&net.answer(EXPLORER, sql)), *told);
}

/// Those of one grade and year, in the form of ever another condition that nearly all of them meet.
fn form(more: &str) -> String {
    format!(
        "SELECT hospital, count(*) FROM patient WHERE grade = 2 AND year = 1993 {more} GROUP BY hospital"
    )
}

/// How many patients an exact figure of everybody counts, and one with noise, at a hospital.
fn everybody(net: &Net, code: &str) -> (i64, i64) {
    let sql = "SELECT hospital, count(*) FROM patient GROUP BY hospital";
    let of = |person| figures(&net.answer(person, sql))[code].clone().unwrap().parse().unwrap();
    (of("a.jansen"), of(EXPLORER))
}

#[test]
fn the_fifth_form_of_a_group_retires_it_and_it_is_left_out_of_that_answer_too() {
    let mut net = Net::start(3);
    let (all, noisy) = everybody(&net, "NOORD");
    assert!((all - noisy).abs() <= 12, "{all} {noisy}");
    // Sets within ten patients of each other: 27, 23, 20, 18 and 22 of them at NOORD.
    for more in ["", "AND hormon = 0", "AND chemo = 0", "AND recur = 0"] {
        net.answer(EXPLORER, &form(more));
        assert_eq!(retired(&net, "NOORD"), 0, "{more}");
    }
    // The same form in other words is none more.
    net.answer(EXPLORER, &form("AND NOT recur = 1"));
    assert_eq!(retired(&net, "NOORD"), 0);
    let fifth = net.answer(EXPLORER, &form("AND death = 0"));
    assert_eq!(figures(&fifth)["NOORD"], None, "nobody is left of its patients");
    assert_eq!(retired(&net, "NOORD"), 22);
    // All but five of the group are left out of everything now, also after a crash, and exact figures are what they were.
    net.take("NOORD").kill().unwrap();
    restart(&mut net, "NOORD");
    let left = net.answer(EXPLORER, &form(""));
    assert_eq!(figures(&left)["NOORD"], None, "{left}");
    assert_eq!(left["protections"]["NOORD"]["noise"]["left_out_percent"], 5);
    let (exact, without) = everybody(&net, "NOORD");
    assert_eq!(exact, all);
    assert!((all - without - 22).abs() <= 12, "{all} {without}");
    assert_eq!(retired(&net, "NOORD"), 22);
}

#[test]
fn a_quota_is_used_up_for_good_and_a_retry_costs_nothing() {
    let mut net = Net::create(3);
    let rules = net.network.dir.join("charter/rules/demo.cedar");
    let text = std::fs::read_to_string(&rules).unwrap();
    let quota = text.replace("@variance(\"4\")", "@variance(\"4\")\n@quota_lineage(\"3\")");
    assert_ne!(text, quota);
    std::fs::write(&rules, quota).unwrap();
    net.network.seal().unwrap();
    net.nodes = Nodes::start(&net.network).unwrap().0;
    let sql = "SELECT count(*) FROM patient";
    let first = net.answer(EXPLORER, sql);
    assert_eq!(first["noisy"][0]["variance"], 15.0, "5 at each hospital");
    // What is refused by its text alone costs nothing.
    net.refusal(EXPLORER, "SELECT count(*) FROM patient WHERE age = 53");

    // The same request again gets the same bytes, and a new question the same figures; only the second is counted.
    net.take("ZUID").stop().unwrap();
    let zuid = RawPeer::start(&net, "ZUID");
    let asks = || {
        let asked = question(&net, EXPLORER, sql, |_| {});
        zuid.request(&net, &asked, |request| request.audience = hospital("NOORD")).encode()
    };
    let request = asks();
    let told = zuid.send(&net, "NOORD", &request).unwrap();
    assert!(matches!(said(&told), Said::Answer(_)), "{:?}", said(&told));
    assert_eq!(zuid.send(&net, "NOORD", &request).unwrap(), told);
    let again = zuid.send(&net, "NOORD", &asks()).unwrap();
    let (figures, trailer) = told.split_at(told.len() - 1);
    assert_eq!(again[..again.len() - 1], *figures);
    assert_ne!(again[again.len() - 1..], *trailer);
    refused(&zuid.send(&net, "NOORD", &asks()).unwrap(), "quota_person");
    let before = charges(&net, "NOORD").len();

    // It is remembered, and counts for nobody else.
    net.take("NOORD").kill().unwrap();
    restart(&mut net, "NOORD");
    let asked = question(&net, EXPLORER, sql, |_| {});
    let asked = zuid.request(&net, &asked, |request| request.audience = hospital("NOORD"));
    refused(&zuid.send(&net, "NOORD", &asked.encode()).unwrap(), "quota_person");
    assert_eq!(zuid.send(&net, "NOORD", &request).unwrap(), told, "a retry after a crash");
    assert_eq!(charges(&net, "NOORD").len(), before);
    net.answer("a.jansen", sql);
}
