use super::*;

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "dead", type = "integer", class = "flag" },
  { name = "age", type = "integer", class = "quasi", min = 0, max = 80, step = 1 },
]
"#;
const SQL: &str = "SELECT dead, count(*) FROM patient GROUP BY dead";

fn dataset(version: u32) -> Dataset {
    let text = DATASET.replace("version = 1", &format!("version = {version}"));
    policies::dataset::file::parse("small", &text).unwrap()
}

#[test]
fn a_persons_text_is_split_once_and_forgotten_when_another_is_served() {
    let (ann, bob) = (Some(Digest::of(b"ann")), Some(Digest::of(b"bob")));
    let (dataset, mut kept) = (dataset(1), Kept::default());
    let first = kept.split(ann, (&dataset, &Networks::new()), SQL).unwrap();
    kept.runs(&dataset, SQL);
    let again = kept.split(ann, (&dataset, &Networks::new()), SQL).unwrap();
    assert!(Rc::ptr_eq(&first.split, &again.split) && again.runs);

    let other = kept.split(bob, (&dataset, &Networks::new()), SQL).unwrap();
    assert!(!Rc::ptr_eq(&first.split, &other.split) && !other.runs);
    assert_eq!(kept.texts.len(), 1);
    let back = kept.split(ann, (&dataset, &Networks::new()), SQL).unwrap();
    assert!(!Rc::ptr_eq(&first.split, &back.split), "nothing of a person outlives another's turn");
}

#[test]
fn another_dataset_is_another_text() {
    let ann = Some(Digest::of(b"ann"));
    let mut kept = Kept::default();
    let one = kept.split(ann, (&dataset(1), &Networks::new()), SQL).unwrap();
    let two = kept.split(ann, (&dataset(2), &Networks::new()), SQL).unwrap();
    assert_ne!(one.split.fragments[0].digest, two.split.fragments[0].digest);
}

#[test]
fn refusals_long_texts_and_many_cells_are_not_kept_and_the_others_are_few() {
    let ann = Some(Digest::of(b"ann"));
    let (dataset, mut kept) = (dataset(1), Kept::default());
    assert!(kept.split(ann, (&dataset, &Networks::new()), "SELECT age FROM patient").is_err());
    let long = format!("{SQL}{}", " ".repeat(MAX_TEXT_BYTES));
    kept.split(ann, (&dataset, &Networks::new()), &long).unwrap();
    let many = "SELECT a.age, b.age, count(*) FROM patient a JOIN patient b ON a.patient_key = b.patient_key \
                GROUP BY a.age, b.age";
    assert!(
        kept.split(ann, (&dataset, &Networks::new()), many).unwrap().split.fragments[0].cells
            > MAX_KEPT_CELLS
    );
    kept.split(None, (&dataset, &Networks::new()), SQL).unwrap();
    assert!(kept.texts.is_empty(), "nobody's text is not kept either");
    for age in 0..MAX_TEXTS * 2 {
        kept.split(
            ann,
            (&dataset, &Networks::new()),
            &format!("SELECT count(*) FROM patient WHERE age > {age}"),
        )
        .unwrap();
        assert!(kept.texts.len() <= MAX_TEXTS);
    }
}

#[test]
fn other_networks_make_it_another_question() {
    let ann = Some(Digest::of(b"ann"));
    let (dataset, mut kept) = (dataset(1), Kept::default());
    let first = kept.split(ann, (&dataset, &Networks::new()), SQL).unwrap();
    let hospital = policies::HospitalCode::new("ALFA").unwrap();
    let name = policies::NetworkId::new("region").unwrap();
    let networks = Networks::from([(name, [hospital].into())]);
    let other = kept.split(ann, (&dataset, &networks), SQL).unwrap();
    assert!(!Rc::ptr_eq(&first.split, &other.split));
}

#[test]
fn who_only_runs_a_text_has_the_cuts_that_it_was_planned_with() {
    let (ann, bob) = (Some(Digest::of(b"ann")), Some(Digest::of(b"bob")));
    let (dataset, networks, mut kept) = (dataset(1), Networks::new(), Kept::default());
    let cuts = kept.fragments(ann, (&dataset, &networks), SQL).unwrap();
    let again = kept.fragments(ann, (&dataset, &networks), SQL).unwrap();
    assert!(Rc::ptr_eq(&cuts, &again) && kept.texts.is_empty());
    let split = kept.split(ann, (&dataset, &networks), SQL).unwrap().split;
    let digests = |of: &[Fragment]| of.iter().map(|cut| cut.digest).collect::<Vec<_>>();
    assert_eq!(digests(&cuts), digests(&split.fragments));
    let planned = kept.fragments(ann, (&dataset, &networks), SQL).unwrap();
    assert!(Rc::ptr_eq(&planned, &split.fragments), "a text that is known is not cut again");
    let other = kept.fragments(bob, (&dataset, &networks), SQL).unwrap();
    assert!(!Rc::ptr_eq(&other, &planned) && kept.texts.is_empty() && kept.cuts.len() == 1);

    assert!(kept.fragments(bob, (&dataset, &networks), "SELECT age FROM patient").is_err());
    kept.fragments(None, (&dataset, &networks), SQL).unwrap();
    assert!(kept.cuts.is_empty());
    for age in 0..MAX_TEXTS * 2 {
        let text = format!("SELECT count(*) FROM patient WHERE age > {age}");
        kept.fragments(ann, (&dataset, &networks), &text).unwrap();
        assert!(kept.cuts.len() <= MAX_TEXTS);
    }
}
