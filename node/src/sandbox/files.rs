//! Files and network by Landlock: read-only beneath the snapshots, or nothing at all.
//!
//! What is open already (the pipe) stays open. Landlock does not hide that a file exists, how long it is or when it was
//! changed.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, LandlockStatus,
    PathBeneath, PathFd, RestrictionStatus, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetError, Scope,
};

use super::SandboxError;

/// The newest interface that this code was tried with. An older kernel gives what it has.
const TRIED: ABI = ABI::V7;

/// Applies the wall and returns the version of the kernel's interface in force, 0 without one.
pub(super) fn apply(
    snapshots: Option<&Path>,
    notes: &mut Vec<String>,
) -> Result<u32, SandboxError> {
    let folder = snapshots.map(|path| {
        PathFd::new(path)
            .map_err(|source| SandboxError::Snapshots { path: path.to_owned(), source })
    });
    let status = restrict(folder.transpose()?);
    let abi = match &status {
        Ok(RestrictionStatus {
            landlock: LandlockStatus::Available { effective_abi, .. }, ..
        }) => *effective_abi as u32,
        Ok(_) | Err(_) => 0,
    };
    if abi == 0 {
        notes.push(
            "this kernel offers no Landlock: a worker that is taken over could read whatever the node's user can read; use Linux 5.13 or later with `landlock` in the kernel's `lsm=`"
                .to_owned(),
        );
    }
    Ok(abi)
}

/// Handles every right, allows one.
fn restrict(snapshots: Option<PathFd>) -> Result<RestrictionStatus, RulesetError> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(TRIED))?
        .handle_access(AccessNet::from_all(TRIED))?
        .scope(Scope::from_all(TRIED))?
        .create()?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    match snapshots {
        Some(folder) => rules.add_rule(PathBeneath::new(folder, read))?.restrict_self(),
        None => rules.restrict_self(),
    }
}
