use std::time::Duration;

use futures::io::Cursor;

use super::{FrameError, at_end, read_body, read_length, write};

const STALL: Duration = Duration::from_secs(5);

async fn read_all(bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, FrameError> {
    let mut from = Cursor::new(bytes);
    let mut frames = Vec::new();
    while let Some(length) = read_length(&mut from, STALL).await? {
        frames.push(read_body::<_, FrameError>(&mut from, length, STALL, |_| Ok(())).await?);
    }
    Ok(frames)
}

#[tokio::test]
async fn frames_come_back_as_they_were_written() {
    let frames = vec![vec![1, 2, 3], Vec::new(), vec![9; (64 << 10) + 1]];
    let mut wire = Cursor::new(Vec::new());
    for frame in &frames {
        write(&mut wire, frame, STALL).await.expect("memory");
    }
    let wire = wire.into_inner();
    assert_eq!(&wire[..7], [0, 0, 0, 3, 1, 2, 3]);
    assert_eq!(read_all(wire).await.expect("well formed"), frames);
}

#[tokio::test]
async fn every_cut_inside_a_frame_is_truncation() {
    let whole = [0, 0, 0, 3, 1, 2, 3];
    for cut in 1..whole.len() {
        let result = read_all(whole[..cut].to_vec()).await;
        assert!(matches!(result, Err(FrameError::Truncated)), "cut at {cut}");
    }
    assert!(read_all(Vec::new()).await.expect("an empty stream").is_empty());
}

#[tokio::test]
async fn a_claimed_length_takes_no_memory_before_bytes_arrive() {
    let mut from = Cursor::new(vec![0; 10]);
    let mut kept = 0;
    let result = read_body::<_, FrameError>(&mut from, usize::MAX, STALL, |step| {
        kept += step;
        Ok(())
    })
    .await;
    assert!(matches!(result, Err(FrameError::Truncated)));
    assert!(kept <= 64 << 10);
}

#[tokio::test]
async fn the_budget_can_refuse_to_grow() {
    let mut from = Cursor::new(vec![0; 1 << 20]);
    let mut left: usize = 128 << 10;
    let result = read_body(&mut from, 1 << 20, STALL, |step| {
        left = left.checked_sub(step).ok_or(FrameError::Oversize { got: 0, limit: 0 })?;
        Ok::<(), FrameError>(())
    })
    .await;
    assert!(matches!(result, Err(FrameError::Oversize { .. })));
    assert_eq!(from.position(), 128 << 10);
}

#[tokio::test]
async fn a_silent_peer_stalls() {
    let short = Duration::from_millis(10);
    let (mut near, _far) = pipe();
    let result = read_length(&mut near, short).await;
    assert!(matches!(result, Err(FrameError::Stalled(after)) if after == short));
    let result = at_end(&mut near, short).await;
    assert!(matches!(result, Err(FrameError::Stalled(_))));
}

#[tokio::test]
async fn trailing_bytes_are_seen() {
    assert!(at_end(&mut Cursor::new(Vec::new()), STALL).await.expect("memory"));
    assert!(!at_end(&mut Cursor::new(vec![0]), STALL).await.expect("memory"));
}

/// A reader that never becomes ready while the writer end is kept.
fn pipe() -> (
    impl futures::AsyncRead + Unpin,
    futures::channel::mpsc::Sender<Result<Vec<u8>, std::io::Error>>,
) {
    use futures::TryStreamExt as _;
    let (sender, receiver) = futures::channel::mpsc::channel(1);
    (receiver.into_async_read(), sender)
}
