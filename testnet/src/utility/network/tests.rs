use serde_json::Value;

use super::*;
use crate::data::indicators::INDICATORS;
use crate::utility::treatment;

const VOLUME: &str = "-- id: v1_volume
-- version: 1
-- dataset: oncology
-- title_en: Cystectomies by year
-- source: test
-- kind: volume
-- year: treatment.start_year

SELECT t.start_year, COUNT(*) AS n FROM treatment t WHERE t.procedure = 'cystectomy' GROUP BY t.start_year
";
const COMPLETE: &str = "-- id: g9_completeness
-- version: 1
-- dataset: oncology
-- title_en: Completeness
-- source: test
-- kind: completeness

SELECT d.tumour_group, COUNT(*) AS n, COUNT(d.ct) AS ct, COUNT(d.ecog) AS ecog, COUNT(d.bmi) AS bmi FROM diagnosis d GROUP BY d.tumour_group
";

/// The tables of an indicator without protections, with its own kind and with none, at one hospital.
fn tables(id: &str, text: &str) -> [Finished; 3] {
    let without: Vec<&str> =
        text.lines().filter(|line| !line.contains("kind:") && !line.contains("year:")).collect();
    let without = without.join("\n") + "\n";
    let charter = |text: &str, annotations| treatment::of((1, &[(id, text)]), annotations).unwrap();
    let treatments: Vec<Treatment> = Vec::new();
    let open = charter(&without, "@min_patients(\"0\")\n@zeros(\"shown\")\n");
    let network = Network::create((40, 3, 1), open, &treatments).unwrap();
    let mut worker = Worker::start().unwrap();
    let mut table = |charter: &Charter| {
        let indicator = charter.indicators().next().unwrap();
        let question = network.question(&mut worker, indicator, (None, None)).unwrap();
        let replies = network.replies(&mut worker, &question).unwrap();
        let (code, reply) = &replies[0];
        let mut memory = fresh(code);
        let answer =
            network.answer((charter.into(), &question), (code, reply), &mut memory).unwrap();
        network.finished(&mut worker, &question, &[(code, answer)]).unwrap()
    };
    [table(&network.exact), table(&charter(text, "")), table(&charter(&without, ""))]
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[test]
fn a_volume_shows_every_closed_year_and_hides_few_patients_in_others() {
    let [exact, volume, quality] = tables("v1_volume", VOLUME);
    let of = |table: &Finished, year: i64| {
        let mut rows = table.rows.iter().filter(|row| number(&row[0]) == Some(year));
        rows.next().map(|row| number(&row[1]))
    };
    let (mut few, mut open) = (0, 0);
    for row in &exact.rows {
        let (year, n) = (number(&row[0]).unwrap(), number(&row[1]).unwrap());
        let hidden = of(&quality, year) == Some(None);
        assert_eq!(hidden, n < 10, "{year}: {n}");
        if year < 2026 {
            few += usize::from(hidden);
            assert_eq!(of(&volume, year), Some(Some(n)), "{year}");
        } else {
            open += usize::from(hidden);
            assert_eq!(of(&volume, year) == Some(None), n < 10, "{year}: {n}");
        }
    }
    assert!(few > 0, "{exact:?}");
    // A closed year of nobody is a zero, which gives no row; one that is not over is a null like any other.
    let null = volume.rows.iter().filter(|row| row[1].is_null());
    assert!(null.clone().all(|row| number(&row[0]).is_none_or(|year| year >= 2026)));
    assert!(null.count() >= open);
}

#[test]
fn a_completeness_shows_how_few_values_are_missing_and_hides_how_few_are_there() {
    let [exact, complete, quality] = tables("g9_completeness", COMPLETE);
    let (mut more, mut few) = (0, 0);
    for row in &exact.rows {
        let n = number(&row[1]).unwrap();
        let same = |table: &Finished| -> Vec<Value> {
            table.rows.iter().find(|own| own[0] == row[0]).unwrap().clone()
        };
        let (shown, before) = (same(&complete), same(&quality));
        for column in 2..row.len() {
            let there = number(&row[column]).unwrap();
            let seen = n >= 10 && (there == 0 || there >= 5);
            assert_eq!(number(&shown[column]), seen.then_some(there), "{row:?} {shown:?}");
            more += usize::from(seen && number(&before[column]).is_none());
            few += usize::from(n >= 10 && !seen);
        }
    }
    assert!(more > 0, "{exact:?} {few}");
}

const RATE: &str = "-- id: r1_rate
-- version: 1
-- dataset: oncology
-- title_en: Deaths and performance
-- source: test
-- parts: noisy

SELECT d.tumour_group, COUNT(*) AS n, SUM(CASE WHEN d.vital_status = 1 THEN 1 ELSE 0 END) AS died, COUNT(d.ecog) AS ecog, AVG(d.vital_days) AS days, AVG(d.bmi) AS bmi FROM diagnosis d GROUP BY d.tumour_group
";

#[test]
fn every_part_of_a_shown_group_has_noise_and_the_group_has_none() {
    let without = RATE.replace("-- parts: noisy\n", "");
    let charter =
        |text: &str, annotations| treatment::of((1, &[("r1_rate", text)]), annotations).unwrap();
    let open = charter(&without, "@min_patients(\"0\")\n@zeros(\"shown\")\n");
    let (hide, noisy) = (charter(&without, ""), charter(RATE, ""));
    let treatments: Vec<Treatment> = Vec::new();
    let network = Network::create((60, 5, 1), open, &treatments).unwrap();
    let mut worker = Worker::start().unwrap();
    let mut memory = fresh(network.snapshots.keys().next().unwrap());
    let mut ask = |charter: &Charter, memory: &mut Memory| {
        let indicator = charter.indicators().next().unwrap();
        let question = network.question(&mut worker, indicator, (None, None)).unwrap();
        let replies = network.replies(&mut worker, &question).unwrap();
        let (code, reply) = &replies[0];
        let answer = network.answer((charter.into(), &question), (code, reply), memory).unwrap();
        let (frames, receipt) = (answer.frames().to_vec(), answer.receipt());
        let table = network.finished(&mut worker, &question, &[(code, answer)]).unwrap();
        (table, frames, receipt)
    };
    let exact = ask(&network.exact, &mut fresh(network.snapshots.keys().next().unwrap())).0;
    let hidden = ask(&hide, &mut fresh(network.snapshots.keys().next().unwrap())).0;
    let (table, frames, receipt) = ask(&noisy, &mut memory);
    assert_eq!(ask(&noisy, &mut memory).1, frames, "asked again");
    let noise = receipt.noise.unwrap();
    assert_eq!((noise.variance, noise.left_out_percent), (5, 0));
    assert_eq!(receipt.protections.parts, Some(policies::protections::Parts::Noisy));
    let (mut told, mut more, mut off) = (0, 0, 0.0);
    for row in &exact.rows {
        let of = |table: &Finished| {
            let at = table.rows.iter().position(|own| own[0] == row[0]);
            at.map(|at| (at, table.rows[at].clone()))
        };
        let n = number(&row[1]).unwrap();
        let (at, shown) = of(&table).unwrap();
        // The group's own number, and what nobody lacks, are exact or null by the rules of exact figures.
        assert_eq!(number(&shown[1]), (n >= 10).then_some(n));
        assert!(shown[4].is_null() || shown[4] == row[4], "{shown:?}");
        for column in [2, 3, 5] {
            let mark = table.noisy.iter().find(|mark| (mark.row, mark.column) == (at, column));
            assert_eq!(mark.is_some(), n >= 10, "{row:?} {shown:?}");
            told += usize::from(mark.is_some());
            if let (Some(mark), true) = (mark, column < 5) {
                assert_eq!(mark.variance, Some(5.0));
                let (told, true_one) = (number(&shown[column]), number(&row[column]));
                let distance = (told.unwrap() - true_one.unwrap()).abs();
                assert!(distance <= 12, "{row:?} {shown:?}");
                off += f64::from(u32::try_from(distance).unwrap());
            }
        }
        let before = of(&hidden).unwrap().1;
        more += usize::from(before[1] == shown[1] && before[2].is_null() && !shown[2].is_null());
    }
    assert!(told > 6 && more > 0 && off > 0.0, "{told} {more} {off}");
    assert!(table.noisy.iter().all(|mark| [2, 3, 5].contains(&mark.column)));
}

const BANDED: &str = "-- id: r2_band
-- version: 1
-- dataset: oncology
-- title_en: Deaths as a band
-- source: test
-- parts: band
-- band: 20 %
-- by: hospital, total
-- window: 2022-2024, 2024

SELECT
d.hospital, -- by hospital
COUNT(*) AS n, SUM(CASE WHEN d.vital_status = 1 THEN 1 ELSE 0 END) AS died, share(d.vital_status = 1) AS rate, 100 * SUM(CASE WHEN d.vital_status = 1 THEN 1 ELSE 0 END) / COUNT(*) AS percent
FROM diagnosis d
WHERE d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
WHERE d.inc_year = 2024 -- window 2024
GROUP BY d.hospital -- by hospital
";

#[test]
fn a_part_is_told_as_a_band_of_each_hospital_and_not_of_the_total() {
    let without = BANDED.replace("-- parts: band\n-- band: 20 %\n", "");
    let of =
        |text: &str, annotations| treatment::of((3, &[("r2_band", text)]), annotations).unwrap();
    let open = of(&without, "@min_patients(\"0\")\n@zeros(\"shown\")\n");
    let banded = of(BANDED, "");
    let treatments: Vec<Treatment> = Vec::new();
    let network = Network::create((120, 7, 3), open, &treatments).unwrap();
    let mut worker = Worker::start().unwrap();
    let mut ask = |charter: &Charter, by: &str, window: &str| {
        let (by, window) = (VariantName::new(by).unwrap(), VariantName::new(window).unwrap());
        let indicator = charter.indicators().next().unwrap();
        let variant = (Some(&by), Some(&window));
        let question = network.question(&mut worker, indicator, variant).unwrap();
        let replies = network.replies(&mut worker, &question).unwrap();
        let (mut answers, mut receipts) = (Vec::new(), Vec::new());
        for (code, reply) in &replies {
            let mut memory = fresh(code);
            let books = Books::from(charter);
            let answer = network.answer((books, &question), (code, reply), &mut memory).unwrap();
            let again = network.answer((books, &question), (code, reply), &mut memory).unwrap();
            assert_eq!(again.frames(), answer.frames(), "asked again");
            receipts.push(answer.receipt());
            answers.push((code, answer));
        }
        (network.finished(&mut worker, &question, &answers).unwrap(), receipts)
    };
    let exact = ask(&network.exact, "hospital", "2022-2024").0;
    let (told, receipts) = ask(&banded, "hospital", "2022-2024");
    let parts = |receipt: &policies::wire::Receipt| receipt.protections.parts;
    assert!(receipts.iter().all(|of| parts(of) == Some(policies::protections::Parts::Band)));
    assert_eq!(told.rows.len(), 3);
    for (at, (row, shown)) in exact.rows.iter().zip(&told.rows).enumerate() {
        assert_eq!(row[..2], shown[..2], "the number of patients is exact");
        assert!(shown[2..].iter().all(Value::is_null), "{shown:?}");
        let (n, died) = (number(&row[1]).unwrap(), number(&row[2]).unwrap());
        // Two standard deviations around the rate; near a limit either band is right.
        let mean = 0.2 * f64::from(u32::try_from(n).unwrap());
        let z = (f64::from(u32::try_from(died).unwrap()) - mean) / (mean * 0.8).sqrt();
        let expected: &[&str] = match z {
            ..-2.3 => &["below_95", "below_99_8"],
            -1.6..1.6 => &["inside"],
            2.3.. => &["above_95", "above_99_8"],
            _ => &["below_95", "inside", "above_95"],
        };
        let of = |column| {
            let mut bands = told.bands.iter();
            bands.find(|band| (band.row, band.column) == (at, column)).map(|band| &*band.band)
        };
        assert!(expected.contains(&of(2).unwrap()), "{row:?} {:?}", told.bands);
        assert_eq!(of(3), of(2), "a share lies where its part does");
        assert_eq!(of(4), None, "nothing is computed of a band");
    }
    // A total has none, though every hospital told one.
    let (total, _) = ask(&banded, "total", "2022-2024");
    assert!(total.bands.is_empty() && total.rows[0][1].is_null(), "{total:?}");
    assert!(!total.rows[0][0].is_null());
    // A year alone is too short: parts are hidden like others.
    let (short, receipts) = ask(&banded, "hospital", "2024");
    assert!(short.bands.is_empty());
    assert!(receipts.iter().all(|of| parts(of) == Some(policies::protections::Parts::Hide)));
}

/// Who adds to every sum is known, so what was told before can be held against it.
#[test]
fn days_between_two_columns_are_no_fault() {
    let waiting =
        INDICATORS.into_iter().filter(|(id, _)| *id == "g5_all_trial").collect::<Vec<_>>();
    let (treatments, _refused) = treatment::all(1).unwrap();
    let exact = treatment::exact(1, &waiting).unwrap();
    let network = Network::create((100, 3, 1), exact, &treatments).unwrap();
    for (treatment, tally) in network.measure(1).unwrap() {
        assert!(tally.shown > 0 && tally.hidden.contains_key("r1"), "{treatment}: {tally:?}");
        assert!(!tally.hidden.contains_key("fault"), "{treatment}: {tally:?}");
    }
}

/// Of every sum of every indicator a count says who adds to it, if not all patients of a cell do by the text.
#[test]
fn who_adds_to_every_sum_of_every_indicator_is_known() {
    let exact = treatment::exact(1, &INDICATORS).unwrap();
    let network = Network::create((5, 3, 1), exact, &[]).unwrap();
    let mut worker = Worker::start().unwrap();
    let mut values = 0;
    for indicator in network.exact.indicators() {
        for variant in indicator.variants() {
            let question = network.question(&mut worker, indicator, variant).unwrap();
            for fragment in &question.planned.footprint.fragments {
                let all = &fragment.measures;
                for sum in &fragment.sums {
                    let of = &all[usize::try_from(sum.measure).unwrap()];
                    let counted = all
                        .iter()
                        .any(|other| other.kind.is_count_like() && other.has_contributors_of(of));
                    values += usize::from(!of.kind.is_count_like() && of.is_part());
                    assert!(!of.is_part() || counted, "{} {}", indicator.id, sum.text);
                }
            }
        }
    }
    assert!(values > 20, "{values}");
}
