//! Letters, and what several hospitals did together.

use policies::protections::{Opinions, Protections};

use super::*;

#[test]
fn letters_go_on_after_z() {
    let some: Vec<String> = [0, 1, 25, 26, 51, 52, 701, 702].map(letter).into();
    assert_eq!(some, ["A", "B", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
}

fn applied(k: u32, rules: &[&str]) -> AppliedProtections {
    let opinions = Opinions {
        min_patients: Some(policies::protections::MinPatients::new(k)),
        reveal: Some(Reveal::None),
        ..Opinions::default()
    };
    AppliedProtections {
        profile: "ask.members".to_owned(),
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        own: Some(policies::Digest::of(b"own rules")),
        protections: Protections::from(opinions).applied(),
        cells: 12,
        nulls: 3,
        figures: 1,
        since: None,
        noise: None,
    }
}

#[test]
fn together_they_say_the_strictest_and_no_rule_of_a_hospitals_own() {
    let all = [applied(10, &["noord/analysts"]), applied(20, &["noord/analysts", "own/strict"])];
    let told = together(all.iter()).unwrap();
    assert_eq!(told.rules, ["noord/analysts"]);
    assert_eq!(told.protections.min_patients.get(), 20);
    assert_eq!(told.protections.reveal, Some(Reveal::None));
    assert_eq!(together([].iter()), None);
}

#[test]
fn missing_hospitals_are_told_in_three_words() {
    let words = [(9, 9), (9, 8), (9, 5), (9, 4), (4, 2), (3, 3)];
    let words = words.map(|(asked, answered)| Missing::of(asked, answered));
    let expected = [
        Missing::None,
        Missing::Some,
        Missing::Some,
        Missing::MoreThanHalf,
        Missing::Some,
        Missing::None,
    ];
    assert_eq!(words, expected);
}

#[test]
fn as_many_answered_for_certain_as_the_word_says() {
    for asked in 3..40 {
        for answered in 3..=asked {
            let certain = Missing::of(asked, answered).at_least(asked);
            assert!(certain <= answered, "{asked} asked, {answered} answered, {certain} certain");
        }
    }
}
