use std::convert::Infallible;

use ct_merkle::mem_backed_tree::MemoryBackedTree;

use super::*;

type Other = MemoryBackedTree<sha2::Sha256, Vec<u8>>;

/// The recursive definitions of RFC 6962 section 2.1, word for word.
mod rfc {
    use super::super::{TreeHash, empty_root, leaf_hash, node_hash};

    fn k(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }

    pub(super) fn mth(d: &[Vec<u8>]) -> TreeHash {
        match d {
            [] => empty_root(),
            [one] => leaf_hash(one),
            more => {
                let (left, right) = more.split_at(k(more.len()));
                node_hash(&mth(left), &mth(right))
            }
        }
    }

    pub(super) fn path(m: usize, d: &[Vec<u8>]) -> Vec<TreeHash> {
        if d.len() == 1 {
            return Vec::new();
        }
        let k = k(d.len());
        let (left, right) = d.split_at(k);
        let (mut path, other) =
            if m < k { (path(m, left), mth(right)) } else { (path(m - k, right), mth(left)) };
        path.push(other);
        path
    }

    pub(super) fn subproof(m: usize, d: &[Vec<u8>], b: bool) -> Vec<TreeHash> {
        if m == d.len() {
            return if b { Vec::new() } else { vec![mth(d)] };
        }
        let k = k(d.len());
        let (left, right) = d.split_at(k);
        let (mut proof, other) = if m <= k {
            (subproof(m, left, b), mth(right))
        } else {
            (subproof(m - k, right, false), mth(left))
        };
        proof.push(other);
        proof
    }
}

fn entries(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|index| format!("{{\"index\":{index}}}").into_bytes()).collect()
}

fn grown(entries: &[Vec<u8>]) -> Frontier {
    let mut frontier = Frontier::new();
    entries.iter().for_each(|entry| frontier.push(leaf_hash(entry)));
    frontier
}

fn reader(entries: &[Vec<u8>]) -> impl FnMut(u64) -> Result<TreeHash, Infallible> {
    move |index| Ok(leaf_hash(&entries[usize::try_from(index).unwrap()]))
}

fn flat(path: &[TreeHash]) -> Vec<u8> {
    path.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn flipped(hash: &TreeHash) -> TreeHash {
    let mut bytes = *hash.as_bytes();
    bytes[7] ^= 0x10;
    TreeHash::from_bytes(bytes)
}

/// Every way to bend a list of hashes by one step.
fn bent(path: &[TreeHash]) -> Vec<Vec<TreeHash>> {
    let mut out: Vec<Vec<TreeHash>> = (0..path.len())
        .flat_map(|place| {
            let (mut other, mut shorter) = (path.to_vec(), path.to_vec());
            other[place] = flipped(&other[place]);
            shorter.remove(place);
            [other, shorter]
        })
        .collect();
    for place in 1..path.len() {
        let mut swapped = path.to_vec();
        swapped.swap(place - 1, place);
        out.push(swapped);
    }
    let mut longer = path.to_vec();
    longer.push(leaf_hash(b"more"));
    out.push(longer);
    out
}

#[test]
fn the_reference_vectors_of_certificate_transparency_hold() {
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves: Vec<_> = leaves.iter().map(|leaf| hex::decode(leaf).unwrap()).collect();
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(grown(&leaves[..size]).root().to_string(), *root, "{size} leaves");
    }
}

#[test]
fn every_tree_up_to_64_leaves_is_that_of_the_rfc_and_of_another_implementation() {
    let mut other = Other::new();
    for size in 0..=64 {
        let entries = entries(size);
        let frontier = grown(&entries);
        let head = frontier.head();
        assert_eq!(head.size, size as u64);
        assert_eq!(head.root, rfc::mth(&entries), "{size} leaves");
        assert_eq!(other.root().as_bytes().as_slice(), head.root.as_bytes(), "{size} leaves");
        assert_eq!(Frontier::from_bytes(&frontier.to_bytes()).as_ref(), Ok(&frontier));
        let mut nodes = Leaves::new(reader(&entries));
        assert_eq!(super::frontier(&mut nodes, size as u64), Ok(frontier));
        other.push(format!("{{\"index\":{size}}}").into_bytes());
    }
}

#[test]
fn every_inclusion_proof_up_to_64_leaves_is_right_and_no_bent_one_passes() {
    let mut other = Other::new();
    for size in 1..=64_usize {
        let entries = entries(size);
        other.push(entries[size - 1].clone());
        let head = grown(&entries).head();
        for place in 0..size {
            let proof =
                inclusion(&mut Leaves::new(reader(&entries)), place as u64, head.size).unwrap();
            assert_eq!(proof.path, rfc::path(place, &entries), "{place} of {size}");
            assert_eq!(flat(&proof.path), other.prove_inclusion(place).as_bytes());
            let leaf = leaf_hash(&entries[place]);
            assert_eq!(proof.verify(&leaf, &head), Ok(()));
            assert!(proof.verify(&flipped(&leaf), &head).is_err());
            assert!(proof.verify(&leaf, &Head { root: flipped(&head.root), ..head }).is_err());
            assert!(proof.verify(&leaf, &Head { size: head.size + 1, ..head }).is_err());
            for path in bent(&proof.path) {
                assert!(Inclusion { path, ..proof.clone() }.verify(&leaf, &head).is_err());
            }
            let near =
                [0, proof.index.wrapping_sub(1), proof.index + 1, proof.index ^ 2, head.size];
            for index in near.into_iter().filter(|index| *index != proof.index) {
                assert!(Inclusion { index, ..proof.clone() }.verify(&leaf, &head).is_err());
            }
        }
    }
}

#[test]
fn every_consistency_proof_up_to_64_leaves_is_right_and_no_bent_one_passes() {
    let mut other = Other::new();
    for new in 0..=64_usize {
        let entries = entries(new);
        let head = grown(&entries).head();
        for old in 0..=new {
            let older = grown(&entries[..old]).head();
            let proof =
                consistency(&mut Leaves::new(reader(&entries)), older.size, head.size).unwrap();
            if old > 0 {
                assert_eq!(proof.path, rfc::subproof(old, &entries, true), "{old} to {new}");
            }
            if old > 0 && old < new {
                assert_eq!(flat(&proof.path), other.prove_consistency(new - old).as_bytes());
            }
            assert_eq!(proof.verify(&older, &head), Ok(()), "{old} to {new}");
            let bad_old = Head { root: flipped(&older.root), ..older };
            let bad_new = Head { root: flipped(&head.root), ..head };
            assert!(proof.verify(&bad_old, &head).is_err(), "{old} to {new}");
            // Every tree continues the empty one, so its own root is not compared.
            assert_eq!(proof.verify(&older, &bad_new).is_err(), old > 0, "{old} to {new}");
            for path in bent(&proof.path) {
                assert!(Consistency { path, ..proof.clone() }.verify(&older, &head).is_err());
            }
        }
        other.push(format!("{{\"index\":{new}}}").into_bytes());
    }
}

#[test]
fn kept_nodes_give_the_same_proofs_with_few_reads() {
    let entries = entries(3_000);
    let mut inner = Inner::new();
    entries.iter().for_each(|entry| inner.push(leaf_hash(entry)));
    assert_eq!(inner.frontier(), &grown(&entries));
    let mut seed = 7_u64;
    for _ in 0..12 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let size = (seed >> 33) % 3_000 + 1;
        let index = (seed >> 20) % size;
        let whole = &entries[..usize::try_from(size).unwrap()];
        let head = grown(whole).head();
        let mut reads = 0;
        let mut nodes = inner.over(|leaf| {
            reads += 1;
            reader(&entries)(leaf)
        });
        let proof = inclusion(&mut nodes, index, size).unwrap();
        let steps = consistency(&mut nodes, index, size).unwrap();
        assert_eq!(proof, inclusion(&mut Leaves::new(reader(&entries)), index, size).unwrap());
        let leaf = leaf_hash(&entries[usize::try_from(index).unwrap()]);
        assert_eq!(proof.verify(&leaf, &head), Ok(()));
        let older = grown(&entries[..usize::try_from(index).unwrap()]).head();
        assert_eq!(steps.verify(&older, &head), Ok(()));
        assert!(reads <= 4 * 256, "{index} of {size}: {reads} leaves read");
    }
}

#[test]
fn what_cannot_be_proved_is_an_error() {
    let entries = entries(3);
    let mut nodes = Leaves::new(reader(&entries));
    assert_eq!(inclusion(&mut nodes, 3, 3), Err(ProveError::NoSuchEntry { index: 3, size: 3 }));
    assert_eq!(consistency(&mut nodes, 3, 2), Err(ProveError::Shrunk { old: 3, new: 2 }));
}

#[test]
fn a_frontier_that_does_not_fit_its_size_is_refused() {
    let good = grown(&entries(5)).to_bytes();
    for bad in [&good[..7], &good[..good.len() - 1], &good[..good.len() - 32]] {
        assert!(Frontier::from_bytes(bad).is_err());
    }
    let mut longer = good;
    longer.extend([0; 32]);
    assert!(Frontier::from_bytes(&longer).is_err());
    assert!(Frontier::from_parts(u64::MAX, vec![leaf_hash(b""); 64]).is_err());
}
