// SPDX-License-Identifier: ISC
// `zonebox roll`, `retire` and `move`: what would come is told first, with its times, and started only when somebody
// says so. zone-signer knows both (signer/life_order.h); here they become text, and an answer a second request.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/zonebox.h"

// Columns before the words of a step: its time.
#define TIME_WIDTH 22
// A plan that is over so soon is told in seconds.
#define SOON_S 600

struct order {
    const struct zonebox *zonebox;
    const char *command; // as the signer knows it
    const char *domain;
    const char *role; // of roll
    int algorithm;    // 0: as the policy has it
};

// ── The plan ─────────────────────────────────────────────────────────────────────────────────────

static bool is_null(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_null(value);
}

static void put_label(const json_t *step, int64_t now, struct buf *ret)
{
    char text[ZONEBOX_SPAN_MAX], label[ZONEBOX_MOMENT_MAX] = "";
    int64_t at = zonebox_number(step, "at"), after = zonebox_number(step, "after");
    bool acts = zonebox_number(step, "acts") > 0;
    if (acts && after > 0)
        snprintf(label, sizeof(label), "%s after that", zonebox_span(after, text));
    else if (acts)
        snprintf(label, sizeof(label), "as soon as it is");
    else if (is_null(step, "at"))
        snprintf(label, sizeof(label), "then");
    else if (at <= now + 1)
        snprintf(label, sizeof(label), "now");
    else if (at - now < SOON_S)
        snprintf(label, sizeof(label), "in %s", zonebox_span(at - now, text));
    else
        zonebox_date(at, label);
    buf_printf(ret, "  %-*s", TIME_WIDTH - 2, label);
}

static void put_step(const json_t *step, int64_t now, struct buf *ret)
{
    const char *happens = zonebox_text(step, "step"), *waits = zonebox_text(step, "waits");
    if (happens[0] != '\0') {
        put_label(step, now, ret);
        zonebox_wrap(happens, TIME_WIDTH, ret);
        buf_put_text(ret, ".\n");
    }
    if (waits[0] == '\0')
        return;
    buf_printf(ret, "%*s", TIME_WIDTH, "");
    char *words = xasprintf("Then %s.", waits);
    zonebox_wrap(words, TIME_WIDTH, ret);
    free(words);
    buf_put_text(ret, "\n");
}

static void put_head(const struct order *order, const json_t *reply, struct buf *ret)
{
    const char *zone = order->domain;
    if (strcmp(order->command, "roll") != 0) {
        static const char *const heads[][2] = {
            {"retire", "goes back to unsigned"},
            {"move", "leaves this box"},
            {"resume", "stays signed, and here"},
        };
        for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
            if (strcmp(heads[i][0], order->command) == 0)
                buf_printf(ret, "%s %s:\n\n", zone, heads[i][1]);
        return;
    }
    const json_t *replaced = json_object_get(reply, "replaces");
    size_t i, count = json_array_size(replaced);
    json_t *tag;
    buf_printf(ret, "%s replaces its key%s", zone, count == 1 ? "" : "s");
    json_array_foreach(replaced, i, tag)
        buf_printf(ret, "%s %lld", i == 0 ? "" : " and", (long long)json_integer_value(tag));
    if (order->algorithm != 0)
        buf_printf(ret, ", by %s", config_algorithm_word((uint8_t)order->algorithm));
    if (order->zonebox->compromised)
        buf_put_text(ret, ", as compromised");
    buf_put_text(ret, ":\n\n");
}

static bool wants_parent(const json_t *plan)
{
    size_t i;
    json_t *step;
    json_array_foreach(plan, i, step)
    {
        const char *wait = zonebox_text(step, "wait");
        if (strcmp(wait, "ds-in") == 0 || strcmp(wait, "ds-out") == 0)
            return true;
    }
    return false;
}

// A paragraph; words is freed.
static void put_paragraph(char *words, struct buf *ret)
{
    buf_put_text(ret, ret->len > 0 ? "\n" : "");
    zonebox_wrap(words, 0, ret);
    buf_put_text(ret, "\n");
    free(words);
}

static void put_notes(const struct order *order, const json_t *reply, struct buf *ret)
{
    bool here = json_is_string(json_object_get(reply, "parent-here"));
    if (!here && wants_parent(json_object_get(reply, "plan")))
        put_paragraph(xasprintf("A parent that reads CDS changes its DS by itself (RFC 7344). For "
                                "any other, `zonegen --ds %s` says what to enter at the registrar, "
                                "and when.",
                                order->domain),
                      ret);
    if (order->zonebox->compromised)
        put_paragraph(xasprintf("The old key is not dropped at once: as long as resolvers have its "
                                "DS, the zone would be bogus without it, and mail would stop. Its "
                                "private part is destroyed as soon as nothing needs it.%s",
                                here ? "" : " Change the DS at the registrar without delay."),
                      ret);
    if (!json_is_true(json_object_get(reply, "observed")) &&
        json_is_true(json_object_get(reply, "secure")))
        put_paragraph(xstrdup("Nobody looks (`probe: no`): what has to be seen out there is not, "
                              "and the zone goes no further than that."),
                      ret);
}

// What is not in the keys: the delegation.
static void put_delegation(const struct order *order, const json_t *reply, bool is_free,
                           struct buf *ret)
{
    char text[ZONEBOX_SPAN_MAX];
    const char *zone = order->domain;
    if (is_free)
        put_paragraph(xasprintf("%s is not signed here: the delegation may be changed at the "
                                "registrar at any time.",
                                zone),
                      ret);
    else
        put_paragraph(xasprintf("The delegation may be changed at the registrar when %s is "
                                "unsigned, after the last step; before, what the next servers say "
                                "would be bogus. `zonebox status %s` says when.",
                                zone, zone),
                      ret);
    put_paragraph(xasprintf("Go on serving it here for %s after that: so long resolvers keep the "
                            "NS of the parent or those of the zone. Then take it out of the "
                            "configuration.",
                            zonebox_span(zonebox_number(reply, "ns-ttl"), text)),
                  ret);
    if (!is_free)
        put_paragraph(xasprintf("To stay secure instead, order nothing and take the keys along: "
                                "bring K%s.+*.key and .private from `keys` in the state directory "
                                "to the next server, and sign with them there. The DS stays, and "
                                "the delegation may be changed as soon as the zone is served "
                                "there, signed.",
                                zone),
                      ret);
}

static bool has_nothing_to_do(const json_t *reply)
{
    return json_is_true(json_object_get(reply, "nothing"));
}

static void print_plan(const struct order *order, const json_t *reply)
{
    const json_t *plan = json_object_get(reply, "plan");
    bool is_move = strcmp(order->command, "move") == 0, is_free = has_nothing_to_do(reply);
    struct buf text = {0};
    int64_t now = (int64_t)time(NULL);
    size_t i;
    json_t *step;
    if (!is_free) {
        put_head(order, reply, &text);
        json_array_foreach(plan, i, step) put_step(step, now, &text);
        if (plan == NULL) // of another version
            buf_put_text(&text, "  zone-signer tells no times.\n");
        else if (json_array_size(plan) == 0)
            buf_put_text(&text, "  Nothing has to change.\n");
        put_notes(order, reply, &text);
    }
    if (is_move)
        put_delegation(order, reply, is_free, &text);
    fputs(buf_text(&text), stdout);
    fflush(stdout);
    buf_done(&text);
}

// ── The order ────────────────────────────────────────────────────────────────────────────────────

static json_t *request_of(const struct order *order, bool dry)
{
    json_t *request =
        json_pack("{sssssb}", "command", order->command, "zone", order->domain, "dry", (int)dry);
    if (request == NULL || strcmp(order->command, "roll") != 0)
        return request;
    json_object_set_new(request, "role", json_string(order->role));
    json_object_set_new(request, "algorithm",
                        order->algorithm != 0 ? json_integer(order->algorithm) : json_null());
    json_object_set_new(request, "compromised", json_boolean(order->zonebox->compromised));
    return request;
}

// NULL: it was said why not.
static json_t *ask(const struct order *order, const char *sockets, bool dry)
{
    json_t *reply = NULL, *request = request_of(order, dry);
    struct error err = {0};
    if (request == NULL)
        error_set(&err, STATUS_SYNTAX, "the name is not a text in UTF-8");
    else if (zonebox_ask(sockets, "zone-signer", request, &reply, &err) == STATUS_OK)
        return reply;
    zonebox_complain(err.text);
    return NULL;
}

static bool is_confirmed(void)
{
    char answer[16] = "";
    fputs("\nStart? [y/N] ", stdout);
    fflush(stdout);
    bool good = fgets(answer, sizeof(answer), stdin) != NULL;
    if (!good)
        putchar('\n');
    return good && (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0);
}

static int start(const struct order *order, const char *sockets)
{
    if (!order->zonebox->yes && isatty(STDIN_FILENO) != 1) {
        fflush(stdout);
        zonebox_complain("nothing was ordered: nobody can be asked here; --yes starts it");
        return ZONEBOX_USAGE;
    }
    if (!order->zonebox->yes && !is_confirmed()) {
        puts("Nothing was ordered.");
        return ZONEBOX_WRONG;
    }
    json_t *reply = ask(order, sockets, false);
    if (reply == NULL)
        return ZONEBOX_WRONG;
    json_decref(reply);
    printf("\nIt is ordered and begins now. `zonebox status %s` says how far it is.\n",
           order->domain);
    return ZONEBOX_FINE;
}

static int give(struct order *order)
{
    int code = ZONEBOX_WRONG;
    char *sockets = zonebox_sockets(order->zonebox);
    json_t *reply = ask(order, sockets, true);
    if (reply != NULL) {
        print_plan(order, reply);
        code = ZONEBOX_FINE;
        if (!has_nothing_to_do(reply) && !order->zonebox->dry_run)
            code = start(order, sockets);
    }
    json_decref(reply);
    free(sockets);
    return code;
}

static int run(const struct zonebox *zonebox, const char *command, const char *role, int algorithm)
{
    struct order order = {zonebox, command, zonebox->words[0], role, algorithm};
    int code = ZONEBOX_USAGE;
    if (zonebox->yes && zonebox->dry_run)
        zonebox_complain("either --yes or --dry-run");
    else
        code = give(&order);
    return code;
}

// ── The commands ─────────────────────────────────────────────────────────────────────────────────

// The number of an algorithm as the configuration names it, 0: there is none.
static int algorithm_of(const char *word)
{
    for (int number = 1; number <= UINT8_MAX; number++) {
        const char *known = config_algorithm_word((uint8_t)number);
        if (known != NULL && strcasecmp(known, word) == 0)
            return number;
    }
    return 0;
}

static void complain_of_algorithm(const char *word)
{
    struct buf text = {0};
    const char *before = "";
    buf_printf(&text, "--algorithm %s: no such algorithm; there are ", word);
    for (unsigned number = 1; number <= UINT8_MAX; number++) {
        const char *known = config_algorithm_word((uint8_t)number);
        if (known != NULL)
            buf_printf(&text, "%s%s", before, known);
        before = known != NULL ? ", " : before;
    }
    zonebox_complain(buf_text(&text));
    buf_done(&text);
}

int zonebox_roll(const struct zonebox *zonebox)
{
    int algorithm = zonebox->algorithm != NULL ? algorithm_of(zonebox->algorithm) : 0;
    if (zonebox->algorithm != NULL && algorithm == 0) {
        complain_of_algorithm(zonebox->algorithm);
        return ZONEBOX_USAGE;
    }
    if (zonebox->ksk && zonebox->zsk) {
        zonebox_complain("--ksk and --zsk: without either of them, all keys are replaced");
        return ZONEBOX_USAGE;
    }
    if (algorithm != 0 && (zonebox->ksk || zonebox->zsk)) {
        zonebox_complain("another algorithm is for all keys: leave out --ksk and --zsk");
        return ZONEBOX_USAGE;
    }
    return run(zonebox, "roll", zonebox->ksk ? "ksk" : zonebox->zsk ? "zsk" : "all", algorithm);
}

int zonebox_retire(const struct zonebox *zonebox)
{
    return run(zonebox, zonebox->undo ? "resume" : "retire", NULL, 0);
}

int zonebox_move(const struct zonebox *zonebox)
{
    return run(zonebox, zonebox->undo ? "resume" : "move", NULL, 0);
}
