// SPDX-License-Identifier: ISC
// The seccomp filter. What is not in a table of a wanted group fails with EPERM, as "not permitted" is what callers
// expect and report. Names of other architectures and of 32-bit ones (…64, …_time64) are skipped where they do not
// exist.
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/confine_parts.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

// ── Tables ───────────────────────────────────────────────────────────────────────────────────────

// Every program: memory, time, signals, the loop, and what is done with descriptors that are open.
static const int always[] = {
    // clang-format off
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(msync),
    SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier), SCMP_SYS(getcpu),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres),
    SCMP_SYS(clock_getres_time64), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getrandom), SCMP_SYS(uname), SCMP_SYS(sysinfo),
    SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(ugetrlimit),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
    SCMP_SYS(exit), SCMP_SYS(exit_group),
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
    SCMP_SYS(eventfd2), SCMP_SYS(pipe2),
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(_llseek),
    SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(fstatfs),
    SCMP_SYS(fstatfs64), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64), SCMP_SYS(fadvise64), SCMP_SYS(flock),
    // clang-format on
};

static const int files_read[] = {
    // clang-format off
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat),
    SCMP_SYS(lstat64), SCMP_SYS(newfstatat), SCMP_SYS(fstatat64), SCMP_SYS(statx),
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(getcwd),
    // clang-format on
};

// Not truncate(2): Landlock knows it from Linux 6.2 on only, and nobody needs it.
static const int files_write[] = {
    // clang-format off
    SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir), SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(fchown),
    SCMP_SYS(umask),
    // clang-format on
};

static const int clock_state[] = {
    // clang-format off
    SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(clock_adjtime64),
    // clang-format on
};

static const int sockets[] = {
    // clang-format off
    SCMP_SYS(recv), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg),
    SCMP_SYS(recvmmsg_time64), SCMP_SYS(send), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg), SCMP_SYS(shutdown), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
    // clang-format on
};

static const int serve[] = {SCMP_SYS(accept), SCMP_SYS(accept4)};
static const int connects[] = {SCMP_SYS(connect), SCMP_SYS(bind)};
static const int watch[] = {SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch),
                            SCMP_SYS(inotify_rm_watch), SCMP_SYS(bind)};

// Nobody calls these by mistake.
static const int fatal[] = {
    // clang-format off
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd),
    SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount), SCMP_SYS(move_mount),
    SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
    SCMP_SYS(chroot), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
    SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(open_by_handle_at), SCMP_SYS(personality),
    // clang-format on
};

// glibc and libuv try these, and take another way when the kernel does not have them. clone3(2) hides its flags from
// the filter in memory; glibc goes on with clone(2).
static const int unknown[] = {
    // clang-format off
    SCMP_SYS(clone3), SCMP_SYS(openat2), SCMP_SYS(close_range), SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(pidfd_open),
    SCMP_SYS(preadv2), SCMP_SYS(pwritev2), SCMP_SYS(copy_file_range), SCMP_SYS(futex_waitv),
    SCMP_SYS(memfd_create),
    // clang-format on
};

static const unsigned long ioctls[] = {FIONBIO, FIOCLEX, FIONREAD, TCGETS};

// Not F_SETOWN and F_SETSIG, which send signals.
static const int fcntls[] = {F_GETFD, F_SETFD,  F_GETFL,     F_SETFL,     F_DUPFD_CLOEXEC, F_GETLK,
                             F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,    F_DUPFD};

static const int prctls[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA};

// ── The filter ───────────────────────────────────────────────────────────────────────────────────

struct filter {
    scmp_filter_ctx context;
    int failed; // the first failure, a negative errno
};

static void note(struct filter *filter, int result)
{
    if (filter->failed == 0)
        filter->failed = result;
}

static void rules(struct filter *filter, uint32_t action, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        note(filter, seccomp_rule_add(filter->context, action, calls[i], 0));
}

static void allow(struct filter *filter, const int *calls, size_t count)
{
    rules(filter, SCMP_ACT_ALLOW, calls, count);
}

static void allow_if(struct filter *filter, int call, struct scmp_arg_cmp condition)
{
    note(filter, seccomp_rule_add_array(filter->context, SCMP_ACT_ALLOW, call, 1, &condition));
}

static struct scmp_arg_cmp equal(unsigned argument, uint64_t value)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

// The kernel looks at 32 bits of an int: the upper half of its register is not to tell apart what is the same.
static struct scmp_arg_cmp masked(unsigned argument, uint64_t mask, uint64_t value)
{
    return (struct scmp_arg_cmp){
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static void allow_socket(struct filter *filter, int family, int type)
{
    const struct scmp_arg_cmp conditions[] = {masked(0, UINT32_MAX, (uint64_t)family),
                                              masked(1, 0xff, (uint64_t)type)};
    note(filter, seccomp_rule_add_array(filter->context, SCMP_ACT_ALLOW, SCMP_SYS(socket),
                                        COUNT(conditions), conditions));
}

// No new code: what runs was mapped before.
static void allow_memory(struct filter *filter)
{
    static const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
    for (size_t i = 0; i < COUNT(calls); i++)
        allow_if(filter, calls[i], masked(2, PROT_EXEC, 0));
}

// Descriptors, signals to the process itself (abort), limits for reading, names of threads and memory.
static void allow_parts(struct filter *filter)
{
    allow_if(filter, SCMP_SYS(tgkill), masked(0, UINT32_MAX, (uint64_t)getpid()));
    allow_if(filter, SCMP_SYS(prlimit64), equal(2, 0));
    for (size_t i = 0; i < COUNT(ioctls); i++)
        allow_if(filter, SCMP_SYS(ioctl), masked(1, UINT32_MAX, ioctls[i]));
    for (size_t i = 0; i < COUNT(fcntls); i++) {
        allow_if(filter, SCMP_SYS(fcntl), masked(1, UINT32_MAX, (uint64_t)fcntls[i]));
        allow_if(filter, SCMP_SYS(fcntl64), masked(1, UINT32_MAX, (uint64_t)fcntls[i]));
    }
    for (size_t i = 0; i < COUNT(prctls); i++)
        allow_if(filter, SCMP_SYS(prctl), masked(0, UINT32_MAX, (uint64_t)prctls[i]));
}

#define NEW_NAMESPACE                                                                              \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

static void allow_threads(struct filter *filter)
{
    allow_if(filter, SCMP_SYS(clone), masked(0, CLONE_THREAD | NEW_NAMESPACE, CLONE_THREAD));
}

static void allow_serve(struct filter *filter, bool connects_too)
{
    allow(filter, sockets, COUNT(sockets));
    allow(filter, serve, COUNT(serve));
    // On sockets that are bound; who can make and bind new ones is not to listen there.
    if (!connects_too)
        note(filter, seccomp_rule_add(filter->context, SCMP_ACT_ALLOW, SCMP_SYS(listen), 0));
}

static void allow_connect(struct filter *filter)
{
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < COUNT(families); i++) {
        allow_socket(filter, families[i], SOCK_DGRAM);
        allow_socket(filter, families[i], SOCK_STREAM);
    }
    allow(filter, sockets, COUNT(sockets));
    allow(filter, connects, COUNT(connects));
}

// Of netlink only the routing family, which tells addresses.
static void allow_watch(struct filter *filter)
{
    const struct scmp_arg_cmp netlink[] = {masked(0, UINT32_MAX, AF_NETLINK),
                                           masked(2, UINT32_MAX, NETLINK_ROUTE)};
    note(filter, seccomp_rule_add_array(filter->context, SCMP_ACT_ALLOW, SCMP_SYS(socket),
                                        COUNT(netlink), netlink));
    allow(filter, sockets, COUNT(sockets));
    allow(filter, watch, COUNT(watch));
}

static void fill(struct filter *filter, unsigned groups)
{
    allow(filter, always, COUNT(always));
    allow_memory(filter);
    allow_parts(filter);
    if ((groups & CONFINE_FILES_READ) != 0)
        allow(filter, files_read, COUNT(files_read));
    if ((groups & CONFINE_FILES_WRITE) != 0)
        allow(filter, files_write, COUNT(files_write));
    if ((groups & CONFINE_SERVE) != 0)
        allow_serve(filter, (groups & CONFINE_CONNECT) != 0);
    if ((groups & CONFINE_CONNECT) != 0)
        allow_connect(filter);
    if ((groups & CONFINE_THREADS) != 0)
        allow_threads(filter);
    if ((groups & CONFINE_WATCH) != 0)
        allow_watch(filter);
    if ((groups & CONFINE_CLOCK) != 0)
        rules(filter, SCMP_ACT_ALLOW, clock_state, COUNT(clock_state));
    rules(filter, SCMP_ACT_KILL_PROCESS, fatal, COUNT(fatal));
    rules(filter, SCMP_ACT_ERRNO(ENOSYS), unknown, COUNT(unknown));
    // A process of its own; a thread without the group fails with EPERM.
    struct scmp_arg_cmp process = masked(0, CLONE_THREAD, 0);
    note(filter, seccomp_rule_add_array(filter->context, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
                                        &process));
}

enum status confine_calls(unsigned groups, struct error *err)
{
    struct filter filter = {.context = seccomp_init(SCMP_ACT_ERRNO(EPERM))};
    if (filter.context == NULL)
        return error_set(err, STATUS_IO, "cannot make a seccomp filter");
    note(&filter, seccomp_attr_set(filter.context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    // A binary tree: the path to a call is short, and the kernel remembers those that are always allowed.
    note(&filter, seccomp_attr_set(filter.context, SCMP_FLTATR_CTL_OPTIMIZE, 2));
    fill(&filter, groups);
    if (filter.failed == 0)
        filter.failed = seccomp_load(filter.context);
    seccomp_release(filter.context);
    if (filter.failed != 0)
        return error_set_errno(err, -filter.failed, "cannot load the seccomp filter");
    return STATUS_OK;
}
