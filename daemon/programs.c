// SPDX-License-Identifier: ISC
#include "daemon/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "daemon/set_aside.h"

char *programs_control_path(const struct zoned *zoned, const char *name)
{
    return xasprintf("%s/%s.sock", zoned->control_directory, name);
}

void programs_init_child(struct zoned *zoned, struct child *child, const char *name,
                         const char *program, const struct child_owner *owner, void *data)
{
    char *path = path_join(zoned->libexec, program);
    char *control = programs_control_path(zoned, name);
    child_init(child, zoned->logs, name, path, owner, data);
    child_set_control(child, control, zoned->rights.control);
    free(control);
    free(path);
}

static void put_lifeline(const struct zoned *zoned, struct launch *launch)
{
    launch_arg(launch, "--lifeline");
    launch_arg(launch, "%d", launch_fd(launch, zoned->lifeline[0]));
}

static void nothing(struct child *child)
{
    (void)child;
}

// ── zone-signer ──────────────────────────────────────────────────────────────────────────────────

static enum status signer_prepare(struct child *child, struct launch *launch, struct error *err)
{
    struct zoned *zoned = child->data;
    int inputs = -1;
    enum status status = snapshot_open(&zoned->snapshots, &inputs, err);
    if (status != STATUS_OK)
        return status;
    launch->user = rights_of(&zoned->rights, &zoned->rights.signer);
    launch_arg(launch, "--inputs");
    launch_arg(launch, "%d", launch_give_fd(launch, inputs));
    launch_arg(launch, "--observe");
    launch_arg(launch, "%d", launch_fd(launch, zoned->observe[0]));
    put_lifeline(zoned, launch);
    set_aside_arguments(zoned, launch);
    return STATUS_OK;
}

static void signer_ready(struct child *child)
{
    set_aside_signer_ready(child->data);
}

static void signer_died(struct child *child)
{
    struct zoned *zoned = child->data;
    snapshot_close(&zoned->snapshots);
}

static void signer_ended(struct child *child)
{
    struct zoned *zoned = child->data;
    snapshot_close(&zoned->snapshots);
    zoned_child_ended(zoned);
}

static const struct child_owner signer_owner = {
    .prepare = signer_prepare, .ready = signer_ready, .died = signer_died, .ended = signer_ended};

void signer_init(struct zoned *zoned)
{
    programs_init_child(zoned, &zoned->signer, ZONED_SIGNER, ZONED_SIGNER, &signer_owner, zoned);
}

// ── Flags ────────────────────────────────────────────────────────────────────────────────────────

// Everything but descriptors: what is the same now and then needs no restart.
// A flag and, unless NULL, its value: arguments that end with a NUL each.
static void put_flag(struct buf *flags, const char *name, const char *value)
{
    buf_printf(flags, "--%s", name);
    buf_put_u8(flags, 0);
    if (value != NULL)
        buf_put(flags, value, strlen(value) + 1);
}

static void put_path(struct buf *flags, const char *name, const char *directory, const char *file)
{
    char *path = path_join(directory, file);
    put_flag(flags, name, path);
    free(path);
}

static void put_number(struct buf *flags, const char *name, uint32_t value)
{
    put_flag(flags, name, log_u64(value));
}

static void put_address(struct buf *flags, const char *name, const struct address *address,
                        const char *tls_name)
{
    char text[ADDRESS_TEXT_MAX];
    address_text(address, true, text);
    char *value = tls_name != NULL ? xasprintf("%s#%s", text, tls_name) : xstrdup(text);
    put_flag(flags, name, value);
    free(value);
}

static void launch_flags(struct launch *launch, const struct buf *flags)
{
    const char *flag = (const char *)flags->data;
    for (const char *end = flag + flags->len; flag < end; flag += strlen(flag) + 1)
        launch_arg(launch, "%s", flag);
}

static bool buf_is(const struct buf *buf, const struct buf *other)
{
    return buf->len == other->len &&
           (buf->len == 0 || memcmp(buf->data, other->data, buf->len) == 0);
}

// Takes flags over. Returns whether they are the same as before.
static bool take_flags(struct buf *kept, struct buf *flags)
{
    bool same = buf_is(kept, flags);
    buf_done(kept);
    *kept = *flags;
    return same;
}

// Makes the child run with what it should have.
static void run_child(struct child *child, bool same)
{
    if (child->state == CHILD_IDLE || child->state == CHILD_ENDING)
        child_start(child);
    else if (!same)
        child_roll(child);
}

// ── zone-resolver ────────────────────────────────────────────────────────────────────────────────

// How many of the server's addresses the resolver is told; one that answers is enough.
#define OWN_SERVERS_MAX 4

// The box's own zones are asked at its own server: where strangers ask too, so that the answers are theirs; loopback
// when it listens nowhere else.
static void put_own_servers(const struct zoned *zoned, struct buf *flags)
{
    const struct listen_set *sockets = &zoned->sockets;
    size_t put = 0;
    for (int loopback = 0; loopback <= 1 && put == 0; loopback++) {
        for (size_t i = 0; i < sockets->address_count && put < OWN_SERVERS_MAX; i++) {
            const struct address *address = &sockets->addresses[i];
            if ((address_scope(address) == ADDRESS_LOOPBACK) != (loopback == 1))
                continue;
            put_address(flags, "own-server", address, NULL);
            put++;
        }
    }
}

static void resolver_flags(const struct zoned *zoned, struct buf *ret)
{
    const struct config_resolver *resolver = &zoned->feed.inputs->config->resolver;
    put_path(ret, "state", zoned->state, "resolver");
    if (resolver->root_hints != NULL)
        put_flag(ret, "root-hints", resolver->root_hints);
    for (size_t i = 0; i < resolver->trust_anchor_count; i++)
        put_flag(ret, "trust-anchor", resolver->trust_anchors[i].text);
    for (size_t i = 0; i < resolver->forward_count; i++)
        put_address(ret, "forward", &resolver->forward[i].address, resolver->forward[i].tls_name);
    if (zoned->sockets.address_count > 0) {
        put_path(ret, "own-zones", zoned->state, "public/zones.key");
        put_own_servers(zoned, ret);
        if (resolver->trust_own_keys)
            put_flag(ret, "trust-own-keys", NULL);
    }
    put_number(ret, "cache", resolver->cache);
    put_number(ret, "queries", resolver->queries);
    put_number(ret, "queries-per-client", resolver->queries_per_client);
}

static enum status resolver_prepare(struct child *child, struct launch *launch, struct error *err)
{
    struct zoned *zoned = child->data;
    const struct listen_set *sockets = &zoned->resolver_sockets;
    const struct listen_pair *pairs = listen_pairs(sockets, 0);
    (void)err;
    launch->user = rights_of(&zoned->rights, &zoned->rights.resolver);
    for (size_t i = 0; i < sockets->address_count; i++) {
        launch_fd(launch, pairs[i].udp);
        launch_fd(launch, pairs[i].tcp);
    }
    launch_arg(launch, "--sockets");
    launch_arg(launch, "%zu", launch->fd_count);
    put_lifeline(zoned, launch);
    launch_flags(launch, &zoned->resolver_flags);
    return STATUS_OK;
}

static void resolver_ended(struct child *child)
{
    struct zoned *zoned = child->data;
    listen_done(&zoned->resolver_sockets);
    zoned_child_ended(zoned);
}

static const struct child_owner resolver_owner = {
    .prepare = resolver_prepare, .ready = nothing, .died = nothing, .ended = resolver_ended};

void resolver_init(struct zoned *zoned)
{
    programs_init_child(zoned, &zoned->resolver, ZONED_RESOLVER, ZONED_RESOLVER, &resolver_owner,
                        zoned);
}

// Mostly another resolver that was there before: it is not the zones' fault, so they are served all the same.
static void complain(struct zoned *zoned, const struct error *err)
{
    struct error words = {0};
    error_set(&words, STATUS_STATE,
              "%s; `listen:` of `resolver:` can name another address or port, `resolver: no` does "
              "without one",
              err->text);
    if (strcmp(words.text, zoned->resolver_error.text) != 0)
        log_event(LOG_LEVEL_ERROR, "resolver-not-listening", "reason", words.text, NULL);
    zoned->resolver_error = words;
}

bool resolver_follow(struct zoned *zoned)
{
    const struct config_resolver *resolver = &zoned->feed.inputs->config->resolver;
    struct error err = {0};
    if (!resolver->enabled) {
        zoned->resolver_error.text[0] = '\0';
        child_end(&zoned->resolver); // which gives the sockets up
        return true;
    }
    struct address *addresses = NULL;
    size_t count = 0;
    listen_wanted_resolver(&zoned->resolver_sockets, zoned->feed.inputs, &addresses, &count);
    bool same = listen_is(&zoned->resolver_sockets, addresses, count, 1);
    enum status status =
        same ? STATUS_OK : listen_change(&zoned->resolver_sockets, addresses, count, 1, &err);
    free(addresses);
    if (status != STATUS_OK) {
        complain(zoned, &err);
        return false;
    }
    zoned->resolver_error.text[0] = '\0';
    struct buf flags = {0};
    resolver_flags(zoned, &flags);
    if (!take_flags(&zoned->resolver_flags, &flags))
        same = false;
    run_child(&zoned->resolver, same);
    return true;
}

// ── zone-probe ───────────────────────────────────────────────────────────────────────────────────

static enum status probe_prepare(struct child *child, struct launch *launch, struct error *err)
{
    struct zoned *zoned = child->data;
    (void)err;
    launch->user = rights_of(&zoned->rights, &zoned->rights.probe);
    launch_arg(launch, "--observe");
    launch_arg(launch, "%d", launch_fd(launch, zoned->observe[1]));
    put_lifeline(zoned, launch);
    launch_flags(launch, &zoned->probe_flags);
    return STATUS_OK;
}

static void probe_ended(struct child *child)
{
    zoned_child_ended(child->data);
}

static const struct child_owner probe_owner = {
    .prepare = probe_prepare, .ready = nothing, .died = nothing, .ended = probe_ended};

void probe_init(struct zoned *zoned)
{
    programs_init_child(zoned, &zoned->probe, ZONED_PROBE, ZONED_PROBE, &probe_owner, zoned);
}

// Without a resolver of the box, another one is expected at the usual place of loopback, as the box's mail server does.
void probe_follow(struct zoned *zoned)
{
    const struct config *config = zoned->feed.inputs->config;
    struct buf flags = {0};
    if (!config->probe.enabled) {
        child_end(&zoned->probe);
        return;
    }
    if (config->resolver.enabled && config->resolver.listen_count > 0)
        put_address(&flags, "resolver", &config->resolver.listen[0], NULL);
    run_child(&zoned->probe, take_flags(&zoned->probe_flags, &flags));
}
