//! Resource limits of a worker: memory, processor time, files, processes, no core dump.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Confinement;

/// Address space beyond the memory that may be filled: the program itself, stacks and the allocator's reserves. MiB.
const PROGRAM_MB: u64 = 1024;
/// Open files: the pipe, the runtime's own, and files of a snapshot one after the other.
const FILES: u64 = 256;
/// Processes and threads of the node's user in total: the kernel counts them per user, so all nodes and workers of a
/// machine share this. Starting a process is refused anyway.
const PROCESSES: u64 = 4096;

/// Applies them; whether all hold.
pub(super) fn apply(confinement: &Confinement, notes: &mut Vec<String>) -> bool {
    let mib = |count: u64| count.saturating_mul(1024 * 1024);
    let memory = confinement.memory_mb;
    let wanted = [
        ("memory", Resource::Data, mib(memory)),
        ("address space", Resource::As, mib(memory.saturating_add(PROGRAM_MB))),
        ("processor time", Resource::Cpu, confinement.cpu_s),
        // Nothing is written but pipes.
        ("file size", Resource::Fsize, 0),
        ("open files", Resource::Nofile, FILES),
        ("processes", Resource::Nproc, PROCESSES),
        // A dump would hold patients' data.
        ("core dump", Resource::Core, 0),
    ];
    let mut all = true;
    for (what, resource, most) in wanted {
        // A limit that is lower already stays.
        let most = getrlimit(resource).maximum.map_or(most, |now| now.min(most));
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        if let Err(error) = setrlimit(resource, limit) {
            notes.push(format!("the limit on {what} of a worker cannot be set: {error}"));
            all = false;
        }
    }
    all
}
