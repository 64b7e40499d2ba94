//! What a reply says.

use policies::dsse::Envelope;
use policies::wire::{Answer, Refusal};

/// What a trailer says, without verifying it.
#[derive(Debug)]
pub(crate) enum Said {
    Answer(Box<Answer>),
    Refusal(Box<Refusal>),
}

pub(crate) fn said(frames: &[Vec<u8>]) -> Said {
    let trailer = Envelope::decode(frames.last().unwrap(), 1 << 20).unwrap();
    match serde_json::from_slice(trailer.unverified_payload()) {
        Ok(answer) => Said::Answer(Box::new(answer)),
        Err(_) => {
            Said::Refusal(Box::new(serde_json::from_slice(trailer.unverified_payload()).unwrap()))
        }
    }
}

#[track_caller]
pub(crate) fn refused(frames: &[Vec<u8>], code: &str) {
    match said(frames) {
        Said::Refusal(refusal) => assert_eq!(refusal.code, code, "{refusal:?}"),
        Said::Answer(answer) => panic!("answered: {answer:?}"),
    }
}
