use super::*;

fn sample() -> Message<String> {
    Message { head: "head".to_owned(), blobs: vec![vec![1, 2, 3], vec![], vec![9; 1000]] }
}

#[test]
fn messages_survive_the_pipe() {
    let mut pipe = Vec::new();
    write_message(&mut pipe, &sample()).unwrap();
    write_message(&mut pipe, &sample()).unwrap();
    let mut input = pipe.as_slice();
    assert_eq!(read_message::<String>(&mut input).unwrap(), Some(sample()));
    assert_eq!(read_message::<String>(&mut input).unwrap(), Some(sample()));
    assert_eq!(read_message::<String>(&mut input).unwrap(), None);
}

#[test]
fn every_cut_short_frame_is_refused() {
    let whole = encode(&sample()).unwrap();
    for end in 1..whole.len() {
        let mut input = &whole[..end];
        assert!(read_message::<String>(&mut input).is_err(), "{end}");
    }
}

#[test]
fn left_over_bytes_are_refused() {
    let mut body = encode(&sample()).unwrap().split_off(4);
    body.push(0);
    assert_eq!(decode::<String>(&body).unwrap_err().code(), "frame_lengths");
}

#[test]
fn an_oversize_length_is_refused_before_reading() {
    let mut input: &[u8] = &[255, 255, 255, 255, 1, 2, 3];
    assert_eq!(read_message::<String>(&mut input).unwrap_err().code(), "frame_too_large");
}

#[test]
fn too_many_blobs_are_refused() {
    let many = Message { head: String::new(), blobs: vec![vec![]; MAX_BLOBS + 1] };
    assert_eq!(encode(&many).unwrap_err().code(), "frame_blobs");
    let mut body = vec![2, 0, 0, 0, b'"', b'"'];
    body.extend_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(decode::<String>(&body).unwrap_err().code(), "frame_blobs");
}

#[test]
fn a_head_of_another_form_is_refused() {
    let frame = encode(&Message { head: 5, blobs: vec![] }).unwrap();
    let (_, body) = frame.split_at(4);
    assert_eq!(decode::<String>(body).unwrap_err().code(), "frame_head");
}
