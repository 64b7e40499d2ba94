//! Logged questions under two charters: what changes, when, and in which words.

use std::collections::BTreeMap;
use std::sync::Arc;

use policies::charter::parse;
use policies::footprint::FootprintDraft;
use policies::replay::{
    AtDoor, Change, InWords, Language, Reason, Touched, What, at_door, compare, compare_at_door,
    replay,
};
use policies::{Ask, Beside, Books, Charter, IndicatorId, Profile};

use crate::fixture::{NOW, draft, files, hospital, question};

type Files = BTreeMap<String, String>;

const PEOPLE: &str = "people.toml";
const RULES: &str = "rules/network.cedar";
const DATASET: &str = "datasets/rotterdam.toml";

/// A rule for a profile with these annotations, under this condition.
fn rule(id: &str, profile: &str, annotations: &str, when: &str) -> String {
    format!(
        "@id(\"{id}\") {annotations} permit (principal, action == Kring::Action::\"{profile}\", resource) when {{ {when} }};\n"
    )
}

fn members(annotations: &str) -> String {
    rule("exact", "ask.members", annotations, "true")
}

/// The fixture's files, with one changed.
fn with(path: &str, change: impl FnOnce(&str) -> String) -> Files {
    let mut files = files();
    let before = files.get(path).cloned().unwrap_or_default();
    let after = change(&before);
    assert_ne!(before, after, "{path} is changed");
    files.insert(path.to_owned(), after);
    files
}

fn rules(text: &str) -> Files {
    with(RULES, |_before| text.to_owned())
}

fn read(files: &Files) -> Charter {
    parse(files).unwrap()
}

/// The same as the version after it.
fn next(files: &Files) -> Charter {
    let mut files = files.clone();
    let previous = format!("version = 2\nprevious = \"{}\"", "ab".repeat(32));
    let head = files["charter.toml"].replacen("version = 1", &previous, 1);
    files.insert("charter.toml".to_owned(), head);
    read(&files)
}

fn ask() -> Ask {
    Ask::from(&question())
}

fn logged(uses: &[&str]) -> Touched {
    let uses: Vec<String> = uses.iter().map(|one| (*one).to_owned()).collect();
    Touched::Logged(Box::new(draft(&uses)))
}

fn grade() -> Touched {
    logged(&["diagnosis.grade:group"])
}

/// What changes from one charter to another, for a question that is asked now.
fn change_of(old: &Files, new: &Files, ask: &Ask, touched: &Touched) -> Change {
    let (old, new) = (Arc::new(read(old)), next(new));
    let besides = [Beside { charter: Arc::clone(&old), until: NOW.plus(14 * 86_400) }];
    let start = Books { besides: &besides, ..Books::from(&new) };
    compare(
        &replay(&*old, ask, touched, NOW.plus(-600)),
        &replay(start, ask, touched, NOW),
        &replay(&new, ask, touched, NOW),
    )
}

fn door_of(old: &Files, new: &Files, ask: &Ask) -> AtDoor {
    let (old, new) = (Arc::new(read(old)), next(new));
    let besides = [Beside { charter: Arc::clone(&old), until: NOW.plus(14 * 86_400) }];
    let start = Books { besides: &besides, ..Books::from(&new) };
    let before = at_door(&*old, ask, NOW);
    compare_at_door(before, &at_door(start, ask, NOW), at_door(&new, ask, NOW))
}

#[track_caller]
fn lines(change: &Change, english: &[&str], dutch: &[&str]) {
    assert_eq!(change.lines(Language::English), english);
    assert_eq!(change.lines(Language::Dutch), dutch);
    assert_eq!(change.is_any(), !english.is_empty());
}

/// The code of a question that was answered and is not any more.
#[track_caller]
fn denied(change: &Change) -> &'static str {
    let What::Denied(Reason { code, message, message_nl, .. }) = &change.what else {
        panic!("{change:?}")
    };
    assert!(message != message_nl && change.is_any() && change.pause.is_none());
    code
}

#[test]
fn the_same_charter_changes_nothing() {
    let change = change_of(&files(), &files(), &ask(), &grade());
    lines(&change, &[], &[]);
    assert_eq!(change.what, What::Same);
    // Denied by both, for another reason, is no change either.
    let research = Ask { purpose: "research".parse().unwrap(), ..ask() };
    let other = with(PEOPLE, |text| text.replacen("id = \"a.jansen\"", "id = \"a.nders\"", 1));
    assert_eq!(change_of(&files(), &other, &research, &grade()).what, What::Same);
}

#[test]
fn a_stricter_protection_holds_at_once_and_a_looser_one_waits() {
    let (ten, twenty) = (members("@min_patients(\"10\")"), members("@min_patients(\"20\")"));
    lines(
        &change_of(&rules(&ten), &rules(&twenty), &ask(), &grade()),
        &["min_patients 10 -> 20 (stricter, at once)"],
        &["min_patients 10 -> 20 (strenger, meteen)"],
    );
    lines(
        &change_of(&rules(&twenty), &rules(&ten), &ask(), &grade()),
        &["min_patients 20 -> 10 (looser, after the notice)"],
        &["min_patients 20 -> 10 (ruimer, na de aankondigingstijd)"],
    );
    let (all, none) = (members("@reveal(\"named\")"), members("@reveal(\"none\")"));
    let two = change_of(&rules(&all), &rules(&none), &ask(), &grade());
    assert_eq!(denied(&two), "reveal_too_few");
    lines(&change_of(&rules(&members("")), &rules(&all), &ask(), &grade()), &[], &[]);
    // One of each: every protection on its own.
    let mixed = members("@min_patients(\"10\") @zeros(\"shown\")");
    let other = members("@min_patients(\"20\") @zeros(\"hidden\") @quota_day(\"50\")");
    lines(
        &change_of(&rules(&other), &rules(&mixed), &ask(), &grade()),
        &[
            "min_patients 20 -> 10 (looser, after the notice)",
            "quota_day 50 -> no limit (looser, after the notice)",
            "zeros hidden -> shown (looser, after the notice)",
        ],
        &[
            "min_patients 20 -> 10 (ruimer, na de aankondigingstijd)",
            "quota_day 50 -> geen grens (ruimer, na de aankondigingstijd)",
            "zeros hidden -> shown (ruimer, na de aankondigingstijd)",
        ],
    );
    let least = members("@dominance(\"80\") @min_patients(\"10\")");
    let change = change_of(&rules(&ten), &rules(&least), &ask(), &grade());
    lines(
        &change,
        &["dominance 85 -> 80 (stricter, at once)"],
        &["dominance 85 -> 80 (strenger, meteen)"],
    );
}

#[test]
fn another_profile_brings_its_own_protections() {
    let explore = rule("noise", "ask.explore", "@variance(\"4\")", "true");
    let change = change_of(
        &rules(&members("")),
        &rules(&explore),
        &ask(),
        &in_words(&["diagnosis.grade:group"]),
    );
    let What::Otherwise(found) = &change.what else { panic!("{change:?}") };
    let of = |word: &str| {
        let one = found.iter().find(|one| one.word == word).unwrap();
        (one.from.clone(), one.to.clone(), one.stricter)
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(of("profile"), (text("ask.members"), text("ask.explore"), None));
    assert_eq!(of("variance"), (None, text("4"), None));
    assert_eq!(of("min_part"), (text("5"), None, None));
    let told = change.lines(Language::Dutch);
    assert!(told.iter().any(|line| line.starts_with("variance niet toegepast -> 4")), "{told:?}");
    // The older version has no rule for it: nobody is answered until it holds no more.
    let pause = change.pause.unwrap();
    assert_eq!(pause.code, "waits_for_notice");
}

fn in_words(uses: &[&str]) -> Touched {
    let uses = uses.iter().map(|text| text.parse().unwrap()).collect();
    Touched::InWords(InWords { uses, ..InWords::default() })
}

#[test]
fn a_person_who_is_withdrawn_is_denied_at_once() {
    let named = "name = \"A. Jansen\"";
    let until = |text: &str| {
        text.replacen(named, &format!("{named}\nvalid_until = 2026-06-01T00:00:00Z"), 1)
    };
    assert_eq!(
        denied(&change_of(&files(), &with(PEOPLE, until), &ask(), &grade())),
        "person_not_valid"
    );
    let gone = with(PEOPLE, |text| text.replacen("id = \"a.jansen\"", "id = \"a.nders\"", 1));
    let change = change_of(&files(), &gone, &ask(), &grade());
    assert_eq!(denied(&change), "unknown_person");
    let told = change.lines(Language::English);
    assert!(
        told[0].starts_with("allowed -> denied, at once: unknown_person: `a.jansen`"),
        "{told:?}"
    );
    let moved =
        with(PEOPLE, |text| text.replacen("hospital = \"ALFA\"", "hospital = \"BRAVO\"", 1));
    assert_eq!(
        denied(&change_of(&files(), &moved, &ask(), &grade())),
        "person_of_another_hospital"
    );
    // At the moment of the question the person was valid, and that moment counts for the charter in force.
    let later = with(PEOPLE, |text| {
        text.replacen(named, &format!("{named}\nvalid_until = 2026-07-01T09:55:00Z"), 1)
    });
    assert_eq!(denied(&change_of(&later, &later, &ask(), &grade())), "person_not_valid");
}

#[test]
fn a_node_that_is_no_member_is_denied() {
    let left = with("members.toml", |text| {
        text.replacen("code = \"ALFA\"", "code = \"ALFA\"\nvalid_until = 2026-06-01T00:00:00Z", 1)
    });
    assert_eq!(denied(&change_of(&files(), &left, &ask(), &grade())), "sender_not_a_member");
}

#[test]
fn a_permission_that_is_added_waits_for_the_notice() {
    let ask = Ask { person: "b.devries".parse().unwrap(), asking_node: hospital("BRAVO"), ..ask() };
    let open = rules(&members("@min_patients(\"10\")"));
    let change = change_of(&files(), &open, &ask, &grade());
    let What::Allowed { was, granted, waits } = &change.what else { panic!("{change:?}") };
    assert_eq!((was.code, granted.profile, *waits), ("no_rule_permits", Profile::Members, true));
    let told = change.lines(Language::English);
    assert!(
        told[0].starts_with(
            "denied -> allowed under ask.members by noord/exact, after the notice; it was no_rule_permits: "
        ),
        "{told:?}"
    );
    // The other way round nothing waits.
    assert_eq!(denied(&change_of(&open, &files(), &ask, &grade())), "no_rule_permits");

    let AtDoor::LetIn { was, waits } = door_of(&files(), &open, &ask) else { panic!() };
    assert_eq!((was.code, waits), ("no_rule_permits", true));
    assert!(matches!(door_of(&open, &files(), &ask), AtDoor::Refused(_)));
    assert!(matches!(door_of(&files(), &files(), &ask), AtDoor::Refused(_)));
    assert_eq!(door_of(&open, &open, &ask), AtDoor::Inside);
    let line = door_of(&files(), &open, &ask).line(Language::Dutch).unwrap();
    assert!(
        line.starts_with("afgewezen -> binnengelaten, na de aankondigingstijd; dat was no_rule"),
        "{line}"
    );
}

#[test]
fn a_table_a_column_and_a_dataset_that_are_gone_deny() {
    let no_grade = with(DATASET, |text| text.replace("name = \"grade\"", "name = \"degree\""));
    let change = change_of(&files(), &no_grade, &ask(), &grade());
    assert_eq!(denied(&change), "unknown_column");
    let told = change.lines(Language::Dutch);
    assert!(told[0].contains("kolom `grade` staat niet in tabel `diagnosis`"), "{told:?}");
    // What does not touch it does not notice.
    let age = logged(&["patient.age:aggregate"]);
    assert_eq!(change_of(&files(), &no_grade, &ask(), &age).what, What::Same);

    let quasi = "class = \"quasi\"\nmin = 1978\nmax = 1993\nstep = 5";
    let open = rules(&members(""));
    let mut hidden = with(DATASET, |text| text.replace(quasi, "class = \"hidden\""));
    hidden.insert(RULES.to_owned(), members(""));
    let year = logged(&["patient.year:group"]);
    assert_eq!(denied(&change_of(&open, &hidden, &ask(), &year)), "column_class");

    let mut renamed = files();
    let text = renamed.remove(DATASET).unwrap().replace("id = \"rotterdam\"", "id = \"breda\"");
    renamed.insert("datasets/breda.toml".to_owned(), text);
    assert_eq!(denied(&change_of(&files(), &renamed, &ask(), &grade())), "unknown_dataset");
}

#[test]
fn a_column_that_is_defined_otherwise_is_paused() {
    let wider = with(DATASET, |text| text.replace("max = 120", "max = 130"));
    let age = logged(&["patient.age:aggregate"]);
    let change = change_of(&files(), &wider, &ask(), &age);
    assert_eq!(change.what, What::Same);
    assert!(change.is_any());
    assert_eq!(change.pause.as_ref().unwrap().code, "waits_for_notice");
    let told = change.lines(Language::English);
    assert!(
        told[0].starts_with("not answered while the notice lasts: waits_for_notice: "),
        "{told:?}"
    );
    assert!(told[0].contains("`patient.age`"), "{told:?}");
}

#[test]
fn a_footprint_of_another_version_is_not_replayed() {
    let Touched::Logged(draft) = grade() else { panic!() };
    let mut old: FootprintDraft = *draft;
    old.fragments[0].measures.clear();
    let change = change_of(&files(), &files(), &ask(), &Touched::Logged(Box::new(old)));
    let What::Unknown(unknown) = &change.what else { panic!("{change:?}") };
    assert_eq!(unknown.code(), "other_footprint");
    assert!(!change.is_any());
}

#[test]
fn an_indicator_of_another_version_is_not_replayed_and_one_that_is_gone_denies() {
    let text = |version: u32, min: u32| {
        format!(
            "-- id: late\n-- version: {version}\n-- dataset: rotterdam\n-- title_en: Late\n-- source: the board\n\
             -- min_patients: {min}\nSELECT grade, count(*) FROM diagnosis GROUP BY grade\n"
        )
    };
    let approved = rules(&rule("approved", "ask.indicator", "", "true"));
    let with = |version: u32, min: u32| {
        let mut files = approved.clone();
        files.insert("indicators/late.sql".to_owned(), text(version, min));
        files
    };
    let first = with(1, 10);
    let id = IndicatorId::new("late").unwrap();
    let named = read(&first).indicator(&id).unwrap().refer(None, None).unwrap().0;
    let ask = Ask { indicator: Some(named), ..ask() };
    let change = change_of(&first, &with(2, 10), &ask, &grade());
    let What::Unknown(unknown) = &change.what else { panic!("{change:?}") };
    assert_eq!(unknown.code(), "other_indicator");
    assert_eq!(denied(&change_of(&first, &approved, &ask, &grade())), "unknown_indicator");
    lines(
        &change_of(&first, &with(1, 30), &ask, &grade()),
        &["min_patients 10 -> 30 (stricter, at once)"],
        &["min_patients 10 -> 30 (strenger, meteen)"],
    );
}

#[test]
fn a_use_in_words_is_read_and_written_the_same() {
    for text in ["patient.age:aggregate", "diagnosis.patient_key:count_distinct"] {
        let used: policies::footprint::ColumnUse = text.parse().unwrap();
        assert_eq!(used.to_string(), text);
    }
    for wrong in ["patient.age", "age:aggregate", "patient.age:add", ""] {
        let error = wrong.parse::<policies::footprint::ColumnUse>().unwrap_err().to_string();
        assert!(error.contains("table.column:use") && error.contains("count_values"), "{error}");
    }
    let Touched::Logged(draft) = grade() else { panic!() };
    let words = Touched::Logged(draft).in_words();
    assert_eq!(words.cells, Some(12));
    // A footprint in words is decided like the logged one.
    let change = change_of(
        &files(),
        &rules(&members("@min_patients(\"30\")")),
        &ask(),
        &Touched::InWords(words),
    );
    assert_eq!(change.lines(Language::English), ["min_patients 10 -> 30 (stricter, at once)"]);
}
