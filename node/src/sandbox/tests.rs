use super::calls;

/// Calls that reach beyond the process, by name for the message.
const DANGEROUS: &[(&str, i64)] = &[
    ("socket", libc::SYS_socket),
    ("connect", libc::SYS_connect),
    ("bind", libc::SYS_bind),
    ("listen", libc::SYS_listen),
    ("accept4", libc::SYS_accept4),
    ("sendto", libc::SYS_sendto),
    ("sendmsg", libc::SYS_sendmsg),
    ("recvmsg", libc::SYS_recvmsg),
    ("execve", libc::SYS_execve),
    ("execveat", libc::SYS_execveat),
    ("unshare", libc::SYS_unshare),
    ("setns", libc::SYS_setns),
    ("mount", libc::SYS_mount),
    ("umount2", libc::SYS_umount2),
    ("fsopen", libc::SYS_fsopen),
    ("open_tree", libc::SYS_open_tree),
    ("move_mount", libc::SYS_move_mount),
    ("pivot_root", libc::SYS_pivot_root),
    ("chroot", libc::SYS_chroot),
    ("ptrace", libc::SYS_ptrace),
    ("process_vm_readv", libc::SYS_process_vm_readv),
    ("process_vm_writev", libc::SYS_process_vm_writev),
    ("pidfd_open", libc::SYS_pidfd_open),
    ("pidfd_getfd", libc::SYS_pidfd_getfd),
    ("kcmp", libc::SYS_kcmp),
    ("kill", libc::SYS_kill),
    ("tkill", libc::SYS_tkill),
    ("rt_sigqueueinfo", libc::SYS_rt_sigqueueinfo),
    ("bpf", libc::SYS_bpf),
    ("perf_event_open", libc::SYS_perf_event_open),
    ("io_uring_setup", libc::SYS_io_uring_setup),
    ("io_uring_enter", libc::SYS_io_uring_enter),
    ("io_uring_register", libc::SYS_io_uring_register),
    ("userfaultfd", libc::SYS_userfaultfd),
    ("open_by_handle_at", libc::SYS_open_by_handle_at),
    ("openat2", libc::SYS_openat2),
    ("memfd_create", libc::SYS_memfd_create),
    ("keyctl", libc::SYS_keyctl),
    ("add_key", libc::SYS_add_key),
    ("kexec_load", libc::SYS_kexec_load),
    ("init_module", libc::SYS_init_module),
    ("finit_module", libc::SYS_finit_module),
    ("seccomp", libc::SYS_seccomp),
    ("setuid", libc::SYS_setuid),
    ("capset", libc::SYS_capset),
    ("ioctl", libc::SYS_ioctl),
    ("unlinkat", libc::SYS_unlinkat),
    ("renameat2", libc::SYS_renameat2),
    ("linkat", libc::SYS_linkat),
    ("mkdirat", libc::SYS_mkdirat),
    ("ftruncate", libc::SYS_ftruncate),
    ("truncate", libc::SYS_truncate),
    ("pkey_mprotect", libc::SYS_pkey_mprotect),
    ("personality", libc::SYS_personality),
    ("shmget", libc::SYS_shmget),
    ("mq_open", libc::SYS_mq_open),
    #[cfg(target_arch = "x86_64")]
    ("fork", libc::SYS_fork),
    #[cfg(target_arch = "x86_64")]
    ("vfork", libc::SYS_vfork),
    // Its flags cannot be looked at as those of `openat` can.
    #[cfg(target_arch = "x86_64")]
    ("open", libc::SYS_open),
    #[cfg(target_arch = "x86_64")]
    ("creat", libc::SYS_creat),
];

#[test]
fn nothing_that_reaches_beyond_the_process_is_on_the_list() {
    let allowed = calls::allowed().unwrap();
    for (name, number) in DANGEROUS {
        assert!(!allowed.contains_key(number), "{name} is allowed");
    }
}

#[test]
fn calls_with_two_faces_are_allowed_in_one_form_only() {
    let allowed = calls::allowed().unwrap();
    let looked_at = [
        ("openat", libc::SYS_openat),
        ("mmap", libc::SYS_mmap),
        ("mprotect", libc::SYS_mprotect),
        ("clone", libc::SYS_clone),
        ("socketpair", libc::SYS_socketpair),
        ("prlimit64", libc::SYS_prlimit64),
        ("prctl", libc::SYS_prctl),
        ("tgkill", libc::SYS_tgkill),
        ("fcntl", libc::SYS_fcntl),
    ];
    for (name, number) in looked_at {
        assert!(!allowed.get(&number).unwrap().is_empty(), "{name} is allowed in any form");
    }
}

#[test]
fn the_filters_compile_for_this_machine() {
    let programs = calls::programs().unwrap();
    assert_eq!(programs.len(), 2);
    assert!(programs.iter().all(|program| !program.is_empty()));
}
