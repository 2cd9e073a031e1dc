// SPDX-License-Identifier: ISC
// A world that is made up: whatever strangers answer, the judges come to an end, say of everything wrong what to do,
// and what they say can be written as JSON.
//
// The input is a string of answers, taken by the facts in the order in which they are wanted, and again from its
// beginning when it ends. A DNS answer has a head (flags, number of records) and records (section, whose name, type,
// length, data), which are put together as a message and read as ldns reads the Internet's.
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "probe/judge.h"

#define FACTS_MADE_MAX 400 // then silence: a made-up world may be endless
#define ROUNDS_MAX     200
#define NOW            1800000000

static const char zones[] =
    "{\"format\":1,\"hostname\":\"box.e.com\",\"zones\":[{\"name\":\"e.com\",\"mode\":\"%s\","
    "\"dnssec\":\"%s\",\"nameservers\":[{\"name\":\"ns1.e.com\",\"addresses\":[\"192.0.2.1\"]},"
    "{\"name\":\"ns2.e.net\"}],\"ds\":[],\"records\":["
    "{\"name\":\"e.com\",\"ttl\":1,\"type\":\"NS\",\"data\":\"ns1.e.com.\"},"
    "{\"name\":\"e.com\",\"ttl\":1,\"type\":\"MX\",\"data\":\"10 box.e.com.\"},"
    "{\"name\":\"e.com\",\"ttl\":1,\"type\":\"TXT\",\"data\":\"\\\"v=spf1 mx -all\\\"\"},"
    "{\"name\":\"_dmarc.e.com\",\"ttl\":1,\"type\":\"TXT\",\"data\":\"\\\"v=DMARC1; p=none\\\"\"}],"
    "\"mail-domains\":[{\"name\":\"e.com\",\"selectors\":[\"s\"],\"mta-sts-policy\":"
    "\"version: STSv1\\nmode: enforce\\nmx: box.e.com\\nmax_age: 9\\n\"}],"
    "\"host\":{\"name\":\"box.e.com\",\"addresses\":[\"192.0.2.1\"],\"tls-ports\":[25]}}]}";

struct input {
    const uint8_t *octets;
    size_t len, at;
};

static uint8_t take(struct input *input)
{
    uint8_t octet = input->octets[input->at];
    input->at = (input->at + 1) % input->len;
    return octet;
}

// ── DNS ──────────────────────────────────────────────────────────────────────────────────────────

static void put_name(struct buf *wire, const char *name)
{
    for (const char *at = name; *at != '\0' && *at != '.';) {
        size_t len = strcspn(at, ".");
        buf_put_u8(wire, (uint8_t)(len & 63));
        buf_put(wire, at, len & 63);
        at += len + (at[len] == '.');
    }
    buf_put_u8(wire, 0);
}

static void put_record(struct buf *wire, const struct fact_dns *question, struct input *input)
{
    static const uint16_t types[] = {1, 2, 5, 6, 12, 15, 16, 28, 43, 46, 47, 48, 50, 52, 99, 257};
    static const char *const names[] = {"e.com", "com", ".", "ns1.e.com"};
    uint8_t what = take(input), size = take(input);
    const char *name = what & 1 ? names[(what >> 1) & 3] : question->name;
    put_name(wire, name);
    buf_put_u16(wire, what & 8 ? types[what >> 4] : (uint16_t)question->type);
    buf_put_u16(wire, 1);
    buf_put_u32(wire, 300);
    buf_put_u16(wire, size);
    for (uint8_t i = 0; i < size; i++)
        buf_put_u8(wire, take(input));
}

static void settle_dns(struct fact *fact, struct input *input)
{
    uint8_t flags = take(input), counts = take(input);
    struct buf wire = {0};
    ldns_pkt *packet = NULL;
    if ((flags & 0xf) == 0xf) {
        fact_fail(fact, (enum fact_outcome)(1 + counts % 3), "made up");
        return;
    }
    buf_put_u16(&wire, 0);
    buf_put_u8(&wire, flags & 0x10 ? 0x84 : 0x80);                         // AA
    buf_put_u8(&wire, (uint8_t)((flags & 0x20 ? 0x80 : 0) | (flags & 3))); // RA, rcode
    buf_put_u16(&wire, 0);
    buf_put_u16(&wire, counts & 7);
    buf_put_u16(&wire, (counts >> 3) & 7);
    buf_put_u16(&wire, counts >> 6);
    for (unsigned i = 0; i < (counts & 7U) + ((counts >> 3) & 7U) + (counts >> 6); i++)
        put_record(&wire, &fact->dns, input);
    if (ldns_wire2pkt(&packet, wire.data, wire.len) == LDNS_STATUS_OK)
        fact_answer_dns(fact, packet);
    else
        fact_fail(fact, FACT_BROKEN, "made up");
    buf_done(&wire);
}

// ── Others ───────────────────────────────────────────────────────────────────────────────────────

static void settle_other(struct fact *fact, struct input *input)
{
    enum fact_outcome outcome = (enum fact_outcome)(take(input) % (FACT_UNTRUSTED + 1));
    uint8_t octets[255], len = take(input);
    for (uint8_t i = 0; i < len; i++)
        octets[i] = take(input);
    if (outcome != FACT_ANSWERED) {
        fact_fail(fact, outcome, "made up");
    } else if (fact->kind == FACT_POLICY) {
        fact_answer_policy(fact, 200, octets, len);
    } else {
        fact_add_certificate(fact, octets, len, octets, len / 2);
        fact_answer(fact);
    }
}

static void settle(struct facts *facts, size_t *begun, struct input *input)
{
    struct fact *fact;
    for (; (fact = facts_wanted(facts, *begun)) != NULL; ++*begun) {
        if (*begun >= FACTS_MADE_MAX)
            fact_fail(fact, FACT_SILENT, "enough");
        else if (fact->kind == FACT_DNS)
            settle_dns(fact, input);
        else
            settle_other(fact, input);
    }
}

static void judge(const struct expect_zone *zone, struct input *input)
{
    struct facts *facts = facts_new();
    struct verdicts verdicts = {0};
    struct buf text = {0};
    size_t begun = 0, rounds = 0;
    for (bool open = true; open;) {
        MUST(rounds++ < ROUNDS_MAX);
        verdicts_clear(&verdicts);
        judge_zone(zone, facts, NOW, &verdicts, &open);
        settle(facts, &begun, input);
    }
    for (size_t i = 0; i < verdicts.count; i++) {
        MUST(verdicts.list[i].kind != VERDICT_WRONG || verdicts.list[i].todo[0] != '\0');
        buf_clear(&text);
        verdict_print(&verdicts.list[i], zone->name, &text);
        MUST(text.len > 1);
    }
    buf_done(&text);
    verdicts_clear(&verdicts);
    facts_free(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    if (len < 2)
        return 0;
    struct input input = {.octets = octets + 1, .len = len - 1};
    char *json = xasprintf(zones, octets[0] & 1 ? "external" : "authoritative",
                           octets[0] & 2 ? "on" : "off");
    json_t *all = NULL;
    struct expect_zone *zone = NULL;
    MUST(expect_parse(json, strlen(json), &all, NULL) == STATUS_OK);
    MUST(expect_zone_read(all, 0, &zone, NULL) == STATUS_OK);
    judge(zone, &input);
    expect_zone_free(zone);
    json_decref(all);
    free(json);
    return 0;
}
