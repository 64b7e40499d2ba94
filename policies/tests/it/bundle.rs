use crate::fixture::*;
#[test]
fn smoke() {
    let c = charter();
    println!("{:?}", c.layer());
}
