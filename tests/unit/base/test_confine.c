// SPDX-License-Identifier: ISC
// Each test confines a child and tries from inside. All run twice: as the kernel is, and as on one without Landlock,
// where less can be taken away and all else must hold.
#include "base/confine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tests/support/scratch.h"

static bool hides_landlock;
static unsigned landlock; // of the child

// In a child: says which line does not hold, and ends.
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(2, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno));        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)
#define FAILS(call, number) HOLDS((call) < 0 && errno == (number))

static void hide_landlock(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    HOLDS(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) ==
          0);
    HOLDS(seccomp_load(filter) == 0);
    seccomp_release(filter);
}

static void confine_to(unsigned groups, const struct confine_path *paths, size_t count)
{
    struct confine_profile profile = {groups, paths, count};
    struct confine_result result;
    struct error err = {0};
    if (hides_landlock)
        hide_landlock();
    enum status status = confine(&profile, &result, &err);
    if (status != STATUS_OK)
        dprintf(2, "%s\n", err.text);
    HOLDS(status == STATUS_OK);
    landlock = result.landlock;
    HOLDS(landlock == 0 || !hides_landlock);
}

static int wait_status_of(void (*inside)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        inside();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_holds(void (*inside)(void))
{
    assert_int_equal(wait_status_of(inside), 0);
}

static void assert_is_killed(void (*inside)(void))
{
    int status = wait_status_of(inside);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static char *in(const char *directory, const char *name)
{
    char *path = path_join(scratch, directory);
    char *full = path_join(path, name);
    free(path);
    return full;
}

static int opens(const char *directory, const char *name, int flags)
{
    char *path = in(directory, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    int why = errno;
    if (fd >= 0)
        close(fd);
    free(path);
    errno = why;
    return fd;
}

static bool has_mode(const char *directory, const char *name, mode_t mode)
{
    char *path = in(directory, name);
    struct stat info;
    bool has = stat(path, &info) == 0 && (info.st_mode & 07777) == mode;
    free(path);
    return has;
}

static int make_files(void **state)
{
    if (make_scratch(state) != 0)
        return -1;
    static const char *const directories[] = {"mine", "secret", "kept"};
    for (size_t i = 0; i < 3; i++) {
        char *directory = path_join(scratch, directories[i]);
        char *file = path_join(directory, "file");
        struct error err = {0};
        assert_int_equal(directory_make(directory, 0700, &err), STATUS_OK);
        assert_int_equal(file_write(file, "text", 4, 0600, &err), STATUS_OK);
        free(directory);
        free(file);
    }
    return 0;
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────

static void confine_to_directory(unsigned groups, enum confine_access access)
{
    char *mine = path_join(scratch, "mine"), *missing = path_join(scratch, "missing/here");
    const struct confine_path paths[] = {{mine, access}, {missing, access}, {NULL, access}};
    confine_to(groups, paths, 3);
    free(mine);
    free(missing);
}

static void read_only(void)
{
    confine_to_directory(CONFINE_FILES_READ, CONFINE_READ);
    HOLDS(opens("mine", "file", O_RDONLY) >= 0);
    HOLDS(opens("mine", "", O_RDONLY | O_DIRECTORY) >= 0);
    FAILS(opens("mine", "nothing", O_RDONLY), ENOENT);
    if (landlock == 0)
        return;
    FAILS(opens("mine", "file", O_RDWR), EACCES);
    FAILS(opens("mine", "new", O_WRONLY | O_CREAT), EACCES);
    FAILS(opens("secret", "file", O_RDONLY), EACCES);
    FAILS(opens("secret", "", O_RDONLY | O_DIRECTORY), EACCES);
    FAILS(opens("mine", "../secret/file", O_RDONLY), EACCES);
    FAILS(open("/etc/passwd", O_RDONLY), EACCES);
    FAILS(open("/proc/self/environ", O_RDONLY), EACCES);
}

static void files_of_a_path_can_be_read_and_no_others(void **state)
{
    (void)state;
    assert_holds(read_only);
}

static void update_only(void)
{
    confine_to_directory(CONFINE_FILES_READ, CONFINE_UPDATE);
    HOLDS(opens("mine", "file", O_RDWR | O_CREAT) >= 0);
    char *file = in("mine", "file"), *other = in("mine", "other");
    FAILS(rename(file, other), EPERM);
    FAILS(unlink(file), EPERM);
    FAILS(mkdir(other, 0700), EPERM);
    FAILS(chmod(file, 0644), EPERM);
    FAILS(truncate(file, 0), EPERM);
    if (landlock > 0)
        FAILS(opens("mine", "other", O_WRONLY | O_CREAT), EACCES);
}

static void what_is_there_can_be_updated_and_nothing_be_made(void **state)
{
    (void)state;
    assert_holds(update_only);
}

static void write_all(void)
{
    struct error err = {0};
    confine_to_directory(CONFINE_FILES_READ | CONFINE_FILES_WRITE, CONFINE_WRITE);
    char *deep = in("mine", "made/deep"), *file = in("mine", "made/deep/new");
    HOLDS(directory_make(deep, 0700, &err) == STATUS_OK);
    HOLDS(file_create(file, "first", 5, 0640, &err) == STATUS_OK);
    HOLDS(file_write(file, "second", 6, 0644, &err) == STATUS_OK);
    HOLDS(has_mode("mine", "made/deep/new", 0644));
    HOLDS(unlink(file) == 0 && rmdir(deep) == 0);
    if (landlock == 0)
        return;
    char *kept = in("kept", "file"), *moved = in("mine", "moved"), *made = in("kept", "made");
    FAILS(opens("kept", "file", O_WRONLY), EACCES);
    FAILS(unlink(kept), EACCES);
    FAILS(rename(kept, moved), EACCES);
    FAILS(link(kept, moved), EXDEV);
    FAILS(mkdir(made, 0700), EACCES);
    FAILS(symlink("/etc", moved), EPERM);
    FAILS(mknod(moved, S_IFIFO | 0600, 0), EPERM);
}

static void a_writer_writes_below_its_path_and_nowhere_else(void **state)
{
    (void)state;
    assert_holds(write_all);
}

static void follow_replaced_file(void)
{
    char *file = in("mine", "file"), *directory = path_join(scratch, "mine");
    int into[2], from[2];
    char octet;
    struct error err = {0};
    HOLDS(pipe(into) == 0 && pipe(from) == 0);
    pid_t writer = fork();
    HOLDS(writer >= 0);
    if (writer == 0) { // is not confined
        close(into[1]);
        HOLDS(read(into[0], &octet, 1) == 1);
        HOLDS(file_write(file, "anew", 4, 0600, &err) == STATUS_OK);
        HOLDS(write(from[1], "", 1) == 1);
        _exit(0);
    }
    close(from[1]);
    confine_to(CONFINE_FILES_READ, &(struct confine_path){directory, CONFINE_READ}, 1);
    HOLDS(write(into[1], "", 1) == 1 && read(from[0], &octet, 1) == 1);
    HOLDS(opens("mine", "file", O_RDONLY) >= 0);
}

static void a_file_that_is_replaced_in_its_directory_can_be_read(void **state)
{
    (void)state;
    assert_holds(follow_replaced_file);
}

static void one_file(void)
{
    char *file = in("mine", "file");
    confine_to(CONFINE_FILES_READ, &(struct confine_path){file, CONFINE_READ}, 1);
    HOLDS(opens("mine", "file", O_RDONLY) >= 0);
    if (landlock > 0)
        FAILS(opens("mine", "", O_RDONLY | O_DIRECTORY), EACCES);
}

static void a_path_may_be_one_file(void **state)
{
    (void)state;
    assert_holds(one_file);
}

static void no_files(void)
{
    confine_to_directory(0, CONFINE_READ);
    FAILS(opens("mine", "file", O_RDONLY), EPERM);
}

static void without_the_group_nothing_can_be_opened(void **state)
{
    (void)state;
    assert_holds(no_files);
}

// ── Sockets ──────────────────────────────────────────────────────────────────────────────────────

static struct sockaddr_in bound_to(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    HOLDS(bind(fd, (const struct sockaddr *)&address, len) == 0);
    HOLDS(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    return address;
}

static void serve(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    int bare = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = bound_to(listener);
    HOLDS(listen(listener, 1) == 0);
    HOLDS(connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
    confine_to(CONFINE_SERVE, NULL, 0);
    int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    char octet;
    HOLDS(accepted >= 0);
    HOLDS(send(client, "a", 1, 0) == 1 && recv(accepted, &octet, 1, 0) == 1);
    HOLDS(listen(listener, 2) == 0);
    HOLDS(shutdown(accepted, SHUT_WR) == 0);
    FAILS(open("/", O_RDONLY), EPERM);
    FAILS(socket(AF_INET, SOCK_STREAM, 0), EPERM);
    FAILS(socket(AF_UNIX, SOCK_DGRAM, 0), EPERM);
    FAILS(connect(bare, (struct sockaddr *)&address, sizeof(address)), EPERM);
    FAILS(bind(bare, (struct sockaddr *)&address, sizeof(address)), EPERM);
}

static void a_server_answers_and_asks_nobody(void **state)
{
    (void)state;
    assert_holds(serve);
}

static void ask(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = bound_to(listener);
    HOLDS(listen(listener, 1) == 0);
    confine_to(CONFINE_SERVE | CONFINE_CONNECT, NULL, 0);
    int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    HOLDS(stream >= 0);
    HOLDS(connect(stream, (struct sockaddr *)&address, sizeof(address)) == 0 ||
          errno == EINPROGRESS);
    int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
    HOLDS(datagrams >= 0);
    struct sockaddr_in own = bound_to(datagrams);
    HOLDS(sendto(datagrams, "a", 1, 0, (struct sockaddr *)&own, sizeof(own)) == 1);
    FAILS(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
    FAILS(socket(AF_NETLINK, SOCK_RAW, 0), EPERM);
    FAILS(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
    FAILS(socket(AF_PACKET, SOCK_DGRAM, 0), EPERM);
    int bare = socket(AF_INET, SOCK_STREAM, 0);
    FAILS(listen(bare, 1), EPERM);
    own.sin_port = 0;
    if (landlock >= 4)
        FAILS(bind(bare, (struct sockaddr *)&own, sizeof(own)), EACCES);
}

static void a_resolver_asks_over_ip_and_does_not_listen_anew(void **state)
{
    (void)state;
    assert_holds(ask);
}

static void watch(void)
{
    char *mine = path_join(scratch, "mine");
    confine_to(CONFINE_FILES_READ | CONFINE_WATCH, &(struct confine_path){"/", CONFINE_READ}, 1);
    int fd = inotify_init1(IN_CLOEXEC);
    struct ifaddrs *addresses;
    HOLDS(fd >= 0 && inotify_add_watch(fd, mine, IN_CREATE) >= 0);
    HOLDS(getifaddrs(&addresses) == 0);
    freeifaddrs(addresses);
    free(mine);
    FAILS(socket(AF_INET, SOCK_DGRAM, 0), EPERM);
    FAILS(socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK), EPERM);
}

static void do_not_watch(void)
{
    confine_to(CONFINE_FILES_READ | CONFINE_SERVE, NULL, 0);
    FAILS(inotify_init1(IN_CLOEXEC), EPERM);
    FAILS(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), EPERM);
}

static void a_watcher_sees_files_and_addresses(void **state)
{
    (void)state;
    assert_holds(watch);
    assert_holds(do_not_watch);
}

// ── Threads and processes ────────────────────────────────────────────────────────────────────────

static void *add_one(void *number)
{
    ++*(int *)number;
    return NULL;
}

static void threads(void)
{
    pthread_t thread;
    int number = 1;
    confine_to(CONFINE_THREADS, NULL, 0);
    HOLDS(pthread_create(&thread, NULL, add_one, &number) == 0);
    HOLDS(pthread_join(thread, NULL) == 0 && number == 2);
}

static void no_threads(void)
{
    pthread_t thread;
    int number = 1;
    confine_to(0, NULL, 0);
    HOLDS(pthread_create(&thread, NULL, add_one, &number) != 0);
}

static void threads_start_with_their_group_only(void **state)
{
    (void)state;
    assert_holds(threads);
    assert_holds(no_threads);
}

static void *sleep_on(void *unused)
{
    (void)unused;
    pause();
    return NULL;
}

static void confine_too_late(void)
{
    struct confine_profile profile = {0};
    struct confine_result result;
    struct error err = {0};
    pthread_t thread;
    HOLDS(pthread_create(&thread, NULL, sleep_on, NULL) == 0);
    HOLDS(confine(&profile, &result, &err) == STATUS_STATE);
    HOLDS(strcmp(err.text, "cannot confine: 2 threads run already") == 0);
}

static void threads_that_run_already_are_refused(void **state)
{
    (void)state;
    assert_holds(confine_too_late);
}

#define ALL_GROUPS                                                                                 \
    (CONFINE_FILES_READ | CONFINE_FILES_WRITE | CONFINE_SERVE | CONFINE_CONNECT |                  \
     CONFINE_THREADS | CONFINE_WATCH)

static void confine_to_all(void)
{
    confine_to(ALL_GROUPS, &(struct confine_path){"/", CONFINE_WRITE}, 1);
}

static void run_shell(void)
{
    confine_to_all();
    execl("/bin/sh", "sh", "-c", "exit 0", (char *)NULL);
}

static void run_shell_by_descriptor(void)
{
    int fd = open("/bin/sh", O_PATH);
    confine_to_all();
    syscall(SYS_execveat, fd, "", NULL, NULL, AT_EMPTY_PATH);
}

static void trace(void)
{
    confine_to_all();
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void fork_once(void)
{
    confine_to_all();
    fork();
}

static void leave_the_namespace(void)
{
    confine_to_all();
    unshare(CLONE_NEWUSER);
}

static void programs_forks_and_debuggers_end_the_process(void **state)
{
    (void)state;
    assert_is_killed(run_shell);
    assert_is_killed(run_shell_by_descriptor);
    assert_is_killed(trace);
    assert_is_killed(fork_once);
    assert_is_killed(leave_the_namespace);
}

static void new_code(void)
{
    const size_t page = 4096;
    confine_to_all();
    void *data = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    HOLDS(data != MAP_FAILED);
    FAILS(mprotect(data, page, PROT_READ | PROT_EXEC), EPERM);
    HOLDS(mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
              MAP_FAILED &&
          errno == EPERM);
}

static void no_new_code_can_be_mapped(void **state)
{
    (void)state;
    assert_holds(new_code);
}

static void signals(void)
{
    signal(SIGUSR1, SIG_IGN);
    confine_to_all();
    HOLDS(raise(SIGUSR1) == 0);
    FAILS(kill(getppid(), 0), EPERM);
    FAILS(syscall(SYS_tgkill, getppid(), getppid(), 0), EPERM);
    FAILS(fcntl(0, F_SETOWN, getppid()), EPERM);
}

static void only_the_process_itself_can_be_signalled(void **state)
{
    (void)state;
    assert_holds(signals);
}

static void newer_calls(void)
{
    confine_to_all();
    FAILS(syscall(SYS_clone3, NULL, 0), ENOSYS);
    FAILS(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
}

static void calls_that_libraries_only_try_are_unknown(void **state)
{
    (void)state;
    assert_holds(newer_calls);
}

// ── The process ──────────────────────────────────────────────────────────────────────────────────

static void memory_stays_inside(void)
{
    struct rlimit limit;
    confine_to_all();
    HOLDS(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0);
    HOLDS(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    FAILS(setrlimit(RLIMIT_CORE, &(struct rlimit){1, 1}), EPERM);
    FAILS(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), EPERM);
}

static void nothing_of_it_gets_into_a_core_dump(void **state)
{
    (void)state;
    assert_holds(memory_stays_inside);
}

static bool has_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);
    return at != NULL && at[strlen(line)] == '\n';
}

static void the_kernel_says_that_it_is_confined(void **state)
{
    (void)state;
    int ready[2], end[2];
    char octet, path[64];
    struct buf text = {0};
    struct error err = {0};
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(end[1]);
        confine_to(0, NULL, 0);
        HOLDS(write(ready[1], "", 1) == 1);
        _exit(read(end[0], &octet, 1) == 0 ? 0 : 1);
    }
    close(ready[1]); // the child's end is the end of the stream
    close(end[0]);
    assert_int_equal(read(ready[0], &octet, 1), 1);
    snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
    assert_int_equal(file_read(path, 65536, &text, &err), STATUS_OK);
    assert_true(has_line(buf_text(&text), "NoNewPrivs:\t1"));
    assert_true(has_line(buf_text(&text), "Seccomp:\t2"));
    close(end[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(ready[0]);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_a_path_can_be_read_and_no_others),
        cmocka_unit_test(what_is_there_can_be_updated_and_nothing_be_made),
        cmocka_unit_test(a_writer_writes_below_its_path_and_nowhere_else),
        cmocka_unit_test(a_file_that_is_replaced_in_its_directory_can_be_read),
        cmocka_unit_test(a_path_may_be_one_file),
        cmocka_unit_test(without_the_group_nothing_can_be_opened),
        cmocka_unit_test(a_server_answers_and_asks_nobody),
        cmocka_unit_test(a_resolver_asks_over_ip_and_does_not_listen_anew),
        cmocka_unit_test(a_watcher_sees_files_and_addresses),
        cmocka_unit_test(threads_start_with_their_group_only),
        cmocka_unit_test(threads_that_run_already_are_refused),
        cmocka_unit_test(programs_forks_and_debuggers_end_the_process),
        cmocka_unit_test(no_new_code_can_be_mapped),
        cmocka_unit_test(only_the_process_itself_can_be_signalled),
        cmocka_unit_test(calls_that_libraries_only_try_are_unknown),
        cmocka_unit_test(nothing_of_it_gets_into_a_core_dump),
        cmocka_unit_test(the_kernel_says_that_it_is_confined),
    };
    int failed = cmocka_run_group_tests_name("with Landlock", tests, make_files, remove_scratch);
    hides_landlock = true;
    return failed + cmocka_run_group_tests_name("without", tests, make_files, remove_scratch);
}
