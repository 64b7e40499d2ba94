//! Two versions of a charter hold at once: both must allow, and the strictest of what either asks for is done.

use std::collections::BTreeMap;
use std::sync::Arc;

use policies::bundle::seal;
use policies::dataset::DatasetStatus;
use policies::statement::Revocations;
use policies::{
    Admission, Ask, Beside, Books, Charter, Denial, Explained, Line, Profile, SignedRequest,
    Verdict, VerifyContext, admit, explain,
};

use crate::fixture::{
    NOW, Seen, encoded, files, footprint, hospital, key, public, question, request, sealed,
    with_keys,
};

type Files = BTreeMap<String, String>;

/// The fixture's charter with one file changed, as version 1 or 2.
fn version(number: u64, path: &str, change: impl FnOnce(&str) -> String) -> Charter {
    let mut files: Files = files();
    let text = change(&files[path]);
    files.insert(path.to_owned(), text);
    numbered(number, files)
}

/// The files as this version; version 2 comes after the fixture's own.
fn numbered(number: u64, mut charter: Files) -> Charter {
    if number == 1 {
        return sealed(&charter);
    }
    let bundle = |files: &Files| {
        let mut envelope = seal(files).unwrap();
        envelope.add_signature(&key("board"));
        envelope
    };
    let first = bundle(&files());
    let head = format!("version = 2\nprevious = \"{}\"\n", first.digest());
    let text = charter["charter.toml"].replace("version = 1\n", &head);
    charter.insert("charter.toml".to_owned(), text);
    let revoked = Revocations::none();
    let mut line = Line::first(&first.encode(), first.digest(), NOW, revoked).unwrap();
    let next = line.check(&bundle(&charter).encode(), revoked).unwrap();
    line.accept(next, NOW).unwrap();
    let newest = Arc::clone(line.newest_charter().unwrap());
    drop(line);
    Arc::into_inner(newest).unwrap()
}

fn same(number: u64) -> Charter {
    version(number, "rules/network.cedar", str::to_owned)
}

fn rules(number: u64, text: &str) -> Charter {
    version(number, "rules/network.cedar", |_old| text.to_owned())
}

/// A rule for exact figures with these annotations, under this condition.
fn rule(annotations: &str, when: &str) -> String {
    format!(
        "@id(\"members\") {annotations} permit (principal, action == Kring::Action::\"ask.members\", resource) when {{ {when} }};"
    )
}

fn beside(older: Charter) -> [Beside; 1] {
    [Beside { charter: Arc::new(older), until: NOW.plus(86_400) }]
}

fn explained(newest: &Charter, older: Charter, uses: &[&str]) -> Result<Explained, Denial> {
    let uses: Vec<String> = uses.iter().map(|one| (*one).to_owned()).collect();
    let footprint = footprint(newest, "rotterdam", &uses);
    let besides = beside(older);
    let books = Books { besides: &besides, ..Books::from(newest) };
    explain(books, &Ask::from(&question()), &footprint)
}

fn admitted(newest: &Charter, older: Charter) -> Result<Admission, Denial> {
    let bytes = encoded(&request(newest, &question()));
    let (own, peer, seen) = (hospital("BRAVO"), hospital("ALFA"), Seen::default());
    let context = VerifyContext {
        charter: newest,
        own: &own,
        peer: &peer,
        revoked: policies::statement::Revocations::none(),
        now: NOW,
        seen: &seen,
    };
    let verdict = SignedRequest::decode(&bytes).unwrap().verify(context).unwrap();
    let Verdict::New(verified) = verdict else { panic!("it was never seen before") };
    let besides = beside(older);
    admit(Books { besides: &besides, ..Books::from(newest) }, *verified, NOW)
}

const GRADE: &[&str] = &["diagnosis.grade:group"];

#[track_caller]
fn waits(denial: &Denial, part: &str) {
    assert_eq!(denial.code, "waits_for_notice", "{denial}");
    assert!(Denial::CODES.contains(&denial.code));
    assert!(denial.message.contains(part), "{denial}");
    assert!(denial.message.contains("version 1 holds beside it"), "{denial}");
    assert!(denial.message_nl.contains("geldt versie 1 ernaast"), "{}", denial.message_nl);
    assert_eq!(denial.layer.as_ref().unwrap().version, 1);
}

#[test]
fn what_both_allow_is_allowed_and_both_are_named() {
    let explained = explained(&same(2), same(1), GRADE).unwrap();
    assert_eq!(explained.rules, ["noord/analysts-quality"]);
    assert_eq!(explained.protections.min_patients.get(), 10);
}

#[test]
fn a_permission_that_is_new_waits() {
    let open = rule("@min_patients(\"10\")", "true");
    let shut = rule("@min_patients(\"10\")", "context.purpose == \"research\"");
    let denial = explained(&rules(2, &open), rules(1, &shut), GRADE).unwrap_err();
    waits(&denial, "no rule permits `a.jansen`");
    // What is taken away is gone at once, and the newest says so itself.
    let denial = explained(&rules(2, &shut), rules(1, &open), GRADE).unwrap_err();
    assert_eq!((denial.code, denial.layer.unwrap().version), ("no_rule_permits", 2));
}

#[test]
fn the_strictest_of_both_versions_is_done() {
    for (newer, older) in [(10, 20), (20, 10), (15, 15)] {
        let rule = |k: u32| rule(&format!("@min_patients(\"{k}\") @zeros(\"shown\")"), "true");
        let (newest, older_rules) = (rules(2, &rule(newer)), rules(1, &rule(older)));
        let explained = explained(&newest, older_rules, GRADE).unwrap();
        assert_eq!(explained.protections.min_patients.get(), newer.max(older));
    }
    let hidden = rule("@zeros(\"hidden\")", "true");
    let shown = rule("@zeros(\"shown\")", "true");
    let zeros = |newest: &str, older: &str| {
        let explained = explained(&rules(2, newest), rules(1, older), GRADE).unwrap();
        serde_json::to_value(explained.protections.applied()).unwrap()["zeros"].clone()
    };
    assert_eq!(zeros(&shown, &hidden), "hidden");
    assert_eq!(zeros(&hidden, &shown), "hidden");
    assert_eq!(zeros(&shown, &shown), "shown");
}

#[test]
fn a_default_of_one_version_is_not_undone_by_the_other() {
    let (silent, loose) = (
        rule("", "true"),
        rule("@min_patients(\"5\") @zeros(\"shown\") @dominance(\"95\")", "true"),
    );
    let applied = |newest: &str, older: &str| {
        let explained = explained(&rules(2, newest), rules(1, older), GRADE).unwrap();
        serde_json::to_value(explained.protections.applied()).unwrap()
    };
    for both in [applied(&loose, &silent), applied(&silent, &loose)] {
        assert_eq!(
            (&both["min_patients"], &both["zeros"], &both["dominance"]),
            (&10.into(), &"hidden".into(), &85.into())
        );
    }
    let both = applied(&loose, &loose);
    assert_eq!(
        (&both["min_patients"], &both["zeros"], &both["dominance"]),
        (&5.into(), &"shown".into(), &95.into())
    );
}

#[test]
fn whose_time_is_over_in_one_version_waits_for_the_other() {
    let ended = |path: &'static str, from: &'static str| {
        version(1, path, move |text| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, &format!("{from}\nvalid_until = 2026-02-01T00:00:00Z"), 1)
        })
    };
    let person = ended("people.toml", "name = \"A. Jansen\"");
    waits(&admitted(&same(2), person).unwrap_err(), "`a.jansen` may not ask at this moment");
    let member = ended("members.toml", "name = \"Alfa Hospital\"");
    waits(&admitted(&same(2), member).unwrap_err(), "`ALFA` is not a member");
}

#[test]
fn a_forbid_of_either_forbids() {
    let open = rule("", "true");
    let shut = format!(
        "{open} @id(\"no-grade\") forbid (principal, action, resource) when {{ context has columns && context.columns.contains(\"diagnosis.grade\") }};"
    );
    let denial = explained(&rules(2, &open), rules(1, &shut), GRADE).unwrap_err();
    waits(&denial, "`noord/no-grade`");
    let denial = explained(&rules(2, &shut), rules(1, &open), GRADE).unwrap_err();
    assert_eq!(denial.code, "forbidden");
    explained(&rules(2, &open), rules(1, &shut), &["patient.age:aggregate"]).unwrap();
}

#[test]
fn a_profile_that_is_new_waits() {
    let indicator_only =
        "@id(\"xx\") permit (principal, action == Kring::Action::\"ask.indicator\", resource);";
    let members = rule("", "true");
    let denial = explained(&rules(2, &members), rules(1, indicator_only), GRADE).unwrap_err();
    assert_eq!(denial.code, "waits_for_notice");
    let explained = explained(&rules(2, &members), rules(1, &members), GRADE).unwrap();
    assert_eq!(explained.profile, Profile::Members);
}

#[test]
fn a_person_a_key_and_a_node_that_are_new_wait() {
    admitted(&same(2), same(1)).unwrap();
    let unknown =
        version(1, "people.toml", |text| text.replacen("a.jansen\"\nname", "j.anders\"\nname", 1));
    waits(&admitted(&same(2), unknown).unwrap_err(), "`a.jansen` is not in people.toml");
    let other_key = |owner: &str, path: &str| {
        let (old, new) = (public(owner).to_string(), public("another").to_string());
        version(1, path, |text| text.replace(&old, &new))
    };
    waits(&admitted(&same(2), other_key("a.jansen", "people.toml")).unwrap_err(), "people.toml");
    let denial = admitted(&same(2), other_key("ALFA envelope", "members.toml")).unwrap_err();
    waits(&denial, "`ALFA` is not a member with this node's key");
    // A key that does not sign requests may change.
    admitted(&same(2), other_key("ALFA log", "members.toml")).unwrap();
    // Both list the key that signed, whatever else they list.
    let two = "[{ key = \"key:ALFA envelope\" }, { key = \"key:another\" }]";
    let both = |number: u64| {
        version(number, "members.toml", |text| {
            let one = format!("\"{}\"", public("ALFA envelope"));
            text.replace(&one, &with_keys(two))
        })
    };
    admitted(&both(2), same(1)).unwrap();
    admitted(&same(2), both(1)).unwrap();
    admitted(&both(2), both(1)).unwrap();
}

#[test]
fn a_group_that_is_new_waits_and_one_that_is_gone_is_gone() {
    let in_group = rule("", "principal in Kring::TumourGroup::\"borst\"");
    let without = |number| {
        let mut files = files();
        files.insert("rules/network.cedar".to_owned(), in_group.clone());
        let people = files["people.toml"].replacen("groups = [\"borst\"]\n", "", 1);
        files.insert("people.toml".to_owned(), people);
        numbered(number, files)
    };
    explained(&rules(2, &in_group), rules(1, &in_group), GRADE).unwrap();
    waits(&explained(&rules(2, &in_group), without(1), GRADE).unwrap_err(), "no rule permits");
    let denial = explained(&without(2), rules(1, &in_group), GRADE).unwrap_err();
    assert_eq!(denial.code, "no_rule_permits");
}

#[test]
fn a_column_that_is_new_or_defined_otherwise_waits_and_the_others_do_not() {
    let path = "datasets/rotterdam.toml";
    let changes: [(&str, &str); 4] = [
        ("name = \"grade\"", "name = \"graad\""),
        ("codes = \"grade\"\nnullable = true", "codes = \"grade\""),
        ("codes = \"grade\"\n", "codes = \"grade\"\nsensitive = true\n"),
        ("[{ code = 3 }, { code = 2 }]", "[{ code = 3 }, { code = 2 }, { code = 1 }]"),
    ];
    for (from, to) in changes {
        let older = || {
            version(1, path, |text| {
                assert!(text.contains(from), "{from}");
                text.replace(from, to)
            })
        };
        let denial = explained(&same(2), older(), GRADE).unwrap_err();
        waits(&denial, "defines `diagnosis.grade` otherwise");
        explained(&same(2), older(), &["patient.age:aggregate"]).unwrap();
    }
    // Titles decide nothing.
    let retitled = version(1, path, |text| text.replace("Rotterdam tumour bank", "The bank"));
    explained(&same(2), retitled, GRADE).unwrap();
    // Another way to the patient is another table.
    let rekeyed = version(1, path, |text| {
        text.replace("attribution = { table = \"diagnosis\", column = \"attributed\" }\n", "")
    });
    waits(&explained(&same(2), rekeyed, GRADE).unwrap_err(), "defines `patient` otherwise");
}

#[test]
fn data_are_about_people_where_either_version_says_so() {
    let synthetic = |number| {
        version(number, "datasets/rotterdam.toml", |text| {
            text.replace("status = \"real\"", "status = \"synthetic\"")
        })
    };
    let status = |newest: &Charter, older| explained(newest, older, GRADE).unwrap().status;
    assert_eq!(status(&synthetic(2), same(1)), DatasetStatus::Real);
    assert_eq!(status(&same(2), synthetic(1)), DatasetStatus::Real);
    assert_eq!(status(&synthetic(2), synthetic(1)), DatasetStatus::Synthetic);
}

/// Whatever the rules: never more than either alone, and what both allow is not lost.
#[test]
fn never_more_than_either_alone() {
    let conditions = [
        "true",
        "context.purpose == \"quality\"",
        "context.purpose == \"research\"",
        "context.hospitals >= 2",
        "context.hospitals >= 3",
    ];
    let limits = ["5", "10", "25"];
    let texts: Vec<String> = conditions
        .iter()
        .flat_map(|when| limits.map(|k| rule(&format!("@min_patients(\"{k}\")"), when)))
        .collect();
    let uses: Vec<String> = GRADE.iter().map(|one| (*one).to_owned()).collect();
    let alone = |charter: &Charter| {
        explain(charter, &Ask::from(&question()), &footprint(charter, "rotterdam", &uses))
    };
    let new: Vec<Charter> = texts.iter().map(|text| rules(2, text)).collect();
    let old: Vec<_> = texts.iter().map(|text| Arc::new(rules(1, text))).collect();
    let of_new: Vec<_> = new.iter().map(&alone).collect();
    let of_old: Vec<_> = old.iter().map(|charter| alone(charter)).collect();
    for (newest, one) in new.iter().zip(&of_new) {
        for (older, other) in old.iter().zip(&of_old) {
            let besides = [Beside { charter: Arc::clone(older), until: NOW.plus(1) }];
            let books = Books { besides: &besides, ..Books::from(newest) };
            let footprint = footprint(newest, "rotterdam", &uses);
            match (one, other, explain(books, &Ask::from(&question()), &footprint)) {
                (Ok(one), Ok(other), Ok(both)) => {
                    let least = one.protections.min_patients.max(other.protections.min_patients);
                    assert_eq!(both.protections.min_patients, least);
                }
                (Err(_), _, Err(_)) | (_, Err(_), Err(_)) => {}
                (one, other, both) => panic!("{one:?} {other:?} {both:?}"),
            }
        }
    }
}
