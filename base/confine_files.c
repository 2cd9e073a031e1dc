// SPDX-License-Identifier: ISC
// Landlock (landlock(7)) by its system calls: there is no library for it in Debian. The kernel headers of Debian 12 end
// at ABI 2 while a kernel may be newer, so that what came later is defined here. Everything that the running kernel can
// restrict is restricted; what it does not know yet is left to seccomp and to the file modes.
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/confine_parts.h"

#define FS_TRUNCATE  (UINT64_C(1) << 14) // ABI 3, Linux 6.2
#define FS_IOCTL_DEV (UINT64_C(1) << 15) // ABI 5, Linux 6.10

#define NET_BIND_TCP    (UINT64_C(1) << 0) // ABI 4, Linux 6.7
#define NET_CONNECT_TCP (UINT64_C(1) << 1)

#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0) // ABI 6, Linux 6.12
#define SCOPE_SIGNAL               (UINT64_C(1) << 1)

// struct landlock_ruleset_attr as of ABI 6; an older kernel gets the part that it knows.
struct ruleset {
    uint64_t files;
    uint64_t net;
    uint64_t scoped;
};

#define FS_ABI_1     ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define NET_ABI_4    (NET_BIND_TCP | NET_CONNECT_TCP)
#define SCOPED_ABI_6 (SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL)

// What the kernel can take away, from which ABI on.
static const struct {
    int abi;
    struct ruleset rights;
    size_t size;
} versions[] = {
    {1, {.files = FS_ABI_1}, offsetof(struct ruleset, net)},
    {2, {.files = LANDLOCK_ACCESS_FS_REFER}, offsetof(struct ruleset, net)},
    {3, {.files = FS_TRUNCATE}, offsetof(struct ruleset, net)},
    {4, {.net = NET_ABI_4}, offsetof(struct ruleset, scoped)},
    {5, {.files = FS_IOCTL_DEV}, offsetof(struct ruleset, scoped)},
    {6, {.scoped = SCOPED_ABI_6}, sizeof(struct ruleset)},
};

#define RIGHTS_READ   (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_UPDATE (RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)
#define RIGHTS_MAKE   (LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR)
#define RIGHTS_REMOVE (LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR)

static const uint64_t granted[] = {
    [CONFINE_READ] = RIGHTS_READ,
    [CONFINE_UPDATE] = RIGHTS_UPDATE,
    [CONFINE_WRITE] = RIGHTS_UPDATE | RIGHTS_MAKE | RIGHTS_REMOVE,
};

// Of these the kernel lets a rule on a file have.
#define RIGHTS_OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

static enum status grant(int ruleset, const struct ruleset *handled,
                         const struct confine_path *path, struct error *err)
{
    int fd = path->path != NULL ? open(path->path, O_PATH | O_CLOEXEC) : -1;
    struct stat info;
    if (fd < 0) // not there, or not to be reached
        return STATUS_OK;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = granted[path->access] & handled->files,
        .parent_fd = fd,
    };
    if (fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode))
        rule.allowed_access &= RIGHTS_OF_FILES;
    long failed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    enum status status =
        failed == 0 ? STATUS_OK
                    : error_set_errno(err, errno, "%s: cannot be a Landlock rule", path->path);
    close(fd);
    return status;
}

// What sanitizers and coverage counters do when the process ends; nothing in other builds.
static enum status grant_to_tools(int ruleset, const struct ruleset *handled, struct error *err)
{
    enum status status = STATUS_OK;
#ifdef __SANITIZE_ADDRESS__
    char program[PATH_MAX] = {0}; // with names of functions in reports
    if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0)
        status = grant(ruleset, handled, &(struct confine_path){program, CONFINE_READ}, err);
    if (status == STATUS_OK)
        status = grant(ruleset, handled, &(struct confine_path){"/usr/lib", CONFINE_READ}, err);
#endif
#ifdef CONFINE_COVERAGE
    status = grant(ruleset, handled, &(struct confine_path){CONFINE_COVERAGE, CONFINE_WRITE}, err);
#endif
    (void)ruleset;
    (void)handled;
    (void)err;
    return status;
}

static enum status restrict_self(int ruleset, const struct ruleset *handled,
                                 const struct confine_profile *profile, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < profile->path_count && status == STATUS_OK; i++)
        status = grant(ruleset, handled, &profile->paths[i], err);
    if (status == STATUS_OK)
        status = grant_to_tools(ruleset, handled, err);
    if (status == STATUS_OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        status = error_set_errno(err, errno, "cannot restrict by Landlock");
    return status;
}

enum status confine_files(const struct confine_profile *profile, unsigned *ret_abi,
                          struct error *err)
{
    struct ruleset handled = {0};
    size_t size = 0;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi <= 0) // not built in, or turned off at boot
        return STATUS_OK;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (abi < versions[i].abi)
            break;
        handled.files |= versions[i].rights.files;
        handled.net |= versions[i].rights.net;
        handled.scoped |= versions[i].rights.scoped;
        size = versions[i].size;
    }
    if ((profile->groups & CONFINE_CONNECT) != 0)
        handled.net &= ~NET_CONNECT_TCP;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
    if (ruleset < 0)
        return error_set_errno(err, errno, "cannot make a Landlock ruleset");
    enum status status = restrict_self(ruleset, &handled, profile, err);
    close(ruleset);
    if (status == STATUS_OK)
        *ret_abi = (unsigned)abi;
    return status;
}
