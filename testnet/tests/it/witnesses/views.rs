//! A node that shows its witnesses different histories.

use super::*;

/// OOST and ZUID have cosigned one size of NOORD's log with two roots; they compare, and both keep the proof.
#[test]
fn split_views_are_found_when_witnesses_compare() {
    let mut net = Net::create(3);
    for witness in ["OOST", "ZUID"] {
        start_alone(&mut net, witness);
    }
    let noord = RawPeer::start(&net, "NOORD");
    let log = key(&net, "NOORD", "log.key", KeyRole::Log);
    for (witness, history) in [("OOST", "one"), ("ZUID", "another")] {
        let note = forged(&net, &log, history, 10);
        let offer = Submission::Offer { old: 0, path: Vec::new(), note };
        let reply = noord.submit(&net, witness, &offer);
        assert!(matches!(reply, Reply::Cosigned(_)), "{reply:?}");
    }
    evidence(&net, "ZUID", "fork");
    evidence(&net, "OOST", "fork");
    let kept = |code: &str| {
        let folder = net.network.node_dir(code).join("state/witness");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|kind| kind == "evidence")).count()
    };
    // Its name says that it is logged only after it is.
    eventually("both keep the notes", || (kept("OOST"), kept("ZUID")) == (1, 1));
}

/// WEST makes both witnesses ask it for proofs of hundreds of heads, and answers none; they compare what they cosigned of NOORD.
#[test]
fn a_member_that_floods_witnesses_does_not_keep_them_from_comparing() {
    let mut net = Net::create(4);
    for witness in ["OOST", "ZUID"] {
        start_alone(&mut net, witness);
    }
    let (noord, west) = (RawPeer::start(&net, "NOORD"), RawPeer::start(&net, "WEST"));
    let (log, other) =
        (key(&net, "NOORD", "log.key", KeyRole::Log), key(&net, "WEST", "log.key", KeyRole::Log));
    west.witness_while(
        |_| Vec::new(),
        || {
            for size in 1..400 {
                let heard = Submission::Heard { note: forged_of(&net, "WEST", &other, "more", size) };
                for witness in ["OOST", "ZUID"] {
                    assert_eq!(west.submit(&net, witness, &heard), Reply::Stands(None));
                }
            }
            eventually("the two views are not compared", || {
                for (witness, history) in [("OOST", "one"), ("ZUID", "another")] {
                    let note = forged(&net, &log, history, 10);
                    // The first is cosigned; again, it is told to the next witness in turn.
                    let reply = noord.submit(&net, witness, &Submission::Offer { old: 0, path: Vec::new(), note: note.clone() });
                    let again = Submission::Offer { old: 10, path: Vec::new(), note };
                    if !matches!(reply, Reply::Cosigned(_)) {
                        assert!(matches!(noord.submit(&net, witness, &again), Reply::Cosigned(_)));
                    }
                }
                let fork = |entry: &node::log::Entry| matches!(&entry.event, Event::ForkEvidence { shows, .. } if shows == "fork");
                ["OOST", "ZUID"].iter().all(|witness| net.log(witness).iter().any(fork))
            });
        },
    );
}

/// No other witness is there: the checkpoint in a question's envelope shows it, whatever becomes of the question.
#[test]
fn checkpoints_in_questions_are_compared_with_what_was_cosigned() {
    let mut net = Net::create(3);
    start_alone(&mut net, "ZUID");
    let noord = RawPeer::start(&net, "NOORD");
    let log = key(&net, "NOORD", "log.key", KeyRole::Log);
    let offer = Submission::Offer { old: 0, path: Vec::new(), note: forged(&net, &log, "one", 10) };
    assert!(matches!(noord.submit(&net, "ZUID", &offer), Reply::Cosigned(_)));
    let send = |checkpoint: Option<String>, cosigned: Option<String>| {
        let asked = question(&net, "a.jansen", COUNT, |_| {});
        let request = noord.request(&net, &asked, |request| {
            request.audience = hospital("ZUID");
            request.checkpoint = checkpoint;
            request.cosigned = cosigned;
        });
        noord.send(&net, "ZUID", &request.encode()).unwrap()
    };
    // Not in the form of a note: no request at all.
    refused(&send(Some("\u{7}".to_owned()), None), "bad_checkpoint");
    refused(&send(None, Some("x".repeat(1025))), "bad_checkpoint");
    // Of another key: counted, and the question goes on, to where it would have gone without.
    let foreign = forged(&net, &key(&net, "OOST", "log.key", KeyRole::Log), "one", 10);
    refused(&send(Some(foreign.clone()), Some(foreign)), "no_witness");
    eventually("the foreign checkpoints are not counted", || {
        net.log("ZUID").iter().any(|entry| {
            matches!(&entry.event, Event::Rejected { peer, code, .. } if peer == "NOORD" && code == "foreign_checkpoint")
        })
    });
    refused(&send(Some(forged(&net, &log, "one", 9)), None), "no_witness");
    refused(&send(Some(forged(&net, &log, "another", 10)), None), "no_witness");
    evidence(&net, "ZUID", "fork");
    let fork = |entry: &node::log::Entry| matches!(entry.event, Event::ForkEvidence { .. });
    assert_eq!(
        net.log("ZUID").iter().filter(|entry| fork(entry)).count(),
        1,
        "what is late is none"
    );
}

/// Of different sizes the two heads alone show nothing: the log is asked for the proof between them, and has none.
#[test]
fn a_log_that_cannot_prove_that_it_only_grew_is_found() {
    let mut net = Net::create(3);
    for witness in ["OOST", "ZUID"] {
        start_alone(&mut net, witness);
    }
    let noord = RawPeer::start(&net, "NOORD");
    let log = key(&net, "NOORD", "log.key", KeyRole::Log);
    let wrong_proof = |message: &[u8]| match Submission::parse(message) {
        Ok(Submission::Wanted { .. }) => Reply::Continues(vec![leaf_hash(b"x"); 3]).encode(),
        Ok(_) | Err(_) => Reply::Stands(None).encode(),
    };
    noord.witness_while(wrong_proof, || {
        for (witness, history, size) in [("OOST", "one", 10), ("ZUID", "another", 12)] {
            let note = forged(&net, &log, history, size);
            let offer = Submission::Offer { old: 0, path: Vec::new(), note };
            let reply = noord.submit(&net, witness, &offer);
            assert!(matches!(reply, Reply::Cosigned(_)), "{reply:?}");
        }
        evidence(&net, "OOST", "not_proved");
    });
}

/// What honest nodes send each other, and that it raises no alarm.
#[test]
fn honest_questions_carry_both_checkpoints_and_raise_no_alarm() {
    let mut net = Net::start(3);
    for round in 0..3 {
        net.answer("a.jansen", &format!("SELECT count(*) FROM patient WHERE age > {}", 40 + round));
        assert_eq!(net.take("NOORD").stop().unwrap(), 0);
        start(&mut net, "NOORD");
    }
    let (export, policy) = (net.network.dir.join("a.audit"), net.network.dir.join("policy"));
    trust(&net, &policy, 2);
    cosigned(&net, &export, &policy);
    for code in ["NOORD", "OOST", "ZUID"] {
        let alarm = |event: &Event| {
            matches!(event, Event::ForkEvidence { .. })
                || matches!(event, Event::Rejected { code, .. } if code == "foreign_checkpoint")
        };
        assert!(!net.log(code).iter().any(|entry| alarm(&entry.event)), "{code}");
        let state = log_state(&net, code);
        assert_eq!(state.standing, "confirmed");
        assert!(state.witnesses.values().any(|word| word.starts_with("cosigned")), "{state:?}");
    }
    net.take("ZUID").stop().unwrap();
    let zuid = RawPeer::start(&net, "ZUID");
    let request = std::thread::scope(|scope| {
        let receiving = scope.spawn(|| zuid.answer_next(vec![b"{}".to_vec()]));
        net.answer("a.jansen", COUNT);
        receiving.join().unwrap()
    });
    let of = |note: &Option<String>| note.clone().unwrap().split('/').nth(1).unwrap().to_owned();
    assert_eq!((of(&request.checkpoint), of(&request.cosigned)), ("NOORD".into(), "ZUID".into()));
}
