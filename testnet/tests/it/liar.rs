//! A member that signs rubbish costs its own part of an answer, and nothing else.

use crate::support::{Net, RawPeer};

#[test]
fn a_signed_answer_that_cannot_be_merged_is_left_out() {
    let mut net = Net::start(3);
    net.take("ZUID").stop().unwrap();
    let zuid = RawPeer::start(&net, "ZUID");
    let header = br#"{"version":1,"fragments":1}"#.to_vec();
    let rubbish: [Vec<Vec<u8>>; 4] = [
        vec![header.clone(), vec![0xff; 4096]],
        vec![header.clone()],
        vec![header.clone(), Vec::new(), Vec::new(), vec![1; 70_000]],
        vec![b"{".to_vec(), vec![0; 64]],
    ];
    for frames in rubbish {
        let answer = std::thread::scope(|scope| {
            let lying = scope.spawn(|| zuid.answer_next(frames));
            let answer = net.answer("a.jansen", "SELECT count(*) FROM patient");
            lying.join().unwrap();
            answer
        });
        assert_eq!(answer["coverage"]["ZUID"]["code"], "bad_answer", "{answer}");
        for honest in ["NOORD", "OOST"] {
            assert_eq!(answer["coverage"][honest]["state"], "answered", "{answer}");
        }
        // 2,982 patients, 994 at each of three hospitals.
        assert!(answer["rows"][0][0].as_str().unwrap().parse::<u64>().unwrap() < 2000, "{answer}");
    }
}
