// SPDX-License-Identifier: ISC
#include "config/follow.h"

#include <string.h>

#include <xxhash.h>

void inputs_follow_begin(struct inputs_follower *follower, const char *config_path)
{
    *follower = (struct inputs_follower){.config_path = config_path, .watch = inputs_watch_new()};
}

void inputs_follow_end(struct inputs_follower *follower)
{
    inputs_watch_free(follower->watch);
    follower->watch = NULL;
}

int inputs_follow_fd(const struct inputs_follower *follower)
{
    return inputs_watch_fd(follower->watch);
}

static uint64_t wait_for(struct inputs_follower *follower, uint64_t now_ms, enum inputs_news news)
{
    uint64_t wait = inputs_wait_ms(&follower->first_ms, now_ms, news);
    uint64_t waited = now_ms - follower->first_ms;
    follower->patient = wait >= INPUTS_QUIET_MS || waited + wait >= INPUTS_LATEST_MS;
    return wait > 0 ? wait : 1;
}

uint64_t inputs_follow_events(struct inputs_follower *follower, uint64_t now_ms)
{
    enum inputs_news news = inputs_watch_drain(follower->watch);
    return news != INPUTS_NO_NEWS ? wait_for(follower, now_ms, news) : 0;
}

uint64_t inputs_follow_others(struct inputs_follower *follower, uint64_t now_ms)
{
    return wait_for(follower, now_ms, INPUTS_PARTLY);
}

// Does it take something away? A domain that moves from one file to another is in none for a moment.
static bool is_doubtful(const struct inputs *old, const struct inputs *fresh)
{
    if (old == NULL || fresh->config->domain_count < old->config->domain_count)
        return old != NULL;
    for (size_t i = 0; i < fresh->file_count; i++) {
        const struct input_file *file = &fresh->files[i];
        const struct input_file *known = file->octets == NULL ? inputs_file(old, file->path) : NULL;
        if (known != NULL && known->octets != NULL)
            return true;
    }
    return false;
}

enum status inputs_follow_look(struct inputs_follower *follower, const struct inputs *old,
                               bool everything, struct inputs **ret, uint64_t *ret_again_ms,
                               struct config_errors *errors)
{
    bool sure = everything || follower->patient;
    *ret_again_ms = 0;
    inputs_watch_seen(follower->watch)->everything |= everything;
    enum status status = inputs_read_seen(follower->config_path, old,
                                          inputs_watch_seen(follower->watch), ret, errors);
    if (!sure && (status != STATUS_OK || is_doubtful(old, *ret))) {
        inputs_free(*ret);
        *ret = NULL;
        errors->count = 0;
        follower->patient = true;
        *ret_again_ms = INPUTS_QUIET_MS;
        return STATUS_OK;
    }
    follower->first_ms = 0;
    follower->patient = false;
    return status;
}

static uint64_t put_text(uint64_t before, const char *text)
{
    return XXH3_64bits_withSeed(text, strlen(text) + 1, before);
}

// Of all that the watch is set by, but for where links lead.
static uint64_t names_of(const struct inputs *inputs)
{
    const struct config *config = inputs->config;
    uint64_t now = config->digest;
    for (size_t i = 0; i < config->include_count; i++)
        now = put_text(now, config->includes[i].text);
    for (size_t i = 0; i < config->file_count; i++)
        now = put_text(now, config->files[i].path);
    for (size_t i = 0; i < inputs->file_count; i++)
        now = put_text(now, inputs->files[i].path);
    return now;
}

uint64_t inputs_follow_set(struct inputs_follower *follower, const struct inputs *inputs,
                           bool taken)
{
    uint64_t names = names_of(inputs);
    bool stays = names == follower->watched && inputs_watch_is_plain(follower->watch);
    if (taken) // else the next look has to find it again
        inputs_watch_forget(follower->watch);
    follower->watched = names;
    if (stays || !inputs_watch_set(follower->watch, follower->config_path, inputs))
        return 0;
    follower->patient = true; // what changed while it was not watched is read now
    return INPUTS_QUIET_MS;
}
