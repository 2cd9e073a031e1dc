// SPDX-License-Identifier: ISC
#include "probe/observer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/alloc.h"
#include "probe/observation.h"
#include "probe/records.h"

struct observer {
    struct probe_world world;
    int fd;
    uv_poll_t poll;
    struct observer_counts counts;
    unsigned time_ms;
    unsigned unanswered; // questions that were read
    unsigned open;       // observations, and the poll handle
    bool reads;
    bool closing;
};

static void read_on(struct observer *observer);

static void release(struct observer *observer)
{
    if (--observer->open == 0)
        free(observer);
}

static bool was_heard(const struct target *target)
{
    return target->has || target->has_not;
}

// ── The end of an observation ────────────────────────────────────────────────────────────────────

static void send_answer(struct observer *observer, const struct observe_answer *answer)
{
    if (observer->closing)
        return;
    if (send(observer->fd, answer, sizeof(*answer), MSG_DONTWAIT | MSG_NOSIGNAL) ==
        (ssize_t)sizeof(*answer))
        observer->counts.answers++;
    else
        observer->counts.dropped++; // who asked asks again
}

// A host without IPv6 would otherwise never know anything of a server that has it.
static bool is_heard_elsewhere(const struct observation *observation, const struct target *target)
{
    for (size_t i = 0; i < observation->target_count; i++)
        if (observation->targets[i].name == target->name && was_heard(&observation->targets[i]))
            return true;
    return false;
}

void observation_put_address(const struct address *address, uint8_t ret[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->any.sa_family == AF_INET6) {
        memcpy(ret, &address->v6.sin6_addr, 16);
    } else if (address->any.sa_family == AF_INET) {
        memcpy(ret, mapped, sizeof(mapped));
        memcpy(ret + sizeof(mapped), &address->v4.sin_addr, 4);
    }
}

static void put_first(const struct address *address, uint8_t ret[16])
{
    static const uint8_t none[16];
    if (memcmp(ret, none, sizeof(none)) == 0)
        observation_put_address(address, ret);
}

// A target that has not said everything yet may be wrong, but not ok; a mail server may have another key to show.
static void count(struct observation *observation)
{
    struct observe_answer *answer = &observation->answer;
    for (size_t i = 0; i < observation->target_count; i++) {
        const struct target *target = &observation->targets[i];
        bool done = target->open == 0;
        if (target->has_not && (done || observation->question.kind != OBSERVE_TLS_KEY)) {
            answer->wrong++;
            put_first(&target->address, answer->first_wrong);
        } else if (target->has && !target->partial && done) {
            answer->ok++;
        } else if (!target->no_route || !is_heard_elsewhere(observation, target)) {
            answer->unknown++;
            put_first(&target->address, answer->first_unknown);
        }
    }
}

static void tell(struct observation *observation)
{
    struct observer *observer = observation->observer;
    struct observe_answer *answer = &observation->answer;
    if (observation->question.kind == OBSERVE_DS)
        observe_ds_conclude(observation);
    count(observation);
    if (!observation->begun) // who else there is has not been found out
        answer->unknown++;
    answer->version = OBSERVE_VERSION;
    answer->id = observation->question.id;
    answer->seen_at = (int64_t)time(NULL);
    observation->told = true;
    observer->unanswered--;
    send_answer(observer, answer);
    read_on(observer);
}

static void on_late(uv_timer_t *timer)
{
    tell(timer->data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct observation *observation = handle->data;
    struct observer *observer = observation->observer;
    ldns_rr_list_deep_free(observation->parent_keys);
    free(observation);
    release(observer);
}

void observation_hold(struct observation *observation)
{
    observation->pending++;
}

void observation_release(struct observation *observation)
{
    if (--observation->pending > 0)
        return;
    if (!observation->told)
        tell(observation);
    uv_close((uv_handle_t *)&observation->timer, on_timer_closed);
}

// ── Targets ──────────────────────────────────────────────────────────────────────────────────────

struct target *observation_target(struct observation *observation, const struct address *address,
                                  size_t name)
{
    struct target *target = &observation->targets[observation->target_count++];
    target->address = *address;
    target->name = name;
    return target;
}

struct errand *errand_new(struct observation *observation, struct target *target)
{
    struct errand *errand = xmalloc(sizeof(*errand));
    *errand = (struct errand){observation, target};
    target->open++;
    observation_hold(observation);
    return errand;
}

void errand_done(struct errand *errand)
{
    struct observation *observation = errand->observation;
    errand->target->open--;
    free(errand);
    observation_release(observation);
}

void observation_ttl(struct observation *observation, uint32_t ttl)
{
    if (ttl > observation->answer.ttl)
        observation->answer.ttl = ttl;
}

static bool has_address(const struct servers *servers, size_t name)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].name == name)
            return true;
    return false;
}

// An address that two names share is one server.
static bool is_first(const struct servers *servers, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (address_equal(&servers->list[i].address, &servers->list[index].address))
            return false;
    return true;
}

void observation_ask_servers(struct observation *observation, const struct servers *servers,
                             void (*ask)(struct observation *observation, struct target *target))
{
    observation->begun = true;
    for (size_t i = 0; i < servers->name_count; i++)
        if (!has_address(servers, i) || servers->names[i].partial)
            observation->answer.unknown++;
    if (servers->more)
        observation->answer.unknown++;
    for (size_t i = 0; i < servers->count && !observation->told; i++) {
        const struct server *server = &servers->list[i];
        if (!is_first(servers, i))
            continue;
        struct target *target = observation_target(observation, &server->address, server->name);
        if (server->outcome != ASK_NOT_ASKED)
            ask(observation, target);
    }
}

static void on_servers(void *data, struct zone_servers *found)
{
    struct observation *observation = data;
    if (found->parent_outcome == RESOLVE_UNKNOWN || found->servers.name_count == 0)
        observation->answer.unknown++;
    observation_ask_servers(observation, &found->servers, observation->ask);
    zone_servers_free(found);
    observation_release(observation);
}

void observation_ask_zone(struct observation *observation,
                          void (*ask)(struct observation *observation, struct target *target))
{
    observation->ask = ask;
    servers_find(&observation->world->resolver, observation->question.zone, on_servers,
                 observation);
}

void observation_ask_both(struct observation *observation, struct target *target,
                          const uint8_t *name, uint16_t type,
                          void (*done)(void *errand, struct ask_answer *got))
{
    static const enum ask_transport transports[] = {ASK_UDP, ASK_TCP};
    for (size_t i = 0; i < 2; i++) {
        struct ask_question question = {
            .server = target->address, .name = name, .type = type, .transport = transports[i]};
        asker_ask(observation->world->resolver.asker, &question, done,
                  errand_new(observation, target));
    }
}

// ── A record at the servers of a zone ────────────────────────────────────────────────────────────

static void on_record(void *data, struct ask_answer *got)
{
    struct errand *errand = data;
    struct observation *observation = errand->observation;
    const struct observe_question *question = &observation->question;
    struct server server = {.answer = got->packet};
    uint32_t ttl = 0;
    if (got->outcome == ASK_NO_ROUTE)
        errand->target->no_route = true;
    if (server_is_authoritative(&server)) {
        if (records_have(ldns_pkt_answer(got->packet), question->owner, question->type,
                         question->digest, &ttl))
            errand->target->has = true;
        else
            errand->target->has_not = true;
    }
    observation_ttl(observation, ttl);
    errand_done(errand);
}

static void ask_server(struct observation *observation, struct target *target)
{
    const struct observe_question *question = &observation->question;
    observation_ask_both(observation, target, question->owner, question->type, on_record);
}

static void observe_record(struct observation *observation)
{
    observation_ask_zone(observation, ask_server);
}

// ── The keys of a mail server ────────────────────────────────────────────────────────────────────

// Wrong is only who was seen with other keys, for each kind that it has.
static void settle(struct target *target)
{
    if (target->has || target->unclear)
        target->has_not = false;
}

static void on_keys(void *data, const struct tls_answer *answer)
{
    struct errand *errand = data;
    struct observation *observation = errand->observation;
    struct target *target = errand->target;
    if (answer->outcome == TLS_PRESENTED) {
        if (memcmp(answer->chain[0].spki, observation->question.digest, 32) == 0)
            target->has = true;
        else
            target->has_not = true;
    } else if (answer->outcome != TLS_NO_SUCH_KEY) {
        target->unclear = true;
    }
    settle(target);
    errand_done(errand);
}

static void look_at(struct observation *observation, const struct address *address)
{
    static const enum tls_kind kinds[] = {TLS_KIND_RSA, TLS_KIND_ECDSA};
    struct target *target = observation_target(observation, address, 0);
    for (size_t i = 0; i < 2; i++) {
        struct tls_target wanted = {.address = *address,
                                    .host = observation->question.owner,
                                    .start = tls_start_of(observation->question.port),
                                    .kind = kinds[i]};
        tls_look(observation->world->tls, &wanted, on_keys, errand_new(observation, target));
    }
}

static void on_addresses(void *data, const struct resolve_addresses *addresses)
{
    struct observation *observation = data;
    observation->begun = true;
    observation->answer.unknown += (uint32_t)addresses->unreachable_count;
    if (addresses->partial || addresses->more || addresses->outcome != RESOLVE_FOUND)
        observation->answer.unknown++;
    for (size_t i = 0; i < addresses->count && !observation->told; i++)
        look_at(observation, &addresses->list[i]);
    observation_release(observation);
}

static void observe_tls_key(struct observation *observation)
{
    resolve_addresses(&observation->world->resolver, observation->question.owner,
                      observation->question.port, on_addresses, observation);
}

// ── Questions ────────────────────────────────────────────────────────────────────────────────────

static bool is_name(const uint8_t wire[NAME_WIRE_MAX])
{
    struct name name;
    return name_from_wire(wire, NAME_WIRE_MAX, &name) == STATUS_OK;
}

static bool is_question(const struct observe_question *question)
{
    if (question->version != OBSERVE_VERSION)
        return false;
    switch (question->kind) {
    case OBSERVE_RECORD:
        return is_name(question->owner) && is_name(question->zone) &&
               name_is_under(question->owner, question->zone);
    case OBSERVE_TLS_KEY:
        return is_name(question->owner) && question->port != 0;
    case OBSERVE_KEYS:
    case OBSERVE_DS:
        return is_name(question->zone) && question->key_count <= OBSERVE_KEYS_MAX;
    case OBSERVE_NOTIFY_CDS:
        return is_name(question->zone);
    default:
        return false;
    }
}

static void (*const kinds[])(struct observation *observation) = {
    [OBSERVE_RECORD] = observe_record,
    [OBSERVE_TLS_KEY] = observe_tls_key,
    [OBSERVE_KEYS] = observe_keys,
    [OBSERVE_DS] = observe_ds,
    [OBSERVE_NOTIFY_CDS] = observe_notify_cds,
};

static void begin(struct observer *observer, const struct observe_question *question)
{
    if (!is_question(question)) {
        observer->counts.dropped++;
        return;
    }
    observer->counts.questions++;
    observer->unanswered++;
    observer->open++;
    struct observation *observation = xcalloc(1, sizeof(*observation));
    observation->observer = observer;
    observation->world = &observer->world;
    observation->question = *question;
    observation->pending = 1;
    uv_timer_init(observer->world.loop, &observation->timer);
    observation->timer.data = observation;
    uv_update_time(observer->world.loop);
    uv_timer_start(&observation->timer, on_late, observer->time_ms, 0);
    kinds[question->kind](observation);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct observer *observer = poll->data;
    struct observe_question question;
    (void)events;
    ssize_t len = recv(observer->fd, &question, sizeof(question), MSG_DONTWAIT | MSG_TRUNC);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (status < 0 || len <= 0) {
        uv_poll_stop(poll);
        observer->reads = false;
        return;
    }
    if (len == (ssize_t)sizeof(question))
        begin(observer, &question);
    else
        observer->counts.dropped++;
    if (observer->unanswered >= OBSERVER_QUESTIONS_MAX)
        uv_poll_stop(poll);
}

static void read_on(struct observer *observer)
{
    if (observer->reads && !observer->closing)
        uv_poll_start(&observer->poll, UV_READABLE, on_readable);
}

struct observer *observer_new(const struct probe_world *world, int fd, unsigned time_ms)
{
    struct observer *observer = xcalloc(1, sizeof(*observer));
    observer->world = *world;
    observer->fd = fd;
    observer->time_ms = time_ms;
    observer->open = 1;
    observer->reads = uv_poll_init(world->loop, &observer->poll, fd) == 0;
    observer->poll.data = observer;
    read_on(observer);
    return observer;
}

const struct observer_counts *observer_counts(const struct observer *observer)
{
    return &observer->counts;
}

static void on_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void observer_close(struct observer *observer)
{
    if (observer == NULL)
        return;
    observer->closing = true;
    uv_close((uv_handle_t *)&observer->poll, on_closed);
}
