// SPDX-License-Identifier: ISC
#include "resolver/context.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

#define HINTS_FILE_MAX (1U << 20) // octets; IANA's has 3,300

// ── The server clause ────────────────────────────────────────────────────────────────────────────

// What does not depend on settings. Where a line says what is libunbound's default too, it is there because another
// version may decide otherwise.
static const char fixed_part[] =
    "server:\n"
    // Where it runs: one thread, no files of its own, no log but errors.
    "  verbosity: 0\n"
    "  use-syslog: no\n"
    "  chroot: \"\"\n"
    "  username: \"\"\n"
    "  directory: \"\"\n"
    "  msg-cache-slabs: 1\n"
    "  rrset-cache-slabs: 1\n"
    "  infra-cache-slabs: 1\n"
    "  key-cache-slabs: 1\n"
    // DNSSEC.
    "  module-config: \"validator iterator\"\n"
    "  val-permissive-mode: no\n"
    "  harden-dnssec-stripped: yes\n"
    "  harden-below-nxdomain: yes\n" // RFC 8020
    // RFC 8198 would spare questions, but what 1.17 makes up of wildcards lies in one chain of its cache: with 30,000
    // names below one, each question takes 3 ms of work, and strangers choose the names.
    "  aggressive-nsec: no\n"
    "  trust-anchor-signaling: yes\n"
    "  root-key-sentinel: yes\n"
    // Asking.
    "  do-ip4: yes\n"
    "  do-ip6: yes\n"
    "  do-udp: yes\n"
    "  do-tcp: yes\n"
    "  udp-connect: yes\n" // a server that is not there is known at once
    "  harden-glue: yes\n"
    "  qname-minimisation: yes\n" // RFC 9156
    "  edns-buffer-size: 1232\n"  // RFC 9715
    "  minimal-responses: yes\n"
    "  serve-expired: no\n"
    "  prefetch: no\n"
    // A server that does not answer is waited for twice as long each time, beyond 12 s it is hardly asked at all. What
    // is known of it is forgotten before it comes to that: the box's own server, once it is back, is asked at once. The
    // price: round trip times of the world's servers are learnt anew, too.
    "  infra-host-ttl: 2\n";

// What only ever asks for the anchors' keys.
static const char follower_part[] = "  outgoing-range: 32\n"
                                    "  outgoing-num-tcp: 4\n"
                                    "  msg-cache-size: 256k\n"
                                    "  rrset-cache-size: 256k\n"
                                    "  key-cache-size: 64k\n"
                                    "  neg-cache-size: 64k\n";

static void put_sizes(const struct engine_settings *settings, struct buf *ret)
{
    // unbound.conf(5): twice as much for RRsets as for messages; two ports per question, since names of name servers
    // are looked up beside. A TCP connection (64 kB of buffer) is used again for many questions.
    buf_printf(ret, "  msg-cache-size: %uk\n", settings->cache_mb * 1024 / 3);
    buf_printf(ret, "  rrset-cache-size: %uk\n", settings->cache_mb * 1024 / 3 * 2);
    buf_put_text(ret, "  key-cache-size: 4m\n"
                      "  neg-cache-size: 1m\n"
                      "  outgoing-num-tcp: 32\n");
    buf_printf(ret, "  outgoing-range: %u\n",
               settings->queries < 128 ? 256 : 2 * settings->queries);
}

static bool forwards_over_tls(const struct engine_settings *settings)
{
    for (size_t i = 0; i < settings->forward_count; i++)
        if (settings->forwards[i].tls_name != NULL)
            return true;
    return false;
}

static void put_anchors(const struct context_plan *plan, struct buf *ret)
{
    const struct anchors *anchors = plan->anchors;
    for (size_t i = 0; i < anchors->zone_count && plan->follows; i++)
        if (anchors->zones[i].path != NULL)
            buf_printf(ret, "  auto-trust-anchor-file: \"%s\"\n", anchors->zones[i].path);
    for (size_t i = 0; i < anchors->count && !plan->follows; i++) {
        if (!anchor_is_trusted(&anchors->list[i]))
            continue;
        buf_put_text(ret, "  trust-anchor: \"");
        record_print(&anchors->list[i].record, ret);
        buf_put_text(ret, "\"\n");
    }
}

// ── Own zones ────────────────────────────────────────────────────────────────────────────────────

// libunbound answers names below these itself (RFC 6303, RFC 6761 and the like) unless told that they are somebody's.
static bool is_special(const uint8_t *zone)
{
    static const uint8_t *const names[] = {
        (const uint8_t *)"\4test",       (const uint8_t *)"\7invalid",
        (const uint8_t *)"\5onion",      (const uint8_t *)"\11localhost",
        (const uint8_t *)"\4home\4arpa", (const uint8_t *)"\7in-addr\4arpa",
        (const uint8_t *)"\3ip6\4arpa",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (name_is_under(zone, names[i]))
            return true;
    return false;
}

static void put_local(const uint8_t *zone, struct buf *ret)
{
    if (!is_special(zone))
        return;
    buf_put_text(ret, "  local-zone: \"");
    owner_print(zone, ret);
    buf_put_text(ret, "\" transparent\n");
}

static void put_own_server_part(const struct context_plan *plan, struct buf *ret)
{
    const struct own_zones *zones = plan->own_zones;
    bool trust = plan->settings->trust_own_keys;
    for (size_t i = 0; i < zones->keys.count; i++) {
        const struct record *key = &zones->keys.list[i];
        if (i == 0 || !name_equal(zones->keys.list[i - 1].owner.wire, key->owner.wire))
            put_local(key->owner.wire, ret);
        if (!trust)
            continue;
        buf_put_text(ret, "  trust-anchor: \"");
        record_print(key, ret);
        buf_put_text(ret, "\"\n");
    }
    for (size_t i = 0; i < zones->unsigned_count; i++) {
        put_local(zones->unsigned_zones[i].wire, ret);
        if (!trust)
            continue;
        buf_put_text(ret, "  domain-insecure: \"");
        owner_print(zones->unsigned_zones[i].wire, ret);
        buf_put_text(ret, "\"\n");
    }
}

static void put_stub(const struct context_plan *plan, const uint8_t *zone, struct buf *ret)
{
    char text[ADDRESS_TEXT_MAX];
    buf_put_text(ret, "stub-zone:\n  name: \"");
    owner_print(zone, ret);
    // Not cached: what is published is seen by the next question, and asking the neighbour costs little.
    buf_put_text(ret, "\"\n  stub-no-cache: yes\n");
    for (size_t i = 0; i < plan->settings->own_server_count; i++)
        buf_printf(ret, "  stub-addr: %s\n",
                   address_text(&plan->settings->own_servers[i], true, text));
}

static void put_stubs(const struct context_plan *plan, struct buf *ret)
{
    const struct own_zones *zones = plan->own_zones;
    if (plan->settings->own_server_count == 0)
        return;
    for (size_t i = 0; i < zones->keys.count; i++)
        if (i == 0 ||
            !name_equal(zones->keys.list[i - 1].owner.wire, zones->keys.list[i].owner.wire))
            put_stub(plan, zones->keys.list[i].owner.wire, ret);
    for (size_t i = 0; i < zones->unsigned_count; i++)
        put_stub(plan, zones->unsigned_zones[i].wire, ret);
}

static void put_forwards(const struct engine_settings *settings, struct buf *ret)
{
    char text[ADDRESS_TEXT_MAX];
    if (settings->forward_count == 0)
        return;
    buf_put_text(ret, "forward-zone:\n  name: \".\"\n");
    if (forwards_over_tls(settings)) // relays take TCP; libunbound then asks all by it
        buf_put_text(ret, "  forward-tcp-upstream: yes\n");
    for (size_t i = 0; i < settings->forward_count; i++)
        buf_printf(ret, "  forward-addr: %s\n",
                   address_text(&settings->forwards[i].address, true, text));
}

void context_text(const struct context_plan *plan, struct buf *ret)
{
    const struct engine_settings *settings = plan->settings;
    buf_put_text(ret, fixed_part);
    if (plan->follows)
        buf_put_text(ret, follower_part);
    else
        put_sizes(settings, ret);
    buf_printf(ret, "  do-not-query-localhost: %s\n", plan->asks_loopback ? "no" : "yes");
    if (settings->root_hints != NULL)
        buf_printf(ret, "  root-hints: \"%s\"\n", settings->root_hints);
    put_anchors(plan, ret);
    if (plan->own_zones != NULL && !plan->follows)
        put_own_server_part(plan, ret);
    for (size_t i = 0; i < settings->option_count; i++)
        buf_printf(ret, "  %s\n", settings->options[i]);
    if (plan->own_zones != NULL && !plan->follows)
        put_stubs(plan, ret);
    put_forwards(settings, ret);
}

// ── Loopback ─────────────────────────────────────────────────────────────────────────────────────

// Every word of the hints that is an address is one of a root server.
static bool has_loopback(char *text)
{
    static const char blanks[] = " \t\r\n";
    struct address address;
    struct error ignored;
    char *rest = NULL;
    for (char *word = strtok_r(text, blanks, &rest); word != NULL;
         word = strtok_r(NULL, blanks, &rest))
        if (address_parse(word, 0, &address, &ignored) == STATUS_OK &&
            address_scope(&address) == ADDRESS_LOOPBACK)
            return true;
    return false;
}

enum status context_asks_loopback(const struct engine_settings *settings, bool *ret,
                                  struct error *err)
{
    bool found = false;
    for (size_t i = 0; i < settings->forward_count; i++)
        found = found || address_scope(&settings->forwards[i].address) == ADDRESS_LOOPBACK;
    for (size_t i = 0; i < settings->own_server_count; i++)
        found = found || address_scope(&settings->own_servers[i]) == ADDRESS_LOOPBACK;
    if (settings->root_hints != NULL) {
        struct buf text = {0};
        enum status status = file_read(settings->root_hints, HINTS_FILE_MAX, &text, err);
        if (status == STATUS_OK) {
            buf_put_u8(&text, 0);
            found = found || has_loopback((char *)text.data);
        }
        buf_done(&text);
        if (status != STATUS_OK)
            return status;
    }
    *ret = found;
    return STATUS_OK;
}

// ── The context ──────────────────────────────────────────────────────────────────────────────────

enum status contexts_init(struct contexts *contexts, uv_loop_t *loop, struct error *err)
{
    events_init(&contexts->events, loop);
    contexts->settings_fd = memfd_create("zone-resolver", MFD_CLOEXEC);
    if (contexts->settings_fd < 0)
        return error_set_errno(err, errno, "cannot make a file in memory");
    return STATUS_OK;
}

void contexts_done(struct contexts *contexts)
{
    if (contexts->settings_fd >= 0)
        close(contexts->settings_fd);
}

static enum status read_text(int fd, struct ub_ctx *context, const struct buf *text,
                             struct error *err)
{
    char path[32];
    if (ftruncate(fd, 0) != 0)
        return error_set_errno(err, errno, "cannot clear a file in memory");
    for (size_t at = 0; at < text->len;) {
        ssize_t n = pwrite(fd, text->data + at, text->len - at, (off_t)at);
        if (n < 0)
            return error_set_errno(err, errno, "cannot write a file in memory");
        at += (size_t)n;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int failure = ub_ctx_config(context, path);
    if (failure != 0)
        return error_set(err, STATUS_SYNTAX, "libunbound does not take its settings: %s",
                         ub_strerror(failure));
    return STATUS_OK;
}

enum status context_new(struct contexts *contexts, const struct buf *text, struct ub_ctx **ret,
                        struct error *err)
{
    struct ub_ctx *context = ub_ctx_create_ub_event(&contexts->events.base);
    if (context == NULL)
        return error_set_errno(err, errno, "libunbound makes no context");
    enum status status = read_text(contexts->settings_fd, context, text, err);
    if (status == STATUS_OK)
        *ret = context;
    else
        ub_ctx_delete(context);
    return status;
}
