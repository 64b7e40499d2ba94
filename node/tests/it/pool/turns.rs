//! Turns: nobody takes all workers, and who waits is served.

use super::support::{SIZE, Workshop};

#[tokio::test]
async fn one_person_leaves_a_worker_for_others() {
    let workshop = Workshop::open(60).await;
    let mut leases = Vec::new();
    for _ in 1..SIZE {
        leases.push(workshop.lease("a.jansen").await);
    }
    let another = workshop.lease("a.jansen");
    tokio::pin!(another);
    assert!(futures::poll!(&mut another).is_pending(), "one person has all workers");
    workshop.works_for("b.devries").await;
    assert!(futures::poll!(&mut another).is_pending());
    leases.pop();
    drop(another.await);
    drop(leases);
    workshop.is_complete().await;
}

#[tokio::test]
async fn who_gives_up_waiting_keeps_nothing() {
    let workshop = Workshop::open(60).await;
    let leases = [workshop.lease("a.jansen").await, workshop.lease("a.jansen").await];
    {
        let another = workshop.lease("a.jansen");
        tokio::pin!(another);
        assert!(futures::poll!(&mut another).is_pending());
    }
    drop(leases);
    for _ in 0..SIZE {
        workshop.works_for("a.jansen").await;
    }
    workshop.is_complete().await;
}

#[tokio::test]
async fn leases_of_one_moment_have_different_workers() {
    let workshop = Workshop::open(60).await;
    let leases = [
        workshop.lease("a.jansen").await,
        workshop.lease("a.jansen").await,
        workshop.lease("b.devries").await,
    ];
    let mut pids: Vec<_> = leases.iter().map(|lease| lease.pid().unwrap()).collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), SIZE);
    assert_eq!(workshop.pool.idle_pids().len(), 1, "only the one for asking is idle");
}
