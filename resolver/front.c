// SPDX-License-Identifier: ISC
#include "resolver/front.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "dns/stream.h"
#include "resolver/front_ask.h"
#include "resolver/policy.h"

#define PORTS     65536
#define UDP_MAX   16  // sockets: an address each, and 127.0.0.1 and ::1 are what there is
#define SPARE_MAX 256 // records of queries that are kept for the next ones

struct front {
    uv_loop_t *loop;
    struct engine *engine;
    struct front_settings settings;
    struct front_counters counters;
    unsigned waiting;
    // Queries that wait by their UDP source port. Clients with the same port at different loopback addresses
    // share their quota: nobody has a reason to come from another one than 127.0.0.1 and ::1.
    uint16_t by_port[PORTS];
    struct waiting *spare;
    unsigned spare_count;
    struct front_tcp *tcp;
    struct front_udp *udp[UDP_MAX];
    unsigned udp_count;
    uv_timer_t grace;
    bool closing;
    bool closed;
    unsigned transports; // whose memory libuv still uses, and the timer
    void (*done)(void *data);
    void *done_data;
    // The reply under construction. Nobody reads it but the asker's send, at once.
    uint8_t reply[STREAM_PREFIX_LEN + DNS_MESSAGE_MAX];
};

// ── Who may ask ──────────────────────────────────────────────────────────────────────────────────

bool front_is_loopback(const struct address *address)
{
    if (address->any.sa_family == AF_INET)
        return address_scope(address) == ADDRESS_LOOPBACK;
    if (address->any.sa_family != AF_INET6)
        return false;
    const struct in6_addr *v6 = &address->v6.sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(v6))
        return v6->s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(v6);
}

bool front_takes(struct front *front, const struct address *source)
{
    if (front_is_loopback(source))
        return true;
    front->counters.foreign++;
    return false;
}

// ── Queries that wait ────────────────────────────────────────────────────────────────────────────

static uint16_t *port_count(const struct waiting *waiting)
{
    return &waiting->front->by_port[address_port(&waiting->client)];
}

static struct waiting *take_waiting(struct front *front, struct asker *asker,
                                    const struct address *client)
{
    struct waiting *waiting = front->spare;
    if (waiting != NULL) {
        front->spare = waiting->next;
        front->spare_count--;
    } else {
        waiting = xmalloc(sizeof(*waiting));
    }
    waiting->front = front;
    waiting->asker = asker;
    waiting->handle = NULL;
    waiting->previous = NULL;
    waiting->next = asker->first;
    if (asker->first != NULL)
        asker->first->previous = waiting;
    asker->first = waiting;
    asker->count++;
    front->waiting++;
    if (!asker->stream) {
        waiting->client = *client;
        ++*port_count(waiting);
    }
    return waiting;
}

static void release_waiting(struct waiting *waiting)
{
    struct front *front = waiting->front;
    struct asker *asker = waiting->asker;
    if (waiting->next != NULL)
        waiting->next->previous = waiting->previous;
    if (waiting->previous != NULL)
        waiting->previous->next = waiting->next;
    else
        asker->first = waiting->next;
    asker->count--;
    front->waiting--;
    if (!asker->stream)
        --*port_count(waiting);
    if (front->spare_count == SPARE_MAX) {
        free(waiting);
        return;
    }
    waiting->next = front->spare;
    front->spare = waiting;
    front->spare_count++;
}

void front_forget(struct front *front, struct asker *asker)
{
    while (asker->first != NULL) {
        engine_cancel(asker->first->handle);
        release_waiting(asker->first);
        front->counters.dropped++;
    }
}

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────

static size_t limit_of(const struct asker *asker, const struct asked *asked)
{
    return asker->stream ? DNS_MESSAGE_MAX : reply_limit_udp(asked);
}

static void count_result(struct front_counters *counters, const struct engine_result *result)
{
    if (result->rcode != RCODE_NOERROR)
        counters->failed++;
    else if (result->security == ENGINE_BOGUS)
        counters->bogus++;
    else if (result->security == ENGINE_SECURE)
        counters->secure++;
    else
        counters->insecure++;
}

static void on_answer(void *data, const struct engine_result *result)
{
    struct waiting *waiting = data;
    struct front *front = waiting->front;
    struct asker *asker = waiting->asker;
    struct address client = waiting->client;
    uint8_t *reply = front->reply + STREAM_PREFIX_LEN;
    count_result(&front->counters, result);
    size_t len = reply_write(&waiting->asked, result, reply, limit_of(asker, &waiting->asked));
    release_waiting(waiting); // first: send may take the asker down
    asker->send(asker, &client, reply, len);
    front_settle(front);
}

static void refuse(struct front *front, struct asker *asker, const struct address *client,
                   const struct asked *asked, const struct reply_error *error)
{
    uint8_t *reply = front->reply + STREAM_PREFIX_LEN;
    asker->send(asker, client, reply, reply_write_error(asked, error, reply));
}

// ── Queries ──────────────────────────────────────────────────────────────────────────────────────

static bool has_room(const struct front *front, const struct asker *asker,
                     const struct address *client)
{
    unsigned own = asker->stream ? asker->count : front->by_port[address_port(client)];
    return own < front->settings.queries_per_client &&
           engine_running(front->engine) < front->settings.queries;
}

static void look_up(struct front *front, struct asker *asker, const struct address *client,
                    const struct query *query)
{
    struct waiting *waiting = take_waiting(front, asker, client);
    asked_keep(query, &waiting->asked);
    struct engine_query *handle =
        engine_ask(front->engine, query->name.wire, query->qtype, on_answer, waiting);
    if (handle != NULL) // else it is answered, and the record gone
        waiting->handle = handle;
}

void front_query(struct front *front, struct asker *asker, const struct address *client,
                 const uint8_t *octets, size_t len)
{
    struct query query;
    struct asked asked;
    struct reply_error error = {RCODE_SERVFAIL, EDE_OTHER, "too many queries under way"};
    front->counters.queries++;
    front->counters.tcp += asker->stream ? 1 : 0;
    enum query_verdict verdict = policy_read(octets, len, &query);
    if (verdict == QUERY_DROP) {
        front->counters.dropped++;
    } else if (verdict == QUERY_REPLY) {
        front->counters.rejected++;
        error = (struct reply_error){query.rcode, query.ede, NULL};
        asked_keep(&query, &asked);
        refuse(front, asker, client, &asked, &error);
    } else if (!has_room(front, asker, client)) {
        front->counters.over_quota++;
        asked_keep(&query, &asked);
        refuse(front, asker, client, &asked, &error);
    } else {
        look_up(front, asker, client, &query);
    }
}

// ── Beginning and end ────────────────────────────────────────────────────────────────────────────

struct front *front_new(uv_loop_t *loop, struct engine *engine,
                        const struct front_settings *settings)
{
    struct front *front = xcalloc(1, sizeof(*front));
    front->loop = loop;
    front->engine = engine;
    front->settings = *settings;
    if (front->settings.queries_per_client > UINT16_MAX)
        front->settings.queries_per_client = UINT16_MAX; // what by_port can count
    uv_timer_init(loop, &front->grace);
    front->grace.data = front;
    front->tcp = front_tcp_new(loop, front, settings);
    front->transports = 2;
    return front;
}

static enum status check_socket(int fd, int *ret_type, struct error *err)
{
    struct address address = {0};
    char text[ADDRESS_TEXT_MAX];
    socklen_t len = sizeof(address);
    socklen_t type_len = sizeof(*ret_type);
    if (getsockname(fd, &address.any, &len) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, ret_type, &type_len) != 0)
        return error_set_errno(err, errno, "descriptor %d", fd);
    if (!front_is_loopback(&address))
        return error_set(err, STATUS_DENIED,
                         "%s: the resolver answers this host only; listen on 127.0.0.1 or ::1",
                         address_text(&address, true, text));
    return STATUS_OK;
}

enum status front_serve(struct front *front, int fd, struct error *err)
{
    int type = 0;
    enum status status = check_socket(fd, &type, err);
    if (status == STATUS_OK && type == SOCK_DGRAM && front->udp_count == UDP_MAX)
        status = error_set(err, STATUS_RANGE,
                           "more than %d UDP sockets; listen on 127.0.0.1 or ::1", UDP_MAX);
    if (status != STATUS_OK) {
        close(fd);
        return status;
    }
    if (type != SOCK_DGRAM)
        return front_tcp_listen(front->tcp, fd, err);
    front->udp[front->udp_count++] = front_udp_open(front->loop, fd, front);
    front->transports++;
    return STATUS_OK;
}

struct front_counters front_counters(const struct front *front)
{
    return front->counters;
}

unsigned front_waiting(const struct front *front)
{
    return front->waiting;
}

void front_transport_closed(struct front *front)
{
    if (--front->transports > 0)
        return;
    while (front->spare != NULL) {
        struct waiting *next = front->spare->next;
        free(front->spare);
        front->spare = next;
    }
    front->done(front->done_data);
    free(front);
}

static void on_timer_closed(uv_handle_t *handle)
{
    front_transport_closed(handle->data);
}

static void close_all(struct front *front)
{
    front->closed = true;
    for (unsigned i = 0; i < front->udp_count; i++)
        front_udp_close(front->udp[i]);
    front_tcp_close(front->tcp);
    uv_close((uv_handle_t *)&front->grace, on_timer_closed);
}

static void on_grace_over(uv_timer_t *timer)
{
    close_all(timer->data);
}

// In the next turn of the loop: this may be in the middle of a transport's work.
void front_settle(struct front *front)
{
    if (front->closing && !front->closed && front->waiting == 0 &&
        !front_tcp_is_sending(front->tcp))
        uv_timer_start(&front->grace, on_grace_over, 0, 0);
}

void front_close(struct front *front, uint64_t grace_ms, void (*done)(void *data), void *data)
{
    front->done = done;
    front->done_data = data;
    front->closing = true;
    for (unsigned i = 0; i < front->udp_count; i++)
        front_udp_stop(front->udp[i]);
    front_tcp_stop(front->tcp);
    uv_timer_start(&front->grace, on_grace_over, grace_ms, 0);
    front_settle(front);
}
