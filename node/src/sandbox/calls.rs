//! System calls by a seccomp filter: what is not on the list is refused.
//!
//! A refused call returns "not permitted" and is not made; libraries that only try something get along. Arguments are
//! looked at where a call is needed in one form and dangerous in another: threads but no processes, reading but no
//! writing of files, memory but no code.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter_all_threads,
};

/// Rules by number; no rule means: in any form.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Calls that are allowed in any form.
const PLAIN: &[i64] = &[
    // The pipe, and files that could be opened.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_newfstatat,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_getcwd,
    libc::SYS_fadvise64,
    // Memory.
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    // Threads, their stacks and signals of the own process.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_restart_syscall,
    // Time and randomness (hash tables).
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getrandom,
    // The runtime's own waiting.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_ppoll,
    // Refused by the second filter, so that the C library falls back to `clone`, whose flags can be looked at.
    libc::SYS_clone3,
    // The older forms of some of these.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
];

/// Applies the filter; whether it holds.
pub(super) fn apply(notes: &mut Vec<String>) -> bool {
    let applied = programs().map_err(seccompiler::Error::Backend).and_then(|programs| {
        programs.iter().try_for_each(|program| apply_filter_all_threads(program))
    });
    if applied.is_err() {
        notes.push(
            "the filter of system calls cannot be applied: a worker that is taken over could open sockets and start programs; use a kernel with CONFIG_SECCOMP_FILTER on x86_64, aarch64 or riscv64"
                .to_owned(),
        );
    }
    applied.is_ok()
}

/// The filters, in the order in which they are applied.
pub(super) fn programs() -> Result<Vec<BpfProgram>, BackendError> {
    let arch = std::env::consts::ARCH.try_into()?;
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let list = SeccompFilter::new(allowed()?, refused, SeccompAction::Allow, arch)?;
    // The flags of `clone3` are behind a pointer, which a filter cannot follow.
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let clone3 = SeccompFilter::new(clone3, SeccompAction::Allow, unknown, arch)?;
    Ok(vec![clone3.try_into()?, list.try_into()?])
}

/// The list.
pub(super) fn allowed() -> Result<Rules, BackendError> {
    let mut rules: Rules = PLAIN.iter().map(|call| (*call, Vec::new())).collect();
    let flags = |flags: i32| u64::from(flags.unsigned_abs());
    // Reading only, and nothing is made.
    let writing = flags(libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND);
    rules.insert(libc::SYS_openat, vec![rule(&[(2, none_of(writing), 0)])?]);
    // Data, never code.
    let code = none_of(flags(libc::PROT_EXEC));
    rules.insert(libc::SYS_mmap, vec![rule(&[(2, code.clone(), 0)])?]);
    rules.insert(libc::SYS_mprotect, vec![rule(&[(2, code, 0)])?]);
    // Threads, never processes.
    let thread = flags(libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND);
    rules.insert(libc::SYS_clone, vec![rule(&[(0, SeccompCmpOp::MaskedEq(thread), thread)])?]);
    // The runtime's own pair, which leads nowhere else.
    let pair = rule(&[(0, SeccompCmpOp::Eq, flags(libc::AF_UNIX))])?;
    rules.insert(libc::SYS_socketpair, vec![pair]);
    rules.insert(libc::SYS_recvfrom, vec![]);
    // Own limits may be read (threads ask for their stack), not changed.
    rules.insert(libc::SYS_prlimit64, vec![wide_rule(&[(0, 0), (2, 0)])?]);
    // A thread's name.
    let name = rule(&[(0, SeccompCmpOp::Eq, flags(libc::PR_SET_NAME))])?;
    rules.insert(libc::SYS_prctl, vec![name]);
    // `abort` in the own process only.
    let own = rule(&[(0, SeccompCmpOp::Eq, u64::from(std::process::id()))])?;
    rules.insert(libc::SYS_tgkill, vec![own]);
    // Handles are copied and marked close-on-exec; nothing is executed anyway.
    let copy = rule(&[(1, SeccompCmpOp::Eq, flags(libc::F_DUPFD_CLOEXEC))])?;
    let look = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL]
        .map(|command| rule(&[(1, SeccompCmpOp::Eq, flags(command))]));
    let mut fcntl = vec![copy];
    for look in look {
        fcntl.push(look?);
    }
    rules.insert(libc::SYS_fcntl, fcntl);
    Ok(rules)
}

fn none_of(bits: u64) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(bits)
}

/// All of these hold, each for the low half of an argument: flags and numbers are 32 bits wide.
fn rule(conditions: &[(u8, SeccompCmpOp, u64)]) -> Result<SeccompRule, BackendError> {
    let condition = |(index, op, value): &(u8, SeccompCmpOp, u64)| {
        SeccompCondition::new(*index, SeccompCmpArgLen::Dword, op.clone(), *value)
    };
    SeccompRule::new(conditions.iter().map(condition).collect::<Result<_, _>>()?)
}

/// All of these arguments are exactly that, to the last of 64 bits.
fn wide_rule(conditions: &[(u8, u64)]) -> Result<SeccompRule, BackendError> {
    let condition = |(index, value): &(u8, u64)| {
        SeccompCondition::new(*index, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, *value)
    };
    SeccompRule::new(conditions.iter().map(condition).collect::<Result<_, _>>()?)
}
