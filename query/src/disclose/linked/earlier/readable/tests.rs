use policies::Limits;
use policies::explore::Explore;
use policies::footprint::{LinkAxis, LinkFootprint, LinkName, LinkNames};
use policies::protections::{Opinions, Protections};

use super::*;
use crate::disclose::fixture::{counts, part};
use crate::disclose::linked::figures::Thresholds;
use crate::memory::{Memory, Table};
use crate::receive::RawFragment;

/// A fragment as it is kept, grouped by an axis that has a name.
fn body() -> Vec<u8> {
    let thresholds = Thresholds::new(&Protections::from(Opinions::default()), &Limits::DEFAULT);
    let mut footprint = counts(2, Explore::default());
    footprint.links = vec![LinkFootprint {
        base: policies::Digest::of(b"rows"),
        keys: vec![LinkAxis { axis: 0, size: 2 }.into()],
        sums: Vec::new(),
    }];
    let cells = [((0..30).collect(), (0..9).collect()), ((30..50).collect(), (30..40).collect())];
    let fragment = RawFragment::of_parts(&cells, &part());
    let names = LinkNames { axes: vec![LinkName::of("grade")], sums: Vec::new() };
    Kept::write(thresholds, (&fragment, &footprint, &names), &[]).unwrap()
}

fn charge(bodies: &[Vec<u8>]) -> Charge {
    let mut charge = Memory::new([7; 32]).charge();
    for body in bodies {
        let body = body.as_slice().into();
        charge.keep(Table { snapshot: [1; 32], name: [2; 32], bases: Vec::new(), body });
    }
    Charge::decode(&charge.encode().unwrap()).unwrap()
}

#[test]
fn what_was_told_is_readable_only_as_it_was_written() {
    let whole = body();
    assert_eq!(read_tables(&charge(&[])), Ok(()));
    assert_eq!(read_tables(&charge(&[whole.clone(), whole.clone()])), Ok(()));
    for cut in 0..whole.len() {
        assert_eq!(read_tables(&charge(&[whole[..cut].to_vec()])), Err(CodeError::Table), "{cut}");
    }
    let later = [whole.clone(), vec![0]].concat();
    assert_eq!(read_tables(&charge(&[whole.clone(), later])), Err(CodeError::Table));
    // An axis without its name: it can be read, and linked with nothing.
    let at = whole.windows(8).position(|bytes| bytes == br#""axis":0"#).unwrap();
    let mut nameless = whole;
    nameless[at + 7] = b'7';
    assert!(Kept::read(&nameless).is_some());
    assert_eq!(read_tables(&charge(&[nameless])), Err(CodeError::Table));
}
