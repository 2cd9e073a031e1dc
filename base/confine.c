// SPDX-License-Identifier: ISC
#include "base/confine.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "base/confine_parts.h"

#ifdef __SANITIZE_ADDRESS__
static bool is_confined;

// The leak checker stops the process by ptrace, which would be its end.
int __lsan_is_turned_off(void)
{
    return is_confined;
}
#endif

// Landlock holds for the calling thread and those that it starts; others would keep all their rights. The kernel counts
// a process's threads as links of this directory.
static enum status refuse_threads(struct error *err)
{
    struct stat tasks;
    if (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3)
        return error_set(err, STATUS_STATE, "cannot confine: %lu threads run already",
                         (unsigned long)tasks.st_nlink - 2);
    return STATUS_OK;
}

enum status confine_memory(struct error *err)
{
    if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0)
        return error_set_errno(err, errno, "cannot turn core dumps off");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_set_errno(err, errno, "cannot hide memory from debuggers");
    return STATUS_OK;
}

enum status confine(const struct confine_profile *profile, struct confine_result *ret,
                    struct error *err)
{
    *ret = (struct confine_result){0};
    tzset(); // reads /etc/localtime, which even gmtime(3) wants once
    enum status status = refuse_threads(err);
    if (status == STATUS_OK)
        status = confine_memory(err);
    if (status == STATUS_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        status = error_set_errno(err, errno, "cannot set no_new_privs");
    if (status == STATUS_OK)
        status = confine_files(profile, &ret->landlock, err);
    if (status == STATUS_OK)
        status = confine_calls(profile->groups, err);
#ifdef __SANITIZE_ADDRESS__
    is_confined = true;
#endif
    return status;
}
