//! What a worker says that a text shows of single hospitals and of networks: what rules about them are held against.

use std::collections::BTreeMap;

use policies::footprint::{HospitalUse, Shows};

use super::hospitals::DATASET;
use super::network::{Network, Protect, Worker};

const UNUSED: HospitalUse = HospitalUse::Unused;
const GROUPED: HospitalUse = HospitalUse::Grouped;
const COMPARED: HospitalUse = HospitalUse::Compared;

/// Each text with how it uses `hospital`, and whether it looks at networks.
const TEXTS: [(&str, HospitalUse, bool); 27] = [
    ("SELECT grade, count(*) FROM diagnosis GROUP BY grade", UNUSED, false),
    ("SELECT count(*) FROM (SELECT * FROM diagnosis) d", UNUSED, false),
    (
        "SELECT count(*) FROM (SELECT hospital, network, age FROM diagnosis) d WHERE age > 5",
        UNUSED,
        false,
    ),
    ("SELECT hospital, count(*) FROM diagnosis GROUP BY hospital", GROUPED, false),
    ("SELECT h, count(*) FROM (SELECT hospital AS h FROM diagnosis) d GROUP BY h", GROUPED, false),
    (
        "WITH d AS (SELECT * FROM diagnosis) SELECT d.hospital, count(*) FROM d GROUP BY d.hospital",
        GROUPED,
        false,
    ),
    (
        "SELECT hospital, grade, count(*) FROM diagnosis GROUP BY ROLLUP (hospital, grade)",
        GROUPED,
        false,
    ),
    (
        "SELECT count(*), hospital FROM diagnosis GROUP BY GROUPING SETS ((hospital), ())",
        GROUPED,
        false,
    ),
    (
        "SELECT hospital, count(*) FROM diagnosis GROUP BY hospital HAVING hospital = 'ALFA'",
        GROUPED,
        false,
    ),
    (
        "SELECT max(n) FROM (SELECT hospital, count(*) AS n FROM diagnosis GROUP BY hospital) h",
        GROUPED,
        false,
    ),
    (
        "SELECT hospital, count(*) / (SELECT count(*) FROM diagnosis) FROM diagnosis GROUP BY hospital",
        GROUPED,
        false,
    ),
    (
        "SELECT count(*) AS n, (SELECT count(*) FROM diagnosis WHERE hospital = 'ALFA') AS m FROM diagnosis",
        COMPARED,
        false,
    ),
    ("SELECT count(*) FROM diagnosis WHERE hospital = 'ALFA'", COMPARED, false),
    ("SELECT count(*) FROM diagnosis WHERE hospital <> 'ALFA' AND grade = 2", COMPARED, false),
    (
        "SELECT hospital, count(*) FROM diagnosis WHERE hospital IN ('ALFA', 'BRAVO') GROUP BY hospital",
        COMPARED,
        false,
    ),
    ("SELECT count(*) FILTER (WHERE hospital = 'ALFA') FROM diagnosis", COMPARED, false),
    ("SELECT sum(CASE WHEN hospital = 'ALFA' THEN 1 ELSE 0 END) FROM diagnosis", COMPARED, false),
    (
        "SELECT CASE WHEN hospital = 'ALFA' THEN 1 ELSE 0 END AS own, count(*) FROM diagnosis GROUP BY 1",
        COMPARED,
        false,
    ),
    (
        "SELECT count(*) FROM diagnosis d WHERE EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.hospital = 'ALFA')",
        COMPARED,
        false,
    ),
    (
        "SELECT count(*) FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key AND t.hospital = 'ALFA'",
        COMPARED,
        false,
    ),
    (
        "SELECT count(*) FROM (SELECT patient_key, hospital, count(*) AS c FROM diagnosis GROUP BY patient_key, hospital) p WHERE p.hospital = 'ALFA'",
        COMPARED,
        false,
    ),
    (
        "SELECT count(*) FROM (SELECT age FROM diagnosis WHERE hospital = 'ALFA' UNION ALL SELECT age FROM diagnosis WHERE grade = 2) u",
        COMPARED,
        false,
    ),
    ("SELECT network, count(*) FROM diagnosis GROUP BY network", UNUSED, true),
    ("SELECT count(*) FROM diagnosis WHERE network = 'embraze'", UNUSED, true),
    (
        "SELECT count(*) FILTER (WHERE network IN ('embraze', 'concord')) FROM diagnosis",
        UNUSED,
        true,
    ),
    ("SELECT hospital, network, count(*) FROM diagnosis GROUP BY hospital, network", GROUPED, true),
    (
        "SELECT n, count(*) FROM (SELECT network AS n FROM diagnosis WHERE hospital = 'ALFA') d GROUP BY n",
        COMPARED,
        true,
    ),
];

#[test]
fn a_text_is_accounted_for_as_far_as_it_shows_hospitals() {
    let network = Network::new(DATASET, &BTreeMap::new(), Protect::OFF);
    let mut worker = Worker::start();
    let mut wrong = Vec::new();
    for (sql, hospital, by_network) in TEXTS {
        match network.plan(&mut worker, sql) {
            Ok(planned) => {
                let expected = Shows { hospital, network: by_network };
                if planned.footprint.shows != expected {
                    wrong.push(format!("{sql}\n  {:?}", planned.footprint.shows));
                }
            }
            Err(failure) => wrong.push(format!("{sql}\n  {failure:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
