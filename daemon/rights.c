// SPDX-License-Identifier: ISC
#include "daemon/rights.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/ownership.h"

#define NO_GROUP ((gid_t)-1)

// ── Names to numbers ─────────────────────────────────────────────────────────────────────────────

// (uid_t)-1 means "leave it" to chown(2), and is no user.
static bool read_number(const char *text, unsigned *ret)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value >= UINT32_MAX)
        return false;
    *ret = (unsigned)value;
    return true;
}

static bool find_user(const char *text, struct rights_user *ret)
{
    unsigned number;
    bool is_number = read_number(text, &number);
    const struct passwd *entry = is_number ? getpwuid(number) : getpwnam(text);
    if (entry != NULL)
        *ret = (struct rights_user){entry->pw_uid, entry->pw_gid};
    else if (is_number)
        *ret = (struct rights_user){number, number};
    return entry != NULL || is_number;
}

static bool find_group(const char *text, gid_t *ret)
{
    unsigned number;
    if (read_number(text, &number)) {
        *ret = number;
        return true;
    }
    const struct group *entry = getgrnam(text);
    if (entry != NULL)
        *ret = entry->gr_gid;
    return entry != NULL;
}

static enum status read_user(const struct config *config, const char *option, const char *text,
                             struct config_place place, struct rights_user *ret, struct error *err)
{
    if (!find_user(text, ret))
        return config_complain(config, place, err,
                               "user.%s: there is no user \"%s\"; `zonebox init` makes it, or "
                               "`user: {%s: NAME}` names another",
                               option, text, option);
    if (ret->uid == 0 || ret->gid == 0)
        return config_complain(config, place, err,
                               "user.%s: \"%s\" is root or of its group, who may do everything; a "
                               "user and group of its own are wanted",
                               option, text);
    return STATUS_OK;
}

struct program_user {
    const char *option; // and name of the program
    const char *text;
    struct config_place place;
    struct rights_user *user;
    bool wanted;   // else the program is switched off, and its user need not be there
    bool is_guest; // in the server's group
};

// What belongs to a program, its group reaches too: serve/ is the server's, the signer's has the keys. But the server's
// part that speaks TLS has the server's, to read serve/ as well; the server cannot reach its memory all the same.
static enum status read_own_user(const struct config *config, const struct program_user *programs,
                                 size_t which, struct error *err)
{
    const struct program_user *own = &programs[which];
    enum status status = read_user(config, own->option, own->text, own->place, own->user, err);
    for (size_t i = 0; i < which && status == STATUS_OK; i++) {
        const struct rights_user *other = programs[i].user;
        if (own->user->uid == other->uid || (own->user->gid == other->gid && !own->is_guest))
            status = config_complain(config, own->place, err,
                                     "user.%s: has the user or group of the %s; a user and group "
                                     "of its own are wanted",
                                     own->option, programs[i].option);
    }
    return status;
}

static enum status read_users(const struct config *config, struct rights *ret, struct error *err)
{
    const struct config_user *user = &config->user;
    const struct program_user programs[] = {
        {"signer", user->signer, user->signer_place, &ret->signer, true, false},
        {"server", user->server, user->server_place, &ret->server, true, false},
        {"resolver", user->resolver, user->resolver_place, &ret->resolver, config->resolver.enabled,
         false},
        {"probe", user->probe, user->probe_place, &ret->probe, config->probe.enabled, false},
        {"tls", user->tls, user->tls_place, &ret->tls, config->server.tls.enabled, true},
    };
    enum status status = STATUS_OK;
    // Looked up in any case: a program may be switched on while zoned runs.
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]) && status == STATUS_OK; i++)
        if (programs[i].wanted || find_user(programs[i].text, programs[i].user))
            status = read_own_user(config, programs, i, err);
    ret->tls.gid = ret->server.gid;
    return status;
}

static enum status read_group(const struct config *config, const char *option, const char *text,
                              gid_t *ret, struct error *err)
{
    if (text == NULL || find_group(text, ret))
        return STATUS_OK;
    return config_complain(config, (struct config_place){0}, err, "%s: there is no group \"%s\"",
                           option, text);
}

enum status rights_read(const struct config *config, struct rights *ret, struct error *err)
{
    struct rights rights = {.root = geteuid() == 0};
    enum status status = STATUS_OK;
    if (rights.root) {
        status = read_users(config, &rights, err);
        rights.dkim = rights.signer.gid;
    } else {
        // The group of what an ordinary user makes is the system's to choose.
        rights.signer = (struct rights_user){geteuid(), NO_GROUP};
        rights.server = rights.resolver = rights.probe = rights.tls = rights.signer;
        rights.dkim = rights.control = NO_GROUP;
    }
    if (status == STATUS_OK)
        status = read_group(config, "box.dkim.group", config->box.dkim_group, &rights.dkim, err);
    if (status == STATUS_OK)
        status = read_group(config, "control.group", config->control.group, &rights.control, err);
    if (status == STATUS_OK)
        *ret = rights;
    return status;
}

static bool user_equal(const struct rights_user *a, const struct rights_user *b)
{
    return a->uid == b->uid && a->gid == b->gid;
}

bool rights_equal(const struct rights *a, const struct rights *b)
{
    return a->root == b->root && user_equal(&a->signer, &b->signer) &&
           user_equal(&a->server, &b->server) && user_equal(&a->resolver, &b->resolver) &&
           user_equal(&a->probe, &b->probe) && user_equal(&a->tls, &b->tls) && a->dkim == b->dkim &&
           a->control == b->control;
}

const struct rights_user *rights_of(const struct rights *rights, const struct rights_user *user)
{
    return rights->root ? user : NULL;
}

void rights_log(const struct rights *rights)
{
    if (rights->root)
        return;
    log_event(LOG_LEVEL_WARNING, "without-root", "uid", log_u64(geteuid()), "reason",
              "not started by root: all programs have this user's rights, so that the files of one "
              "do not stop another; ports below 1024 and files of root are out of reach",
              NULL);
}

// ── Directories ──────────────────────────────────────────────────────────────────────────────────

// Is it a state directory by its looks? A slip in `state:` must not cost somebody a home directory.
static bool is_state(const char *directory)
{
    char *keys = path_join(directory, "keys");
    struct stat info;
    bool is = lstat(keys, &info) == 0 && S_ISDIR(info.st_mode);
    free(keys);
    if (is)
        return true;
    DIR *listing = opendir(directory);
    size_t entries = 0;
    while (listing != NULL && readdir(listing) != NULL)
        entries++;
    if (listing != NULL)
        closedir(listing);
    return entries == 2; // "." and ".."
}

static enum status take_top(const char *directory, const struct stat *info, struct error *err)
{
    if (!is_state(directory))
        return error_set(err, STATUS_DENIED,
                         "%s: belongs to user %u and does not look like the state of zonebox; "
                         "`state:` names a directory of its own",
                         directory, (unsigned)info->st_uid);
    if (chown(directory, 0, 0) != 0 || chmod(directory, 0755) != 0)
        return error_set_errno(err, errno, "%s: cannot give it to root", directory);
    return STATUS_OK;
}

enum status rights_make_top(const struct rights *rights, const char *directory, struct error *err)
{
    enum status status = directory_make(directory, 0755, err);
    if (status != STATUS_OK || !rights->root)
        return status;
    struct stat info;
    if (stat(directory, &info) != 0)
        return error_set_errno(err, errno, "%s", directory);
    if (info.st_uid != 0) {
        status = take_top(directory, &info, err);
        return status == STATUS_OK ? ownership_take_file(directory, RIGHTS_LOCK, err) : status;
    }
    if ((info.st_mode & 0022) != 0)
        return error_set(err, STATUS_DENIED,
                         "%s: others may write there; `state:` names a directory of its own",
                         directory);
    if ((info.st_mode & 0111) != 0111 && chmod(directory, (info.st_mode & 07777) | 0111) != 0)
        return error_set_errno(err, errno, "%s: cannot set its mode", directory);
    return ownership_take_file(directory, RIGHTS_LOCK, err);
}

#define GROUPS_MAX 256 // of root; who has more is not asked about them here

static int look_as(const struct rights_user *user, const char *path)
{
    gid_t groups[GROUPS_MAX];
    int count = getgroups(GROUPS_MAX, groups);
    bool changed =
        count >= 0 && setgroups(0, NULL) == 0 && setegid(user->gid) == 0 && seteuid(user->uid) == 0;
    int failed = 0;
    if (!changed || faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS) != 0)
        failed = errno;
    if (seteuid(0) != 0 || setegid(getgid()) != 0 ||
        (count >= 0 && setgroups((size_t)count, groups) != 0))
        abort(); // going on with other rights than those wanted is no choice
    return failed;
}

// Becomes the user for a moment and looks whether it gets to the directory: with all that decides it, like access
// control lists and mounts. zoned has one thread now.
static enum status check_reach(const struct rights_user *user, const char *path, struct error *err)
{
    int failed = look_as(user, path);
    if (failed == 0)
        return STATUS_OK;
    return error_set_errno(err, failed,
                           "%s: user %u cannot get there; the directories above must let everybody "
                           "through (chmod o+x), or `state:` names another place",
                           path, (unsigned)user->uid);
}

struct directory {
    const char *name;
    const struct rights_user *user;
    gid_t gid;
    mode_t mode;
    const struct rights_user *reader; // must get there
};

static enum status make_directory(const struct rights *rights, const char *top,
                                  const struct directory *directory, struct error *err)
{
    struct ownership wanted = {directory->user->uid, directory->gid, directory->mode};
    enum status status = ownership_ensure(top, directory->name, &wanted, err);
    if (status != STATUS_OK || !rights->root)
        return status;
    char *path = path_join(top, directory->name);
    status = check_reach(directory->reader, path, err);
    free(path);
    return status;
}

enum status rights_make_state(const struct rights *rights, const char *directory, struct error *err)
{
    const struct rights_user *signer = &rights->signer, *server = &rights->server;
    const struct rights_user *resolver = &rights->resolver;
    const struct directory directories[] = {
        {"keys", signer, signer->gid, 0700, signer},
        {"dkim", signer, rights->dkim, 02750, signer},
        {"state", signer, signer->gid, 0700, signer},
        {"serve", signer, server->gid, 02750, server},
        {"public", signer, signer->gid, 0755, signer},
        {"resolver", resolver, resolver->gid, 0700, resolver},
    };
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && status == STATUS_OK; i++)
        if (!rights->root || directories[i].user->uid != 0) // no resolver: nobody's directory
            status = make_directory(rights, directory, &directories[i], err);
    return status;
}

// ── Control sockets ──────────────────────────────────────────────────────────────────────────────

char *rights_control_directory(const struct config *config)
{
    if (config->control.directory != NULL)
        return xstrdup(config->control.directory);
    return geteuid() == 0 ? xstrdup(RIGHTS_CONTROL_DIRECTORY) : path_join(config->state, "control");
}

// A directory that was there may be one for other things, too: its mode stays, but where it is ours by its looks.
static enum status take_control_directory(const struct rights *rights, const char *path,
                                          struct error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return error_set_errno(err, errno, "%s", path);
    if (!S_ISDIR(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 0022) != 0)
        return error_set(err, STATUS_DENIED,
                         "%s: control.directory: must belong to the user of zoned, and others may "
                         "not write to it",
                         path);
    bool looks_ours = (info.st_mode & 07777) == 0750;
    if (looks_ours && rights->control != NO_GROUP && info.st_gid != rights->control &&
        chown(path, (uid_t)-1, rights->control) != 0)
        return error_set_errno(err, errno, "%s: cannot give it to group %u", path,
                               (unsigned)rights->control);
    return STATUS_OK;
}

enum status rights_make_control(const struct rights *rights, const char *directory,
                                struct error *err)
{
    char *parent = path_directory(directory);
    enum status status = directory_make(parent, 0755, err);
    free(parent);
    if (status == STATUS_OK && mkdir(directory, 0700) == 0) {
        if (chown(directory, (uid_t)-1, rights->control) != 0 || chmod(directory, 0750) != 0)
            status = error_set_errno(err, errno, "%s: cannot set its group and mode", directory);
    } else if (status == STATUS_OK && errno != EEXIST) {
        status = error_set_errno(err, errno, "%s: cannot make the directory", directory);
    }
    return status == STATUS_OK ? take_control_directory(rights, directory, err) : status;
}
