//! The worker on its pipe: wrong jobs, hostile frames, other snapshots, and that it goes on afterwards.

use policies::Digest;
use policies::footprint::SumKind;
use query::pipe::frame::{Message, read_message};
use query::pipe::{Job, Part, Reply, Wanted, Work};
use query::{SafeAnswer, receive};

use super::hospitals::{DATASET, hospitals};
use super::network::{Network, Protect, Worker, hospital};

const SQL: &str = "SELECT grade, count(*), avg(age) FROM diagnosis GROUP BY grade";

fn network() -> Network {
    Network::new(DATASET, &hospitals(), Protect::DEFAULT)
}

#[track_caller]
fn failed(reply: &Message<Reply>) -> &str {
    match &reply.head {
        Reply::Failed(failure) => &failure.code,
        other => panic!("{other:?}"),
    }
}

fn execute(network: &Network, code: &str, digests: Vec<Digest>) -> Work {
    let snapshot = network.snapshots[&hospital("ALFA")].clone();
    Work::Execute {
        snapshot,
        hospital: hospital(code),
        fragments: digests,
        wanted: Wanted::ALL,
        not_given: Vec::new(),
    }
}

#[test]
fn what_does_not_fit_the_job_is_refused_and_the_worker_goes_on() {
    let network = network();
    let mut worker = Worker::start();
    let planned = network.plan(&mut worker, SQL).unwrap();
    let digests: Vec<Digest> = planned.footprint.fragments.iter().map(|f| f.digest).collect();

    let old = Job { version: 99, ..network.job(SQL, Work::Plan) };
    assert_eq!(failed(&worker.send(old, vec![])), "bad_version");
    let nonsense = Job { dataset: "id = 5".to_owned(), ..network.job(SQL, Work::Plan) };
    assert_eq!(failed(&worker.send(nonsense, vec![])), "dataset_invalid");
    let other = execute(&network, "ALFA", vec![Digest::of(b"another cut")]);
    assert_eq!(failed(&worker.send(network.job(SQL, other), vec![])), "plan_mismatch");
    let elsewhere = execute(&network, "BRAVO", digests.clone());
    assert_eq!(failed(&worker.send(network.job(SQL, elsewhere), vec![])), "bad_snapshot");
    let missing = Work::Execute {
        snapshot: "nowhere".into(),
        hospital: hospital("ALFA"),
        fragments: digests.clone(),
        wanted: Wanted::ALL,
        not_given: Vec::new(),
    };
    assert_eq!(failed(&worker.send(network.job(SQL, missing), vec![])), "bad_snapshot");

    // The same columns under another version of the dataset.
    let newer = DATASET.replace("version = 1", "version = 2");
    let newer = Job { dataset: newer, ..network.job(SQL, Work::Plan) };
    let reply = worker.send(newer.clone(), vec![]);
    let Reply::Planned(replanned) = reply.head else { panic!("{reply:?}") };
    let redigested = replanned.footprint.fragments[0].digest;
    assert_ne!(redigested, digests[0], "a fragment's digest binds the dataset");
    let work = execute(&network, "ALFA", vec![redigested]);
    assert_eq!(failed(&worker.send(Job { work, ..newer }, vec![])), "dataset_mismatch");

    let good = execute(&network, "ALFA", digests);
    let reply = worker.send(network.job(SQL, good), vec![]);
    assert!(matches!(reply.head, Reply::Executed { .. }));
}

#[test]
fn a_damaged_snapshot_gives_no_figures() {
    let network = network();
    let mut worker = Worker::start();
    let planned = network.plan(&mut worker, SQL).unwrap();
    let digests: Vec<Digest> = planned.footprint.fragments.iter().map(|f| f.digest).collect();
    let file = network.snapshots[&hospital("ALFA")].join("diagnosis.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let work = execute(&network, "ALFA", digests);
    assert_eq!(failed(&worker.send(network.job(SQL, work), vec![])), "bad_snapshot");
}

#[test]
fn the_same_text_has_the_same_digest_everywhere_and_another_text_another() {
    let network = network();
    let digest =
        |sql: &str| network.plan(&mut Worker::start(), sql).unwrap().footprint.fragments[0].digest;
    assert_eq!(digest(SQL), digest(SQL));
    for other in [
        "SELECT grade, count(*), avg(bmi) FROM diagnosis GROUP BY grade",
        "SELECT grade, count(*), avg(age) FROM diagnosis WHERE age > 5 GROUP BY grade",
        "SELECT grade, count(*), avg(age) FROM diagnosis WHERE age > 6 GROUP BY grade",
        "SELECT tumour, count(*), avg(age) FROM diagnosis GROUP BY tumour",
    ] {
        assert_ne!(digest(SQL), digest(other), "{other}");
    }
    let above = format!("{SQL} HAVING count(*) > 3 ORDER BY 1 LIMIT 2");
    assert_eq!(digest(SQL), digest(&above), "what is above the cut does not reach the hospitals");
}

#[test]
fn the_plan_accounts_for_columns_uses_sums_and_cells() {
    let network = network();
    let sql = "SELECT d.grade, t.modality, count(*), count(distinct d.patient_key), avg(t.dose), stddev(t.dose), \
               sum(CASE WHEN d.age > 70 THEN t.cycles ELSE 0 END) FILTER (WHERE d.dead = 1) \
               FROM treatment t JOIN diagnosis d ON t.diagnosis_key = d.diagnosis_key \
               WHERE d.tumour = 'brain' GROUP BY d.grade, t.modality HAVING count(*) > 2 ORDER BY 3";
    let planned = network.plan(&mut Worker::start(), sql).unwrap();
    let uses: Vec<String> = planned
        .footprint
        .uses
        .iter()
        .map(|used| format!("{}.{}:{}", used.table, used.column, used.usage.as_str()))
        .collect();
    let expected = [
        "diagnosis.age:filter",
        "diagnosis.dead:filter",
        "diagnosis.diagnosis_key:join",
        "diagnosis.grade:group",
        "diagnosis.patient_key:count_distinct",
        "diagnosis.tumour:filter",
        "treatment.cycles:aggregate",
        "treatment.diagnosis_key:join",
        "treatment.dose:aggregate",
        "treatment.modality:group",
    ];
    assert_eq!(uses, expected);
    let fragment = &planned.footprint.fragments[0];
    assert_eq!(fragment.cells, 4 * 3, "three grades and none, three modalities");
    let kinds: Vec<(SumKind, u8)> = fragment.sums.iter().map(|sum| (sum.kind, sum.scale)).collect();
    let expected = [
        (SumKind::Rows, 0),
        (SumKind::Distinct, 0),
        (SumKind::NonNull, 0),
        (SumKind::Sum, 2),
        (SumKind::SumSquares, 4),
        (SumKind::NonNull, 0),
        (SumKind::Sum, 0),
    ];
    assert_eq!(kinds, expected, "avg and stddev share their sums");
    let explained = planned.explained;
    let joined = [explained.per_patient, explained.over_patients, explained.over_hospitals]
        .map(|part| part.join("\n"));
    for (part, words) in [
        (0, "read table treatment"),
        (0, "join on t.diagnosis_key = d.diagnosis_key"),
        (0, "keep rows where d.tumour = "),
        (1, "group by d.grade: 4 values (1, 2, 3, no value)"),
        (1, "12 cells"),
        (1, "never leaves"),
        (2, "keep groups where"),
        (2, "order by"),
    ] {
        assert!(joined[part].contains(words), "{words}\n{}", joined[part]);
    }
    assert!(explained.columns.contains(&"treatment.dose (measure): aggregate".to_owned()));
}

/// Frames of every hospital, and the job that finishes them.
fn answers(network: &Network, worker: &mut Worker) -> (Vec<Part>, Vec<Vec<u8>>) {
    let planned = network.plan(worker, SQL).unwrap();
    let mut parts = Vec::new();
    let mut blobs = Vec::new();
    for code in network.snapshots.keys() {
        let safe: SafeAnswer = network.answer(worker, SQL, &planned, code);
        parts.push(Part { hospital: code.clone(), frames: safe.frames().len(), shown: None });
        blobs.extend(safe.frames().iter().cloned());
    }
    (parts, blobs)
}

#[test]
fn frames_that_were_tampered_with_are_refused_naming_the_hospital() {
    let network = network();
    let mut worker = Worker::start();
    let (parts, blobs) = answers(&network, &mut worker);
    let finish = |parts: &[Part]| network.job(SQL, Work::Finish { parts: parts.to_vec() });
    assert!(matches!(worker.send(finish(&parts), blobs.clone()).head, Reply::Finished(_)));

    let tampered: Vec<(usize, Vec<u8>)> = vec![
        (2, br#"{"version":2,"fragments":1}"#.to_vec()),
        (2, br#"{"version":1,"fragments":9}"#.to_vec()),
        (2, br#"{"version":1,"fragments":1,"n":[1]}"#.to_vec()),
        (2, vec![b' '; 5000]),
        (3, Vec::new()),
        (3, blobs[3][..blobs[3].len() / 2].to_vec()),
        (3, [blobs[3].clone(), vec![1, 2, 3]].concat()),
        (3, [blobs[3].clone(), blobs[3].clone()].concat()),
    ];
    for (at, bytes) in tampered {
        let mut blobs = blobs.clone();
        blobs[at] = bytes;
        let reply = worker.send(finish(&parts), blobs);
        let Reply::Failed(failure) = &reply.head else { panic!("{reply:?}") };
        assert_eq!(failure.code, "bad_answer");
        assert!(failure.message.contains("BRAVO"), "{failure}");
    }
    assert_eq!(failed(&worker.send(finish(&parts), blobs[1..].to_vec())), "frame_count");
    let twice = vec![parts[0].clone(), parts[0].clone(), parts[2].clone(), parts[3].clone()];
    assert_eq!(failed(&worker.send(finish(&twice), blobs.clone())), "bad_answer");
    assert!(matches!(worker.send(finish(&parts), blobs).head, Reply::Finished(_)));
}

#[test]
fn every_flipped_bit_of_a_frame_is_survived() {
    let network = network();
    let mut worker = Worker::start();
    let (parts, blobs) = answers(&network, &mut worker);
    for byte in (0..blobs[3].len()).step_by(7) {
        let mut blobs = blobs.clone();
        blobs[3][byte] ^= 1 << (byte % 8);
        let job = network.job(SQL, Work::Finish { parts: parts.clone() });
        match worker.send(job, blobs).head {
            Reply::Finished(_) => {}
            Reply::Failed(failure) => assert_eq!(failure.code, "bad_answer", "byte {byte}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_daemon_refuses_replies_that_do_not_fit_the_permit() {
    let network = network();
    let mut worker = Worker::start();
    let planned = network.plan(&mut worker, SQL).unwrap();
    let own = hospital("ALFA");
    let permit = || network.permit(SQL, &planned, &own);
    let digests = permit().footprint().fragment_digests();
    let work = execute(&network, "ALFA", digests.clone());
    let good = worker.send(network.job(SQL, work), vec![]);
    assert_eq!(receive(permit(), Wanted::ALL, &good).unwrap().fault(), None);

    let code = |reply: &Message<Reply>| {
        let raw = receive(permit(), Wanted::ALL, reply).unwrap();
        let fault = raw.fault().unwrap().to_owned();
        // What cannot be believed is an answer without any figure, whatever the rules show.
        let safe = super::network::alone(raw, network.dataset());
        assert_eq!(safe.receipt().nulls, safe.receipt().cells);
        fault
    };
    let head = |head: Reply| Message { head, blobs: good.blobs.clone() };
    let executed = |fragments: &[Digest]| head(Reply::Executed { fragments: fragments.to_vec() });
    assert_eq!(code(&head(Reply::Planned(planned.clone()))), "worker_reply");
    assert_eq!(code(&executed(&[Digest::of(b"x")])), "worker_fragments");
    assert_eq!(code(&executed(&[])), "worker_fragments");
    let mut none = good.clone();
    none.blobs.clear();
    assert_eq!(code(&none), "worker_fragments");
    let mut cut = good.clone();
    let half = cut.blobs[0].len() / 2;
    cut.blobs[0].truncate(half);
    assert_eq!(code(&cut), "worker_cells");
    let mut huge = good.clone();
    huge.blobs[0].resize(query::MAX_FRAME_BYTES + 1, 0);
    assert_eq!(code(&huge), "worker_cells");
    // Another question's cells.
    let other = "SELECT tumour, count(*), avg(age) FROM diagnosis GROUP BY tumour";
    let replanned = network.plan(&mut worker, other).unwrap();
    let wanted = replanned.footprint.fragments.iter().map(|fragment| fragment.digest).collect();
    let mut swapped = worker.send(network.job(other, execute(&network, "ALFA", wanted)), vec![]);
    swapped.head = good.head.clone();
    assert_eq!(
        receive(permit(), Wanted::ALL, &swapped).unwrap().fault(),
        None,
        "four cells of the same sums look alike"
    );
    let other = "SELECT year, count(*), avg(age) FROM diagnosis GROUP BY year";
    let replanned = network.plan(&mut worker, other).unwrap();
    let wanted = replanned.footprint.fragments.iter().map(|fragment| fragment.digest).collect();
    let mut swapped = worker.send(network.job(other, execute(&network, "ALFA", wanted)), vec![]);
    swapped.head = good.head.clone();
    assert_eq!(code(&swapped), "worker_cells");
}

#[test]
fn every_flipped_bit_of_a_worker_s_cells_is_survived_by_the_daemon() {
    let network = network();
    let mut worker = Worker::start();
    let planned = network.plan(&mut worker, SQL).unwrap();
    let own = hospital("ALFA");
    let permit = || network.permit(SQL, &planned, &own);
    let work = execute(&network, "ALFA", permit().footprint().fragment_digests());
    let good = worker.send(network.job(SQL, work), vec![]);
    let mut refused = 0;
    for byte in (0..good.blobs[0].len()).step_by(13) {
        let mut flipped = good.clone();
        flipped.blobs[0][byte] ^= 1 << (byte % 8);
        refused += usize::from(receive(permit(), Wanted::ALL, &flipped).unwrap().fault().is_some());
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn a_worker_that_is_sent_rubbish_ends_without_a_reply() {
    let rubbish: Vec<&[u8]> =
        vec![b"\xff\xff\xff\xff", b"\x04\0\0\0\0\0\0\0", b"hello, this is no frame"];
    for bytes in rubbish {
        let (mut from, output) = std::io::pipe().unwrap();
        let ended = query::worker::run(bytes, output);
        assert!(ended.is_err());
        assert!(read_message::<Reply>(&mut from).unwrap().is_none());
    }
    let (_from, output) = std::io::pipe().unwrap();
    assert!(query::worker::run(std::io::empty(), output).is_ok(), "the end of the pipe is the end");
}

#[test]
fn what_a_worker_keeps_of_a_text_changes_no_reply() {
    let network = network();
    let mut worker = Worker::start();
    let ann = Some(Digest::of(b"ann"));
    for sql in [
        SQL,
        "SELECT min(age) FROM diagnosis",
        "SELECT tumour, count(*) FROM diagnosis GROUP BY tumour",
    ] {
        let fresh = Worker::start().send(network.job(sql, Work::Plan), vec![]);
        for whom in [ann, ann, Some(Digest::of(b"bob")), None, ann] {
            let job = Job { whom, ..network.job(sql, Work::Plan) };
            assert_eq!(worker.send(job, vec![]), fresh, "{sql}");
        }
        let Reply::Planned(planned) = fresh.head else { continue };
        let digests: Vec<Digest> = planned.footprint.fragments.iter().map(|f| f.digest).collect();
        let job = || network.job(sql, execute(&network, "ALFA", digests.clone()));
        let fresh = Worker::start().send(job(), vec![]);
        assert!(matches!(fresh.head, Reply::Executed { .. }));
        for _ in 0..2 {
            assert_eq!(worker.send(Job { whom: ann, ..job() }, vec![]), fresh, "{sql}");
        }
        let other = execute(&network, "ALFA", vec![Digest::of(b"another cut")]);
        let other = Job { whom: ann, ..network.job(sql, other) };
        assert_eq!(failed(&worker.send(other, vec![])), "plan_mismatch");
    }
}
