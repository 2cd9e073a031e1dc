// SPDX-License-Identifier: ISC
// The inotify part of inputs.h.
//
// From each path that matters follow the names that the kernel would look up, through symbolic links: every one of
// them is a pair (directory, name), and an event in a directory counts when its name is one of the pairs'. So a file
// that is renamed over, a link that is swapped at any hop, a directory that is moved or made later are all seen, and
// what others do in the same directories (the signer's state, an editor's scratch files) is not. The last pair of a
// path without links stands for that one file: what happens to it is about nothing else.
#include "config/inputs.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "config/defaults.h"
#include "config/surroundings.h"
#include "config/watch_parts.h"

#define LINKS_MAX 40 // as many as the kernel follows (path_resolution(7))
#define EVENTS                                                                                     \
    (IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |            \
     IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct inputs_watch *inputs_watch_new(void)
{
    struct inputs_watch *watch = xcalloc(1, sizeof(*watch));
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC); // -1 where the user has too many
    return watch;
}

static void interest_done(struct interest *interest)
{
    free(interest->directory);
    free(interest->name);
    free(interest->pattern);
    free(interest->path);
}

static void interests_done(struct interests *interests)
{
    for (size_t i = 0; i < interests->count; i++)
        interest_done(&interests->list[i]);
    free(interests->list);
    free(interests->last);
    free(interests->last_resolved);
}

void inputs_watch_free(struct inputs_watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->fd >= 0)
        close(watch->fd);
    inputs_watch_forget(watch);
    interests_done(&watch->interests);
    free(watch);
}

int inputs_watch_fd(const struct inputs_watch *watch)
{
    return watch->fd;
}

// ── Following paths ──────────────────────────────────────────────────────────────────────────────

static struct interest *add(struct interests *interests, const char *directory, const char *name)
{
    interests->list =
        array_grow(interests->list, &interests->cap, interests->count, sizeof(*interests->list));
    struct interest *interest = &interests->list[interests->count++];
    *interest = (struct interest){
        .directory = xstrdup(directory), .name = name != NULL ? xstrdup(name) : NULL, .wd = -1};
    return interest;
}

// Where the link points to, followed by what was behind it. NULL when it is gone meanwhile.
static char *read_link(const char *link, const char *behind)
{
    char target[PATH_MAX];
    ssize_t len = readlink(link, target, sizeof(target));
    if (len < 0 || len == (ssize_t)sizeof(target))
        return NULL;
    return xasprintf("%.*s/%s", (int)len, target, behind);
}

struct walk {
    struct interests *interests;
    char *here;     // a directory without a link in it
    char *rest;     // still to be followed from there
    unsigned links; // followed so far
    bool is_file;   // the path of one file, and no link in the part that is followed
};

// Takes the first name off rest; NULL when there is none. The caller frees.
static char *next_name(struct walk *walk)
{
    char *start = walk->rest + strspn(walk->rest, "/");
    size_t len = strcspn(start, "/");
    if (len == 0)
        return NULL;
    char *name = xasprintf("%.*s", (int)len, start);
    memmove(walk->rest, start + len, strlen(start + len) + 1);
    return name;
}

static void move_to(struct walk *walk, char *directory)
{
    free(walk->here);
    walk->here = directory;
}

// Goes to a name in the directory. False when there is nothing of that name.
static bool step(struct walk *walk, const char *name)
{
    struct interest *interest = add(walk->interests, walk->here, name);
    // One that leads on is about what lies behind it, and so is a link.
    if (walk->is_file && walk->rest[strspn(walk->rest, "/")] == '\0')
        interest->path = xstrdup(walk->interests->path);
    char *full = path_join(walk->here, name);
    struct stat info;
    if (lstat(full, &info) != 0) {
        free(full);
        return false;
    }
    if (!S_ISLNK(info.st_mode)) {
        move_to(walk, full);
        return true;
    }
    free(interest->path);
    interest->path = NULL;
    walk->is_file = false;
    char *rest = walk->links++ < LINKS_MAX ? read_link(full, walk->rest) : NULL;
    free(full);
    if (rest == NULL)
        return false;
    free(walk->rest);
    walk->rest = rest;
    if (rest[0] == '/')
        move_to(walk, xstrdup("/"));
    return true;
}

// Follows path from the directory `from` (which has no link in it). Returns where it leads, NULL when it leads nowhere.
static char *follow(struct interests *interests, const char *from, const char *path, bool is_file)
{
    struct walk walk = {
        .interests = interests, .here = xstrdup(from), .rest = xstrdup(path), .is_file = is_file};
    bool is_there = true;
    char *name;
    while (is_there && (name = next_name(&walk)) != NULL) {
        if (strcmp(name, "..") == 0)
            move_to(&walk, path_directory(walk.here));
        else if (strcmp(name, ".") != 0)
            is_there = step(&walk, name);
        free(name);
    }
    free(walk.rest);
    if (is_there)
        return walk.here;
    free(walk.here);
    return NULL;
}

static void follow_directory(struct interests *interests, const char *directory)
{
    if (interests->last != NULL && strcmp(interests->last, directory) == 0)
        return;
    free(interests->last);
    free(interests->last_resolved);
    interests->last = xstrdup(directory);
    interests->last_resolved = follow(interests, "/", directory, false);
}

static void follow_file(struct interests *interests, const char *path)
{
    char *directory = path_directory(path);
    follow_directory(interests, directory);
    interests->path = path;
    if (interests->last_resolved != NULL)
        free(follow(interests, interests->last_resolved, strrchr(path, '/') + 1, true));
    free(directory);
}

static void follow_names(struct interests *interests, const char *directory, const char *pattern)
{
    follow_directory(interests, directory);
    if (interests->last_resolved != NULL)
        add(interests, interests->last_resolved, NULL)->pattern = xstrdup(pattern);
}

// The directories in which something may come or go that a pattern matches.
static void follow_pattern(struct interests *interests, const char *pattern)
{
    char *directory = path_directory(pattern);
    const char *names = strrchr(pattern, '/') + 1;
    glob_t found = {0};
    if (strpbrk(directory, "*?[") == NULL) {
        follow_names(interests, directory, names);
    } else {
        follow_pattern(interests, directory);
        if (glob(directory, GLOB_ONLYDIR, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc; i++)
                follow_names(interests, found.gl_pathv[i], names);
        globfree(&found);
    }
    free(directory);
}

// What would be an input if it were there: the default certificate, host keys, and keys to come.
static void follow_defaults(struct interests *interests, const struct surroundings *surroundings,
                            const struct config *config)
{
    if (!config->box.tls_given && surroundings->certificates != NULL) {
        char *certificate = defaults_certificate(surroundings, config->box.hostname);
        follow_file(interests, certificate);
        free(certificate);
    }
    if (!config->box.ssh_given && surroundings->host_keys != NULL)
        follow_pattern(interests, surroundings->host_keys);
    if (!config->box.tls_next_given && surroundings->tls_next != NULL)
        follow_pattern(interests, surroundings->tls_next);
}

// No inputs, since the key is nobody's but the server's: who reads them wants to know when.
static void follow_server(struct interests *interests, const struct config_server_tls *tls)
{
    if (tls->enabled && tls->certificate != NULL)
        follow_file(interests, tls->certificate);
    if (tls->enabled && tls->key != NULL)
        follow_file(interests, tls->key);
}

static void follow_included(struct interests *interests, const struct config *config)
{
    for (size_t i = 0; i < config->include_count; i++)
        if (strpbrk(config->includes[i].text, "*?[") != NULL)
            follow_pattern(interests, config->includes[i].text);
    for (size_t i = 1; i < config->file_count; i++)
        follow_file(interests, config->files[i].path);
}

static void follow_config(struct interests *interests, const char *config_path)
{
    char *here = config_path[0] != '/' ? getcwd(NULL, 0) : NULL;
    char *absolute = path_join(here != NULL ? here : "/", config_path);
    char *directory = path_directory(absolute);
    follow_directory(interests, directory);
    interests->path = "";
    if (interests->last_resolved != NULL)
        free(follow(interests, interests->last_resolved, strrchr(absolute, '/') + 1, true));
    free(directory);
    free(absolute);
    free(here);
}

// ── Setting the watches ──────────────────────────────────────────────────────────────────────────

static int compare_names(const struct interest *a, const struct interest *b)
{
    int order = interest_texts(a->name, b->name);
    return order != 0 ? order : interest_texts(a->pattern, b->pattern);
}

static int compare_by_directory(const void *left, const void *right)
{
    const struct interest *a = left, *b = right;
    int order = strcmp(a->directory, b->directory);
    return order != 0 ? order : compare_names(a, b);
}

static int compare_by_wd(const void *left, const void *right)
{
    const struct interest *a = left, *b = right;
    if (a->wd != b->wd)
        return a->wd < b->wd ? -1 : 1;
    return compare_names(a, b);
}

// It stands for more than one file.
static void doubt(struct interest *interest)
{
    free(interest->path);
    interest->path = NULL;
}

// The same twice. It stands for one file only if both say so.
static void merge(struct interest *kept, struct interest *other)
{
    if (interest_texts(kept->path, other->path) != 0)
        doubt(kept);
    interest_done(other);
}

static void sort_once(struct interests *interests)
{
    qsort(interests->list, interests->count, sizeof(*interests->list), compare_by_directory);
    size_t kept = 0;
    for (size_t i = 0; i < interests->count; i++) {
        struct interest *interest = &interests->list[i];
        if (kept > 0 && compare_by_directory(&interests->list[kept - 1], interest) == 0)
            merge(&interests->list[kept - 1], interest);
        else
            interests->list[kept++] = *interest;
    }
    interests->count = kept;
}

// A directory that is mounted in two places is one to the kernel: an event in it is of both.
static void doubt_mounted(struct interests *interests)
{
    for (size_t i = 1; i < interests->count; i++) {
        struct interest *one = &interests->list[i - 1], *other = &interests->list[i];
        if (one->wd >= 0 && compare_by_wd(one, other) == 0 &&
            interest_texts(one->path, other->path) != 0) {
            doubt(one);
            doubt(other);
        }
    }
}

static void add_watches(int fd, struct interests *interests)
{
    for (size_t i = 0; i < interests->count; i++) {
        struct interest *interest = &interests->list[i];
        if (i > 0 && strcmp(interest[-1].directory, interest->directory) == 0)
            interest->wd = interest[-1].wd;
        else
            interest->wd = inotify_add_watch(fd, interest->directory, EVENTS);
    }
    qsort(interests->list, interests->count, sizeof(*interests->list), compare_by_wd);
    doubt_mounted(interests);
}

static void remove_watches(int fd, const struct interests *old, const struct interests *new)
{
    int last = -1;
    for (size_t i = 0; i < old->count; i++) {
        int wd = old->list[i].wd;
        if (wd != last && interests_first(new, wd) == NULL)
            inotify_rm_watch(fd, wd); // fails when the directory is gone, and the watch with it
        last = wd;
    }
}

static bool same_interests(const struct interests *a, const struct interests *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (compare_by_wd(&a->list[i], &b->list[i]) != 0)
            return false;
    return true;
}

void inputs_watch_forget(struct inputs_watch *watch)
{
    struct inputs_seen *seen = &watch->seen;
    for (size_t i = 0; i < seen->count; i++)
        free(seen->paths[i]);
    free(seen->paths);
    *seen = (struct inputs_seen){.everything = false};
    for (size_t i = 0; watch->open_count > 0 && i < watch->interests.count; i++)
        watch->interests.list[i].open = false;
    watch->open_count = 0;
}

bool inputs_watch_set_in(struct inputs_watch *watch, const struct surroundings *surroundings,
                         const char *config_path, const struct inputs *inputs)
{
    struct interests new = {0};
    follow_config(&new, config_path);
    for (size_t i = 0; inputs != NULL && i < inputs->file_count; i++)
        follow_file(&new, inputs->files[i].path);
    if (inputs != NULL) {
        follow_included(&new, inputs->config);
        follow_defaults(&new, surroundings, inputs->config);
        follow_server(&new, &inputs->config->server.tls);
    }
    sort_once(&new);
    add_watches(watch->fd, &new);
    remove_watches(watch->fd, &watch->interests, &new);
    bool is_other = !same_interests(&watch->interests, &new);
    interests_done(&watch->interests);
    watch->interests = new;
    watch->open_count = 0;
    watch->seen.everything = watch->seen.everything || is_other;
    return is_other;
}

bool inputs_watch_set(struct inputs_watch *watch, const char *config_path,
                      const struct inputs *inputs)
{
    return inputs_watch_set_in(watch, &surroundings_of_box, config_path, inputs);
}
