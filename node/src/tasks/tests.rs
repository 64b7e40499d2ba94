use std::time::Duration;

use super::Tasks;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_panicked_task_is_reported_by_name() {
    let tasks = Tasks::new();
    let handle = tasks.spawn("doomed", async { panic!("on purpose") });
    let failure = tokio::time::timeout(PATIENCE, tasks.failed()).await.expect("reported");
    assert_eq!(failure.task, "doomed");
    let _: Result<(), _> = handle.await;
    assert!(tasks.running().is_empty());
}

#[tokio::test]
async fn a_panic_in_blocking_work_is_reported() {
    let tasks = Tasks::new();
    drop(tasks.spawn_blocking("doomed", || panic!("on purpose")));
    let failure = tokio::time::timeout(PATIENCE, tasks.failed()).await.expect("reported");
    assert_eq!(failure.task, "doomed");
}

#[tokio::test]
async fn returned_and_aborted_tasks_are_no_failure() {
    let tasks = Tasks::new();
    tasks.spawn("short", async {}).await.expect("returns");
    let endless = tasks.spawn("endless", std::future::pending::<()>());
    endless.abort();
    assert!(endless.await.expect_err("aborted").is_cancelled());
    assert!(tasks.drain(PATIENCE).await.is_empty());
    let failed = tokio::time::timeout(Duration::from_millis(20), tasks.failed()).await;
    assert!(failed.is_err(), "no task failed");
}

#[tokio::test]
async fn shutdown_reaches_every_task_and_drain_waits_for_them() {
    let tasks = Tasks::new();
    let handles: Vec<_> = (0..3)
        .map(|number| {
            let shutdown = tasks.shutdown();
            tasks.spawn("worker", async move {
                shutdown.wait().await;
                number
            })
        })
        .collect();
    assert_eq!(tasks.running(), ["worker"; 3]);
    tasks.stop();
    assert!(tasks.shutdown().requested());
    assert!(tasks.drain(PATIENCE).await.is_empty());
    let mut sum = 0;
    for handle in handles {
        sum += handle.await.expect("ended by itself");
    }
    assert_eq!(sum, 3);
}

#[tokio::test]
async fn drain_aborts_what_does_not_end_and_names_it() {
    let tasks = Tasks::new();
    let endless = tasks.spawn("endless", std::future::pending::<()>());
    assert_eq!(tasks.drain(Duration::from_millis(20)).await, ["endless"]);
    assert!(endless.await.expect_err("aborted").is_cancelled());
    assert!(tasks.running().is_empty());
}
