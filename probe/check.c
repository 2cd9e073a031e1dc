// SPDX-License-Identifier: ISC
// The gathering: zones side by side, each judged again and again until no fact is wanted any more, then printed.
#include "probe/check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "probe/check_quiet.h"
#include "probe/judge.h"

// Zones under way. Questions are bounded by the asker; this bounds memory.
#define ZONES_MAX 16
// Zones are printed in the order of the input. So far may the others run ahead of a slow one.
#define AHEAD_MAX 64
// What is not known of a zone by then stays unknown, so that every check ends. A server that is silent takes some
// seconds, and there may be several, one behind the other.
#define ZONE_TIME_MS 60000
// Rounds of judging: more than any chain of names (aliases, includes, servers of servers) has.
#define ROUNDS_MAX 60

struct zone_run {
    struct check *check;
    size_t index;
    struct expect_zone *zone;
    struct facts *facts;
    size_t begun;   // facts asked so far
    size_t pending; // of these, not answered
    unsigned rounds;
    bool late;
    bool judged; // verdicts are done; waits for what is pending
    int64_t now;
    uv_timer_t timer;
    bool closing;
    struct request *requests; // that are under way
};

struct check {
    const struct probe_world *world;
    json_t *all;
    size_t count;
    size_t started;
    size_t printed;
    size_t running;
    char **texts; // of zones that are done and wait for one before them
    struct check_output output;
    enum status worst;
    bool told;              // done was called
    struct zone_run **runs; // by index, while under way
    struct quiet *quiet;
};

static void run_on(struct zone_run *run);
static void start_more(struct check *check);

// ── One fact ─────────────────────────────────────────────────────────────────────────────────────

struct request {
    struct zone_run *run;
    struct request *next, **link; // in the run's list
    struct fact *fact;
    // Of a policy: the addresses of its host, tried one by one
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    size_t address_count, tried;
};

static struct request *request_new(struct zone_run *run, struct fact *fact)
{
    struct request *request = xcalloc(1, sizeof(*request));
    request->run = run;
    request->fact = fact;
    request->next = run->requests;
    request->link = &run->requests;
    if (request->next != NULL)
        request->next->link = &request->next;
    run->requests = request;
    return request;
}

static void drop(struct request *request)
{
    *request->link = request->next;
    if (request->next != NULL)
        request->next->link = request->link;
    free(request);
}

static void settle(struct request *request)
{
    struct zone_run *run = request->run;
    drop(request);
    run->pending--;
    run_on(run);
}

// The check was freed, and what is under way ends since the asker and the TLS client are closed.
static bool given_up(struct request *request)
{
    if (request->run->check != NULL)
        return false;
    drop(request);
    return true;
}

// What records of strangers lead to may be no name.
static bool read_name(struct fact *fact, const char *text, struct name *ret)
{
    struct error err = {0};
    if (name_from_text(text, ret, &err) == STATUS_OK)
        return true;
    fact_fail(fact, FACT_BROKEN, err.text);
    return false;
}

static const enum fact_outcome ask_outcomes[] = {
    [ASK_TIMEOUT] = FACT_SILENT,    [ASK_UNREACHABLE] = FACT_UNREACHABLE,
    [ASK_NO_ROUTE] = FACT_NO_ROUTE, [ASK_BROKEN] = FACT_BROKEN,
    [ASK_GIVEN_UP] = FACT_SILENT,   [ASK_NOT_ASKED] = FACT_SILENT,
};

static const struct address *asked_of(const struct request *request)
{
    const struct fact_dns *dns = &request->fact->dns;
    bool resolver = dns->server.any.sa_family == AF_UNSPEC;
    return resolver ? &request->run->check->world->resolver.address : &dns->server;
}

static void on_dns(void *data, struct ask_answer *answer)
{
    struct request *request = data;
    if (given_up(request))
        return;
    quiet_note(request->run->check->quiet, asked_of(request), request->fact->dns.tcp,
               answer->outcome == ASK_ANSWERED);
    if (request->fact->known) {
        settle(request); // too late
        return;
    }
    if (answer->outcome == ASK_ANSWERED) {
        fact_answer_dns(request->fact, answer->packet);
        answer->packet = NULL;
    } else {
        fact_fail(request->fact, ask_outcomes[answer->outcome], answer->text);
    }
    settle(request);
}

static bool ask_dns(struct request *request)
{
    const struct fact_dns *dns = &request->fact->dns;
    const struct address *server = asked_of(request);
    struct name name;
    if (quiet_is(request->run->check->quiet, server, dns->tcp)) {
        fact_fail(request->fact, FACT_SILENT, "no answer to all that was asked before");
        return false;
    }
    if (!read_name(request->fact, dns->name, &name))
        return false;
    struct ask_question question = {
        .server = *server,
        .name = name.wire,
        .type = (uint16_t)dns->type,
        .transport = dns->tcp ? ASK_TCP : ASK_UDP,
        .recursive = dns->recurse,
    };
    asker_ask(request->run->check->world->resolver.asker, &question, on_dns, request);
    return true;
}

static void on_tls(void *data, const struct tls_answer *answer)
{
    static const enum fact_outcome outcomes[] = {
        [TLS_PRESENTED] = FACT_ANSWERED,      [TLS_UNKNOWN] = FACT_SILENT,
        [TLS_NO_STARTTLS] = FACT_NO_STARTTLS, [TLS_NO_SUCH_KEY] = FACT_NO_SUCH_KEY,
        [TLS_BROKEN] = FACT_BROKEN,
    };
    struct request *request = data;
    if (given_up(request))
        return;
    struct fact *fact = request->fact;
    if (!fact->known && answer->outcome != TLS_PRESENTED) {
        fact_fail(fact, outcomes[answer->outcome], answer->text);
    } else if (!fact->known) {
        for (size_t i = 0; i < answer->chain_count; i++) {
            const struct tls_certificate *from = &answer->chain[i];
            fact_add_certificate(fact, from->der, from->der_len, from->spki_der,
                                 from->spki_der_len);
        }
        fact_answer(fact);
    }
    settle(request);
}

static bool ask_tls(struct request *request)
{
    const struct fact_tls *tls = &request->fact->tls;
    struct name name;
    if (!read_name(request->fact, tls->name, &name))
        return false;
    struct tls_target target = {
        .address = tls->server,
        .host = name.wire,
        .start = tls_start_of(address_port(&tls->server)),
        .kind = tls->key == FACT_KEY_RSA ? TLS_KIND_RSA : TLS_KIND_ECDSA,
    };
    tls_look(request->run->check->world->tls, &target, on_tls, request);
    return true;
}

// ── Policies ─────────────────────────────────────────────────────────────────────────────────────

static void fetch_from_next(struct request *request);

static void on_policy(void *data, const struct https_answer *answer)
{
    static const enum fact_outcome outcomes[] = {[HTTPS_ANSWERED] = FACT_ANSWERED,
                                                 [HTTPS_UNKNOWN] = FACT_SILENT,
                                                 [HTTPS_UNTRUSTED] = FACT_UNTRUSTED,
                                                 [HTTPS_BROKEN] = FACT_BROKEN};
    struct request *request = data;
    if (given_up(request))
        return;
    if (answer->outcome == HTTPS_UNKNOWN && request->tried < request->address_count &&
        !request->fact->known) {
        fetch_from_next(request); // as senders do
        return;
    }
    if (!request->fact->known && answer->outcome == HTTPS_ANSWERED)
        fact_answer_policy(request->fact, answer->status, answer->body, answer->body_len);
    else if (!request->fact->known)
        fact_fail(request->fact, outcomes[answer->outcome], answer->text);
    settle(request);
}

static void fetch_from_next(struct request *request)
{
    struct name name;
    // It was read before, to resolve it.
    if (name_from_text(request->fact->policy.host, &name, NULL) != STATUS_OK)
        abort();
    struct https_request get = {
        .address = request->addresses[request->tried++],
        .host = name.wire,
        .path = "/.well-known/mta-sts.txt",
    };
    https_get(request->run->check->world->tls, &get, on_policy, request);
}

static void on_policy_host(void *data, const struct resolve_addresses *found)
{
    struct request *request = data;
    if (given_up(request))
        return;
    if (!request->fact->known && found->count > 0) {
        memcpy(request->addresses, found->list, found->count * sizeof(found->list[0]));
        request->address_count = found->count;
        fetch_from_next(request);
        return;
    }
    if (!request->fact->known && found->outcome == RESOLVE_UNKNOWN)
        fact_fail(request->fact, FACT_SILENT, found->text);
    else if (!request->fact->known)
        fact_fail(request->fact, FACT_BROKEN, "the name has no address that the world can reach");
    settle(request);
}

static bool ask_policy(struct request *request)
{
    struct name name;
    if (!read_name(request->fact, request->fact->policy.host, &name))
        return false;
    resolve_addresses(&request->run->check->world->resolver, name.wire, 443, on_policy_host,
                      request);
    return true;
}

static void ask(struct zone_run *run, struct fact *fact)
{
    struct request *request = request_new(run, fact);
    bool begun = fact->kind == FACT_DNS   ? ask_dns(request)
                 : fact->kind == FACT_TLS ? ask_tls(request)
                                          : ask_policy(request);
    if (begun)
        run->pending++;
    else
        drop(request);
}

// ── One zone ─────────────────────────────────────────────────────────────────────────────────────

// What is wanted now. Returns whether anything is under way.
static bool ask_wanted(struct zone_run *run)
{
    struct fact *fact;
    for (; (fact = facts_wanted(run->facts, run->begun)) != NULL; run->begun++) {
        if (run->late)
            fact_fail(fact, FACT_SILENT, "no time was left to ask");
        else
            ask(run, fact);
    }
    return run->pending > 0 && !run->late;
}

static void take_verdicts(struct zone_run *run, const struct verdicts *verdicts)
{
    struct check *check = run->check;
    struct buf text = {0};
    for (size_t i = 0; i < verdicts->count; i++) {
        verdict_print(&verdicts->list[i], run->zone->name, &text);
        if (verdicts->list[i].kind == VERDICT_WRONG && check->worst == STATUS_OK)
            check->worst = STATUS_BOGUS;
    }
    check->texts[run->index] = xstrdup(buf_text(&text));
    buf_done(&text);
}

static void print_ready(struct check *check)
{
    for (; check->printed < check->started && check->texts[check->printed] != NULL;
         check->printed++) {
        char *text = check->texts[check->printed];
        if (fputs(text, check->output.out) < 0 || fflush(check->output.out) != 0)
            check->worst = STATUS_IO;
        free(text);
        check->texts[check->printed] = NULL;
    }
}

static void run_free(struct zone_run *run)
{
    while (run->requests != NULL)
        drop(run->requests);
    expect_zone_free(run->zone);
    facts_free(run->facts);
    free(run);
}

static void on_closed(uv_handle_t *handle)
{
    struct zone_run *run = handle->data;
    struct check *check = run->check;
    if (check != NULL) {
        check->runs[run->index] = NULL;
        check->running--;
    }
    run_free(run);
    if (check != NULL)
        start_more(check);
}

// Judged, and nothing is under way any more that knows the run.
static void end_when_quiet(struct zone_run *run)
{
    if (run->pending > 0 || run->closing)
        return;
    run->closing = true;
    uv_close((uv_handle_t *)&run->timer, on_closed);
}

static void run_on(struct zone_run *run)
{
    struct verdicts verdicts = {0};
    bool open = true;
    if (run->judged) {
        end_when_quiet(run);
        return;
    }
    if (run->pending > 0 && !run->late)
        return;
    while (open) {
        verdicts_clear(&verdicts);
        run->late = run->late || run->rounds++ > ROUNDS_MAX;
        judge_zone(run->zone, run->facts, run->now, &verdicts, &open);
        if (open && ask_wanted(run)) {
            verdicts_clear(&verdicts);
            return;
        }
    }
    run->judged = true;
    take_verdicts(run, &verdicts);
    verdicts_clear(&verdicts);
    print_ready(run->check);
    end_when_quiet(run);
}

static void on_late(uv_timer_t *timer)
{
    struct zone_run *run = timer->data;
    struct fact *fact;
    if (run->judged)
        return;
    run->late = true;
    for (size_t i = 0; (fact = facts_wanted(run->facts, i)) != NULL; i++)
        if (!fact->known)
            fact_fail(fact, FACT_SILENT, "not within the time for one zone");
    run_on(run);
}

// From the loop, so that a caller of check_begin has its check before anything is done.
static void on_start(uv_timer_t *timer)
{
    struct zone_run *run = timer->data;
    uv_timer_start(timer, on_late, ZONE_TIME_MS, 0);
    run_on(run);
}

// ── All zones ────────────────────────────────────────────────────────────────────────────────────

static void start_zone(struct check *check)
{
    struct zone_run *run = xcalloc(1, sizeof(*run));
    run->check = check;
    run->index = check->started++;
    run->now = (int64_t)time(NULL);
    run->facts = facts_new();
    if (expect_zone_read(check->all, run->index, &run->zone, NULL) != STATUS_OK)
        abort(); // check_begin has read them all
    uv_timer_init(check->world->loop, &run->timer);
    run->timer.data = run;
    uv_timer_start(&run->timer, on_start, 0, 0);
    check->runs[run->index] = run;
    check->running++;
}

static void start_more(struct check *check)
{
    while (check->started < check->count && check->running < ZONES_MAX &&
           check->started < check->printed + AHEAD_MAX)
        start_zone(check);
    if (check->running > 0 || check->told)
        return;
    check->told = true;
    check->output.done(check->output.data, check->worst);
}

enum status check_begin(const struct probe_world *world, const char *octets, size_t len,
                        const struct check_output *output, struct check **ret, struct error *err)
{
    struct check *check = xcalloc(1, sizeof(*check));
    *check = (struct check){.world = world, .output = *output};
    *ret = NULL;
    enum status status = expect_parse(octets, len, &check->all, err);
    if (status == STATUS_OK) {
        check->count = expect_count(check->all);
        check->quiet = quiet_new(&world->resolver.address);
        check->texts = xcalloc(check->count + 1, sizeof(*check->texts));
        check->runs = xcalloc(check->count + 1, sizeof(struct zone_run *));
        status = expect_all_read(check->all, err);
    }
    if (status == STATUS_OK && check->count == 0)
        status = error_set(err, STATUS_SYNTAX, "there is no zone to check");
    if (status != STATUS_OK) {
        check_free(check);
        return status;
    }
    *ret = check;
    start_more(check);
    return STATUS_OK;
}

void check_free(struct check *check)
{
    if (check == NULL)
        return;
    for (size_t i = 0; i < check->count && check->runs != NULL; i++) {
        struct zone_run *run = check->runs[i];
        if (run == NULL)
            continue;
        run->check = NULL;
        if (!run->closing)
            uv_close((uv_handle_t *)&run->timer, on_closed);
        run->closing = true;
    }
    for (size_t i = 0; i < check->count && check->texts != NULL; i++)
        free(check->texts[i]);
    quiet_free(check->quiet);
    free(check->runs);
    free(check->texts);
    json_decref(check->all);
    free(check);
}
