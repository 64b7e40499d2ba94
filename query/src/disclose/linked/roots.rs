//! Numbers that hang together, as trees.

/// The root of a number's tree; shortens the way there.
pub(super) fn root(roots: &mut [usize], mut at: usize) -> usize {
    while let Some(up) = roots.get(at).copied().filter(|up| *up != at) {
        let above = roots.get(up).copied().unwrap_or(up);
        if let Some(own) = roots.get_mut(at) {
            *own = above;
        }
        at = above;
    }
    at
}

/// Makes two trees one.
pub(super) fn join(roots: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(roots, one), root(roots, other));
    if let Some(root) = roots.get_mut(one.max(other)) {
        *root = one.min(other);
    }
}
