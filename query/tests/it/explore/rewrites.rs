//! Random texts: equal conditions in other words have one form, other conditions another, and a form means what its text does.

use std::collections::BTreeSet;

use policies::dataset::{ColumnType, Dataset};
use policies::explore::{ColumnCondition, Conditions, Explore, ValueSet};

use super::{DATASET, Explorer};
use crate::slt::hospitals;
use crate::sql::network::{Network, Protect, Worker};

/// Conditions on a diagnosis `d` of a patient `p`: each in words that mean the same.
const FACTS: &[&[&str]] = &[
    &[
        "d.grade = 2",
        "2 = d.grade",
        "d.grade IN (2)",
        "NOT d.grade <> 2",
        "d.grade BETWEEN 2 AND 2",
        "d.grade + 1 = 3",
        "d.grade > 1 AND d.grade < 3",
        "coalesce(d.grade, 0) = 2",
        "CASE d.grade WHEN 2 THEN TRUE ELSE FALSE END",
        "d.grade IN (1, 2) AND d.grade <> 1",
    ],
    &[
        "d.tumour = 'brain'",
        "d.tumour IN ('brain')",
        "d.tumour LIKE 'brain'",
        "NOT d.tumour <> 'brain'",
        "d.tumour NOT IN ('bladder', 'ovary', 'pancreas')",
        "d.tumour = 'brain' OR d.tumour = 'brain'",
    ],
    &["p.sex = 1", "p.sex <> 2", "p.sex < 2", "NOT p.sex = 2", "p.sex IN (1)", "abs(p.sex) = 1"],
    &[
        "d.age >= 40 AND d.age < 70",
        "d.age BETWEEN 40 AND 69",
        "NOT (d.age < 40 OR d.age > 69)",
        "70 > d.age AND 39 < d.age",
        "d.age / 10 IN (4, 5, 6)",
        "d.age - 40 >= 0 AND d.age - 70 < 0",
    ],
    &["d.dead = 0", "d.dead <> 1", "NOT d.dead = 1", "1 - d.dead = 1", "d.dead < 1"],
    &[
        "d.bmi < 25",
        "25.0 > d.bmi",
        "d.bmi <= 24.9",
        "NOT d.bmi >= 25",
        "d.bmi * 2 < 50",
        "CAST(d.bmi AS DOUBLE) < 25",
    ],
    &[
        "EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.modality = 'surgery')",
        "d.diagnosis_key IN (SELECT diagnosis_key FROM treatment WHERE modality = 'surgery')",
        "NOT NOT EXISTS (SELECT * FROM treatment t WHERE 'surgery' = t.modality AND d.diagnosis_key = t.diagnosis_key)",
        "d.diagnosis_key IN (SELECT diagnosis_key FROM treatment WHERE modality NOT IN ('radiotherapy', 'systemic') GROUP BY diagnosis_key)",
    ],
    &[
        "NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.modality = 'systemic')",
        "d.diagnosis_key NOT IN (SELECT diagnosis_key FROM treatment WHERE modality = 'systemic')",
    ],
];

/// A small generator: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// A text of these facts in random words, order and clauses.
fn text(facts: &BTreeSet<usize>, dice: &mut Dice) -> String {
    let mut parts: Vec<String> = Vec::new();
    for fact in facts.iter().chain(facts.iter().take(dice.below(2))) {
        let words = dice.pick(FACTS[*fact]);
        let words = match dice.below(4) {
            0 => format!("NOT (NOT ({words}))"),
            1 => format!("(({words}) IS TRUE)"),
            _ => format!("({words})"),
        };
        parts.insert(dice.below(parts.len() + 1), words);
    }
    let moved = parts.split_off(dice.below(parts.len() + 1));
    let join = ["p.patient_key = d.patient_key", "d.patient_key = p.patient_key"];
    let all =
        |parts: &[String]| if parts.is_empty() { "TRUE".to_owned() } else { parts.join(" AND ") };
    let (kept, moved, join) = (all(&parts), all(&moved), dice.pick(&join));
    match dice.below(6) {
        0 => format!(
            "SELECT count(*) FILTER (WHERE {moved}) FROM diagnosis d JOIN patient p ON {join} WHERE {kept}"
        ),
        1 => format!(
            "SELECT sum(CASE WHEN {moved} THEN 1 ELSE 0 END) FROM diagnosis d JOIN patient p ON {join} WHERE {moved} AND {kept}"
        ),
        2 => format!(
            "WITH d AS (SELECT d.*, p.sex FROM patient p JOIN diagnosis d ON {join} WHERE {kept}) SELECT count(distinct d.diagnosis_key) FROM d JOIN patient p ON {join} WHERE {moved}"
        ),
        3 => format!(
            "SELECT count(*) FROM patient p, diagnosis d WHERE {moved} AND {join} AND {kept}"
        ),
        // A subquery in ON is not in the language.
        4 if !moved.contains("SELECT") => format!(
            "SELECT count(*) FROM patient p JOIN diagnosis d ON {join} AND ({moved}) WHERE {kept}"
        ),
        _ => format!(
            "SELECT count(*) FROM (SELECT d.*, p.sex FROM patient p JOIN diagnosis d ON {join} WHERE {moved}) d JOIN patient p USING (patient_key) WHERE {kept}"
        ),
    }
}

fn some_facts(dice: &mut Dice) -> BTreeSet<usize> {
    (0..=dice.below(4)).map(|_| dice.below(FACTS.len())).collect()
}

#[test]
fn random_words_for_one_question_have_one_form() {
    let mut explorer = Explorer::new();
    let mut dice = Dice(20_261_122);
    let mut forms: Vec<(BTreeSet<usize>, BTreeSet<String>)> = Vec::new();
    for _ in 0..12 {
        let facts = some_facts(&mut dice);
        let plain: Vec<&str> = facts.iter().map(|fact| FACTS[*fact][0]).collect();
        let plain = format!(
            "SELECT count(*) FROM diagnosis d JOIN patient p ON d.patient_key = p.patient_key WHERE {}",
            plain.join(" AND ")
        );
        let form = explorer.figures(&plain).unwrap();
        for _ in 0..30 {
            let text = text(&facts, &mut dice);
            assert_eq!(explorer.figures(&text), Ok(form.clone()), "{text}\n{plain}");
        }
        for (other, known) in &forms {
            assert_eq!(*other == facts, *known == form, "{plain}");
        }
        forms.push((facts, form));
    }
}

/// A condition over grade, death and sex, of any shape.
fn tree(depth: usize, dice: &mut Dice) -> String {
    if depth == 0 {
        let leaves = [
            "d.grade = 2",
            "d.grade <> 1",
            "d.grade > 1",
            "d.grade IS NULL",
            "d.grade IN (2, 3)",
            "d.dead = 1",
            "d.dead = 0",
            "p.sex = 1",
            "p.sex > 1",
            "d.grade IN (1, 3)",
        ];
        return dice.pick(&leaves).to_owned();
    }
    let (one, other) = (tree(depth - 1, dice), tree(depth - 1, dice));
    match dice.below(5) {
        0 => format!("({one} OR {other})"),
        1 => format!("NOT ({one} OR {other})"),
        2 => format!("CASE WHEN {one} THEN {other} END"),
        _ => format!("({one} AND {other})"),
    }
}

#[test]
fn a_form_means_what_its_text_means() {
    let mut explorer = Explorer::new();
    let network = Network::new(DATASET, &hospitals(), Protect::OFF);
    let mut worker = Worker::start();
    let mut dice = Dice(7);
    let mut compared = 0;
    for round in 0..400 {
        let condition = if round % 4 == 0 {
            let facts = some_facts(&mut dice);
            let words = facts.iter().map(|fact| format!("({})", dice.pick(FACTS[*fact])));
            words.collect::<Vec<_>>().join(" AND ")
        } else {
            tree(2, &mut dice)
        };
        let asked = format!(
            "SELECT count(*) FROM diagnosis d JOIN patient p ON d.patient_key = p.patient_key WHERE {condition}"
        );
        let explored = explorer.explored(&asked).unwrap();
        let Explore::Form(form) = &explored[0] else { continue };
        let rebuilt = format!(
            "SELECT count(*) FROM diagnosis JOIN patient ON diagnosis.patient_key = patient.patient_key WHERE {}",
            sql(&form.sums[0].terms[0].conditions, network.dataset())
        );
        if compared == 24 {
            break;
        }
        compared += 1;
        let one = network.ask(&mut worker, &asked).unwrap();
        let other = network.ask(&mut worker, &rebuilt).unwrap();
        assert_eq!(one.rows, other.rows, "{asked}\n{rebuilt}");
    }
    assert_eq!(compared, 24);
}

/// The conditions as SQL again.
fn sql(conditions: &Conditions, dataset: &Dataset) -> String {
    let mut parts = vec![if conditions.never { "FALSE" } else { "TRUE" }.to_owned()];
    parts.extend(conditions.columns.iter().map(|column| one(column, dataset)));
    for child in &conditions.children {
        let not = if child.negated { "NOT " } else { "" };
        let own: Vec<String> = child.columns.iter().map(|column| one(column, dataset)).collect();
        let table = &child.table;
        assert_eq!((child.of.as_str(), table.as_str()), ("diagnosis", "treatment"));
        let own = own.join(" AND ");
        parts.push(format!(
            "{not}EXISTS (SELECT 1 FROM treatment WHERE treatment.diagnosis_key = diagnosis.diagnosis_key AND {own})"
        ));
    }
    parts.join(" AND ")
}

fn one(condition: &ColumnCondition, dataset: &Dataset) -> String {
    let ColumnCondition { table, column, values } = condition;
    let kind = dataset.column(table, column).unwrap().kind;
    match values {
        ValueSet::Codes(codes) => {
            let known = codes.iter().map(|code| match code {
                Some(code) if kind == ColumnType::Text => format!("{table}.{column} = '{code}'"),
                Some(code) => format!("{table}.{column} = {code}"),
                None => format!("{table}.{column} IS NULL"),
            });
            format!("({})", known.collect::<Vec<_>>().join(" OR "))
        }
        ValueSet::Between { low, high } => {
            let unit = 10_i64.pow(u32::from(kind.scale()));
            let number = |units: i64| format!("{}.{}", units / unit, units % unit);
            let name = format!("{table}.{column}");
            format!("{name} >= {} AND {name} < {}", number(*low), number(*high))
        }
        ValueSet::Missing => format!("{table}.{column} IS NULL"),
    }
}
