//! Workers that are lost: killed from outside, at the deadline, by cancellation, while idle.

use std::sync::atomic::Ordering;

use node::pool::PoolError;
use rustix::process::Signal;

use super::support::{Workshop, lives, plan, signal, until};

#[tokio::test]
async fn a_worker_killed_during_a_job_fails_that_job_and_no_other() {
    let workshop = Workshop::open(60).await;
    let (mut lease, pid) = workshop.stuck("a.jansen").await;
    let (failed, ()) = tokio::join!(lease.run(plan()), async {
        tokio::task::yield_now().await;
        signal(pid, Signal::KILL);
    });
    let failed = failed.unwrap_err();
    assert!(matches!(failed, PoolError::Died), "{failed:?}");
    assert_eq!(failed.code(), "worker_lost");
    let again = lease.run(plan()).await.unwrap_err();
    assert!(matches!(again, PoolError::Died), "the lease has no worker any more: {again:?}");
    // The spare one is there at once, the same person's next question too.
    workshop.works_for("a.jansen").await;
    drop(lease);
    workshop.is_complete().await;
    assert!(!workshop.pool.idle_pids().contains(&pid));
}

#[tokio::test]
async fn the_deadline_ends_a_job_and_its_worker() {
    let workshop = Workshop::open(1).await;
    let (mut lease, pid) = workshop.stuck("a.jansen").await;
    let failed = lease.run(plan()).await.unwrap_err();
    assert!(matches!(failed, PoolError::Deadline { seconds: 1 }), "{failed:?}");
    until("the worker is gone", || !lives(pid)).await;
    workshop.works_for("a.jansen").await;
    drop(lease);
    workshop.is_complete().await;
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_the_worker_and_is_not_blamed() {
    let workshop = Workshop::open(60).await;
    for _ in 0..4 {
        let (mut lease, pid) = workshop.stuck("a.jansen").await;
        {
            let job = lease.run(plan());
            tokio::pin!(job);
            // The job is on its way, and then nobody waits for it.
            assert!(futures::poll!(&mut job).is_pending());
        }
        drop(lease);
        until("the worker is gone", || !lives(pid)).await;
    }
    workshop.works_for("a.jansen").await;
    workshop.is_complete().await;
}

#[tokio::test]
async fn idle_workers_that_die_are_replaced_without_a_question() {
    let workshop = Workshop::open(60).await;
    let before = workshop.pool.idle_pids();
    before.iter().for_each(|pid| signal(*pid, Signal::KILL));
    until("others are there", || {
        let now = workshop.pool.idle_pids();
        now.len() == before.len() && now.iter().all(|pid| !before.contains(pid))
    })
    .await;
    workshop.works_for("a.jansen").await;
}

#[tokio::test]
async fn who_costs_three_workers_pauses_for_ten_minutes() {
    let workshop = Workshop::open(60).await;
    for _ in 0..3 {
        let (mut lease, pid) = workshop.stuck("a.jansen").await;
        let (failed, ()) = tokio::join!(lease.run(plan()), async {
            tokio::task::yield_now().await;
            signal(pid, Signal::KILL);
        });
        failed.unwrap_err();
    }
    let refused = workshop.try_lease("a.jansen").await.unwrap_err();
    assert!(matches!(refused, PoolError::TooManyLost { minutes: 10 }), "{refused:?}");
    assert_eq!(refused.code(), "too_many_lost_workers");
    assert!(!refused.lost_a_worker());
    workshop.works_for("b.devries").await;
    workshop.clock.0.store(599, Ordering::Relaxed);
    let refused = workshop.try_lease("a.jansen").await.unwrap_err();
    assert!(matches!(refused, PoolError::TooManyLost { minutes: 1 }), "{refused:?}");
    workshop.clock.0.store(600, Ordering::Relaxed);
    workshop.works_for("a.jansen").await;
    workshop.is_complete().await;
}

#[tokio::test]
async fn no_worker_outlives_its_pool() {
    let workshop = Workshop::open(60).await;
    let pids = workshop.pool.idle_pids();
    assert!(pids.iter().all(|pid| lives(*pid)));
    // One stands still, so that it cannot see its pipe close.
    signal(*pids.first().unwrap(), Signal::STOP);
    drop(workshop);
    until("all are gone", || !pids.iter().any(|pid| lives(*pid))).await;
}
