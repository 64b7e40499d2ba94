//! Questions and answers between honest nodes.

use std::time::Duration;

use node::net::{AskError, Inbound, NetLimits};

use super::support::{Node, PATIENCE, QUIC, TCP, key, on, two};

#[tokio::test]
async fn two_nodes_ask_and_answer_over_tcp_and_quic() {
    for listen in [[TCP].as_slice(), [QUIC].as_slice(), [TCP, QUIC].as_slice()] {
        let (a, b) = two(listen).await;
        assert_eq!(a.handle.listen_addresses().len(), listen.len());
        assert_eq!(a.handle.own_key(), key(1));
        let answer = a.ask(key(2), b"question").await.expect("an answer");
        assert_eq!(answer, [b"question".to_vec(), b"8".to_vec()]);
        let largest = vec![7; 64 << 10];
        let answer = b.ask(key(1), &largest).await.expect("an answer");
        assert_eq!(answer, [largest, b"65536".to_vec()]);
        let status = a.handle.status();
        assert_eq!(status.len(), 1, "the own key is no peer");
        assert!(
            status[0].connected
                && status[0].connected_since.is_some()
                && status[0].address.is_some()
        );
        let rejected = a.handle.take_rejected();
        // Two dials that cross may end in a handshake that is given up; nothing of a member is rejected.
        assert!(rejected.iter().all(|one| one.peer.is_none()), "{rejected:?}");
        a.stop().await;
        b.stop().await;
    }
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    for listen in [TCP, QUIC] {
        let (responder, mut requests) = Node::start(2, &on(&[listen]), NetLimits::default()).await;
        let asker = Node::echo(1, &on(&[])).await;
        responder.handle.set_peers(vec![asker.peer()]).await;
        asker.handle.set_peers(vec![responder.peer()]).await;
        let frames: Vec<Vec<u8>> = (0..3_u8).map(|number| vec![number; 5 << 20]).collect();
        let (answer, sent) = tokio::join!(asker.ask(key(2), b"much"), async {
            let Inbound { peer, request, reply, .. } = requests.recv().await.expect("a request");
            assert_eq!((peer, request.as_slice()), (key(1), b"much".as_slice()));
            reply.send(frames.clone()).await
        });
        sent.expect("written");
        assert!(answer.expect("an answer") == frames, "the same bytes");
        asker.stop().await;
        responder.stop().await;
    }
}

#[tokio::test]
async fn many_questions_at_once_are_all_answered() {
    let (a, b) = two(&[TCP, QUIC]).await;
    let asks = (0..200_u32).map(|number| {
        let a = a.handle.clone();
        async move {
            let request = number.to_be_bytes().to_vec();
            let answer = a.ask(key(2), request.clone(), PATIENCE).await.expect("an answer");
            assert_eq!(answer[0], request);
        }
    });
    futures::future::join_all(asks).await;
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn many_askers_at_once_are_all_answered() {
    let center = Node::echo(1, &on(&[TCP])).await;
    let mut askers = Vec::new();
    for seed in 10..22 {
        askers.push(Node::echo(seed, &on(&[])).await);
    }
    center.handle.set_peers(askers.iter().map(Node::peer).collect()).await;
    for asker in &askers {
        asker.handle.set_peers(vec![center.peer()]).await;
        asker.until_connected(key(1), true).await;
    }
    let asks = askers.iter().flat_map(|asker| (0..8_u8).map(move |number| (asker, number)));
    let asks = asks.map(|(asker, number)| async move {
        let answer = asker.ask(key(1), &[number]).await.expect("an answer");
        assert_eq!(answer[0], [number]);
    });
    futures::future::join_all(asks).await;
    futures::future::join_all(askers.into_iter().map(Node::stop)).await;
    center.stop().await;
}

#[tokio::test]
async fn requests_and_answers_of_the_wrong_size_are_not_sent() {
    let (a, mut requests) = Node::start(1, &on(&[TCP]), NetLimits::default()).await;
    let b = Node::echo(2, &on(&[TCP])).await;
    a.handle.set_peers(vec![b.peer()]).await;
    b.handle.set_peers(vec![a.peer()]).await;
    for length in [0, (64 << 10) + 1] {
        let error = a.ask(key(2), &vec![0; length]).await.expect_err("the size");
        assert_eq!(error.code(), "request_size");
    }
    for (frames, code) in [
        (vec![], "answer_frames"),
        (vec![vec![1]; 65], "answer_frames"),
        (vec![vec![0; (16 << 20) + 1]], "answer_bytes"),
        (vec![vec![0; 13 << 20]; 5], "answer_bytes"),
    ] {
        let asking = b.handle.ask(key(1), b"x".to_vec(), Duration::from_millis(500));
        let (asked, sent) = tokio::join!(asking, async {
            let inbound = requests.recv().await.expect("a request");
            let sent = inbound.reply.send(frames).await;
            // The asker tries again: those tries get no answer either.
            while let Ok(Some(again)) =
                tokio::time::timeout(Duration::from_millis(400), requests.recv()).await
            {
                drop(again.reply);
            }
            sent
        });
        assert_eq!(sent.expect_err("the size").code(), code);
        assert_eq!(asked.expect_err("no answer").code(), "no_answer");
    }
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn an_answer_under_way_is_finished_at_shutdown() {
    for listen in [TCP, QUIC] {
        let (a, mut requests) = Node::start(1, &on(&[listen]), NetLimits::default()).await;
        let b = Node::echo(2, &on(&[])).await;
        a.handle.set_peers(vec![b.peer()]).await;
        b.handle.set_peers(vec![a.peer()]).await;
        let frames = vec![vec![7; 900_000]; 3];
        let (answer, ()) = tokio::join!(b.ask(key(1), b"late"), async {
            let inbound = requests.recv().await.expect("a request");
            a.tasks.stop();
            inbound.reply.send(frames.clone()).await.expect("written");
        });
        assert!(answer.expect("an answer") == frames, "the same bytes");
        assert_eq!(a.tasks.drain(PATIENCE).await, Vec::<&str>::new());
        assert_eq!(a.ask(key(2), b"x").await, Err(AskError::Stopped));
        b.until_connected(key(1), false).await;
        b.stop().await;
    }
}
