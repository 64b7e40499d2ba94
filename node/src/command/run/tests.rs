use std::sync::mpsc;

use super::*;
use crate::tasks::Tasks;

#[test]
fn a_thread_that_does_not_come_back_does_not_hold_up_the_end() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (begun, wait_for_begin) = mpsc::channel();
    let (release, stuck) = mpsc::channel::<()>();
    let (ended, wait_for_end) = mpsc::channel();
    let tasks = Tasks::new();
    let work = async {
        let stuck = tasks.spawn_blocking("stuck", move || {
            begun.send(()).unwrap();
            stuck.recv().unwrap_err();
            ended.send(()).unwrap();
        });
        drop(stuck);
        wait_for_begin.recv().unwrap();
        tasks.drain(Duration::ZERO).await
    };
    let cut_off = to_its_end(runtime, Duration::ZERO, work);
    assert_eq!(cut_off, ["stuck"]);
    assert!(wait_for_end.try_recv().is_err(), "the thread is still there");
    drop(release);
    wait_for_end.recv().unwrap();
}
