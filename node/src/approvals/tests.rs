use policies::wire::{Asks, Question};

use super::*;

const NOW: UnixTime = UnixTime(1_800_000_000);

fn question() -> Question {
    Question {
        id: "00".repeat(16),
        network: "noord".parse().unwrap(),
        person: "a.jansen".parse().unwrap(),
        purpose: "quality".parse().unwrap(),
        group: None,
        dataset: "rotterdam".parse().unwrap(),
        asking_node: "ALFA".parse().unwrap(),
        hospitals: vec!["ALFA".parse().unwrap(), "BRAVO".parse().unwrap()],
        asks: Asks::Sql("SELECT 1".to_owned()),
        profile: None,
        issued_at: NOW,
        expires_at: NOW.plus(120),
    }
}

fn record(question: &Question) -> QuestionRecord {
    let id = Digest::of(question.id.as_bytes());
    QuestionRecord::new(id, question, "SELECT 1".to_owned())
}

fn approval() -> Digest {
    approval_of(&record(&question()), Profile::Members, "SELECT 1")
}

fn entry(index: u64, at: UnixTime, event: Event) -> Entry {
    Entry::new(index, at, event)
}

fn held(index: u64, at: UnixTime) -> Entry {
    let (question, approval) = (record(&question()), approval());
    entry(index, at, Event::Held { question, approval, profile: Profile::Members, rules: vec![] })
}

fn decision(index: u64, granted: bool, until: UnixTime) -> Entry {
    let (question, approval) = (record(&question()), approval());
    let (profile, reason) = (Profile::Members, "seen".to_owned());
    let event = Event::ApprovalDecided { question, approval, profile, granted, until, reason };
    entry(index, NOW, event)
}

#[test]
fn an_approval_is_of_one_person_purpose_dataset_profile_and_text() {
    let again = Question { id: "11".repeat(16), issued_at: NOW.plus(9000), ..question() };
    let same = |question: &Question| approval_of(&record(question), Profile::Members, "SELECT 1");
    assert_eq!(same(&again), approval(), "the same text, asked later");
    let to_others = Question { hospitals: vec!["BRAVO".parse().unwrap()], ..question() };
    assert_eq!(same(&to_others), approval(), "what this hospital tells is the same");
    let others = [
        same(&Question { person: "b.devries".parse().unwrap(), ..question() }),
        same(&Question { purpose: "research".parse().unwrap(), ..question() }),
        same(&Question { group: Some("borst".parse().unwrap()), ..question() }),
        same(&Question { dataset: "made".parse().unwrap(), ..question() }),
        same(&Question { asking_node: "BRAVO".parse().unwrap(), ..question() }),
        same(&Question { network: "zuid".parse().unwrap(), ..question() }),
        // A hospital's own staff could see exact figures then.
        same(&Question { hospitals: vec!["ALFA".parse().unwrap()], ..question() }),
        approval_of(&record(&question()), Profile::Explore, "SELECT 1"),
        approval_of(&record(&question()), Profile::Members, "SELECT 2"),
    ];
    for (place, other) in others.iter().enumerate() {
        assert_ne!(*other, approval(), "{place}");
    }
}

#[test]
fn the_last_entry_about_a_text_counts_while_it_holds() {
    let state = |entries: Vec<Entry>, now| {
        texts_of(entries, now).get(&approval()).map(|text| text.state.clone())
    };
    let (until, reason) = (NOW.plus(1000), "seen".to_owned());
    let granted = Some(ApprovalState::Granted { until, reason: reason.clone() });
    let denied = Some(ApprovalState::Denied { until, reason });
    let waiting = Some(ApprovalState::Waiting {});
    assert_eq!(state(vec![held(3, NOW)], NOW), waiting);
    assert_eq!(state(vec![decision(4, true, until), held(3, NOW)], NOW), granted);
    assert_eq!(state(vec![held(3, NOW), decision(4, true, until)], until), granted);
    // Withdrawn, over, and asked for again.
    assert_eq!(state(vec![held(3, NOW), decision(9, false, until)], NOW), denied);
    assert_eq!(state(vec![held(3, NOW), decision(4, true, until)], until.plus(1)), None);
    assert_eq!(
        state(vec![decision(4, true, until), held(12, until.plus(5))], until.plus(6)),
        waiting
    );
    // Nobody decided for a month.
    assert_eq!(state(vec![held(3, NOW)], NOW.plus(FORGET_AFTER_S)), waiting);
    assert_eq!(state(vec![held(3, NOW)], NOW.plus(FORGET_AFTER_S + 1)), None);
}

#[test]
fn what_the_asker_is_told_has_a_code_and_what_to_do() {
    let told = |why| {
        let unapproved = Unapproved { approval: approval(), why, rule: None, layer: None };
        let refused = Refused::from(Box::new(unapproved));
        (refused.told().code, refused.spares_the_question())
    };
    assert_eq!(told(WhyNot::Waiting), ("awaiting_approval".to_owned(), true));
    assert_eq!(told(WhyNot::QueueFull), ("approval_queue_full".to_owned(), true));
    assert_eq!(told(WhyNot::Denied), ("approval_denied".to_owned(), false));
}

#[test]
fn no_network_and_no_person_keeps_the_texts_of_another_one_out() {
    let texts = |network: &str, person: &str, many: usize| {
        let asked = Question {
            network: network.parse().unwrap(),
            person: person.parse().unwrap(),
            ..question()
        };
        let (question, state) = (record(&asked), ApprovalState::Waiting {});
        let (profile, rules) = (Profile::Members, Vec::new());
        vec![Text { question, profile, rules, about: None, state, since: NOW }; many]
    };
    let is_full = |waiting: &[Text], network: &str, person: &str| {
        let asked = texts(network, person, 1).remove(0).question;
        is_full(waiting.iter(), &asked)
    };
    // One person fills their own part of one network.
    let of_one = texts("noord", "a.jansen", MAX_WAITING_OF_ONE);
    assert!(!is_full(&of_one[1..], "noord", "a.jansen") && is_full(&of_one, "noord", "a.jansen"));
    assert!(!is_full(&of_one, "noord", "b.devries") && !is_full(&of_one, "zuid", "a.jansen"));
    // Many fill one network, and no other.
    let many: Vec<Text> =
        (0..MAX_WAITING).flat_map(|number| texts("noord", &format!("p.{number}"), 1)).collect();
    assert!(is_full(&many, "noord", "a.jansen") && !is_full(&many[1..], "noord", "a.jansen"));
    assert!(!is_full(&many, "zuid", "p.1"));
    // What is decided waits no more.
    let decided: Vec<Text> = many
        .into_iter()
        .map(|text| Text { state: decided(true, NOW, "seen".to_owned()), ..text })
        .collect();
    assert!(!is_full(&decided, "noord", "a.jansen"));
}
