// SPDX-License-Identifier: ISC
#include "server/statistics_table.h"

#include <stdio.h>

#include "dns/types.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

// ── Names ────────────────────────────────────────────────────────────────────────────────────────

static const char *path_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    static const char *const names[STATISTICS_PATHS] = {"udp4", "udp6", "tcp4",
                                                        "tcp6", "tls4", "tls6"};
    (void)text;
    return names[index];
}

// The IANA registry's, of types that somebody asks for.
static const struct {
    uint16_t number;
    const char *name;
} types[] = {
    {1, "A"},         {2, "NS"},          {5, "CNAME"},       {6, "SOA"},     {12, "PTR"},
    {13, "HINFO"},    {15, "MX"},         {16, "TXT"},        {17, "RP"},     {18, "AFSDB"},
    {24, "SIG"},      {25, "KEY"},        {28, "AAAA"},       {29, "LOC"},    {33, "SRV"},
    {35, "NAPTR"},    {37, "CERT"},       {39, "DNAME"},      {43, "DS"},     {44, "SSHFP"},
    {45, "IPSECKEY"}, {46, "RRSIG"},      {47, "NSEC"},       {48, "DNSKEY"}, {49, "DHCID"},
    {50, "NSEC3"},    {51, "NSEC3PARAM"}, {52, "TLSA"},       {53, "SMIMEA"}, {55, "HIP"},
    {59, "CDS"},      {60, "CDNSKEY"},    {61, "OPENPGPKEY"}, {62, "CSYNC"},  {63, "ZONEMD"},
    {64, "SVCB"},     {65, "HTTPS"},      {66, "DSYNC"},      {99, "SPF"},    {249, "TKEY"},
    {250, "TSIG"},    {251, "IXFR"},      {252, "AXFR"},      {255, "ANY"},   {256, "URI"},
    {257, "CAA"},
};

// 0 is a message without a question that could be read; the last one stands for all above.
static const char *type_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    if (index == 0)
        return "none";
    if (index == STATISTICS_TYPES - 1)
        return "other";
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].number == index)
            return types[i].name;
    snprintf(text, STATISTICS_NAME_MAX, "TYPE%zu", index); // RFC 3597 §5
    return text;
}

static const char *rcode_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    static const char *const names[STATISTICS_RCODES] = {
        [RCODE_NOERROR] = "NOERROR",   [RCODE_FORMERR] = "FORMERR",
        [RCODE_SERVFAIL] = "SERVFAIL", [RCODE_NXDOMAIN] = "NXDOMAIN",
        [RCODE_NOTIMP] = "NOTIMP",     [RCODE_REFUSED] = "REFUSED",
        [RCODE_YXDOMAIN] = "YXDOMAIN", [RCODE_NOTAUTH] = "NOTAUTH",
        [RCODE_BADVERS] = "BADVERS",   [23] = "BADCOOKIE",
    };
    (void)text;
    return names[index];
}

static const char *opcode_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    static const char *const names[STATISTICS_OPCODES] = {
        [1] = "IQUERY", [2] = "STATUS", [4] = "NOTIFY", [5] = "UPDATE", [6] = "DSO"};
    if (names[index] != NULL)
        return names[index];
    snprintf(text, STATISTICS_NAME_MAX, "OPCODE%zu", index);
    return text;
}

static const char *kind_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    static const char *const names[STATISTICS_KINDS] = {
        [OUTCOME_ERROR] = "error",       [OUTCOME_ANSWER] = "answer",
        [OUTCOME_WILDCARD] = "wildcard", [OUTCOME_NODATA] = "nodata",
        [OUTCOME_NXDOMAIN] = "nxdomain", [OUTCOME_REFERRAL] = "referral",
    };
    (void)text;
    return names[index];
}

static const char *cookie_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    static const char *const names[] = {[COOKIE_NONE] = "none",
                                        [COOKIE_CLIENT] = "client",
                                        [COOKIE_BAD] = "bad",
                                        [COOKIE_GOOD] = "good"};
    (void)text;
    return names[index];
}

static const char *close_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    static const char *const names[STATISTICS_CLOSES] = {
        [CLOSE_CLIENT] = "client",   [CLOSE_IDLE] = "idle",   [CLOSE_ROOM] = "quota",
        [CLOSE_ADDRESS] = "address", [CLOSE_ERROR] = "error", [CLOSE_END] = "end"};
    (void)text;
    return names[index];
}

static const char *handshake_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    static const char *const names[STATISTICS_HANDSHAKES] = {
        [HANDSHAKE_FULL] = "full", [HANDSHAKE_RESUMED] = "resumed", [HANDSHAKE_FAILED] = "failed"};
    (void)text;
    return names[index];
}

static const char *size_name(size_t index, char text[STATISTICS_NAME_MAX])
{
    snprintf(text, STATISTICS_NAME_MAX, "%zu", index * STATISTICS_SIZE_STEP);
    return text;
}

// ── Numbers ──────────────────────────────────────────────────────────────────────────────────────

#define ARRAY(field)                                                                               \
    static uint64_t value_##field(const struct statistics *statistics, size_t index)               \
    {                                                                                              \
        return statistics->field[index];                                                           \
    }
#define NUMBER(field)                                                                              \
    static uint64_t value_##field(const struct statistics *statistics, size_t index)               \
    {                                                                                              \
        (void)index;                                                                               \
        return statistics->field;                                                                  \
    }

ARRAY(queries)
ARRAY(types)
ARRAY(rcodes)
ARRAY(opcodes)
ARRAY(kinds)
ARRAY(closed)
ARRAY(handshakes)
ARRAY(query_sizes)
ARRAY(reply_sizes)
NUMBER(truncated)
NUMBER(limited)
NUMBER(slipped)
NUMBER(unsent)
NUMBER(broken)
NUMBER(snapshots)
NUMBER(images)
NUMBER(batches)
NUMBER(delayed)
NUMBER(connections)
NUMBER(draining)

static uint64_t value_dropped(const struct statistics *statistics, size_t index)
{
    (void)index;
    return statistics->kinds[OUTCOME_DROPPED];
}

// Queries with all of these features.
static uint64_t with_features(const struct statistics *statistics, unsigned mask, unsigned wanted)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < STATISTICS_FEATURES; i++)
        if ((i & mask) == wanted)
            sum += statistics->features[i];
    return sum;
}

static uint64_t value_edns(const struct statistics *statistics, size_t index)
{
    (void)index;
    return with_features(statistics, STATISTICS_EDNS, STATISTICS_EDNS);
}

static uint64_t value_dnssec_ok(const struct statistics *statistics, size_t index)
{
    (void)index;
    return with_features(statistics, STATISTICS_DNSSEC_OK, STATISTICS_DNSSEC_OK);
}

static uint64_t value_cookies(const struct statistics *statistics, size_t index)
{
    return with_features(statistics, STATISTICS_FEATURES - STATISTICS_COOKIE,
                         (unsigned)index * STATISTICS_COOKIE);
}

static uint64_t value_accepted(const struct statistics *statistics, size_t index)
{
    uint64_t sum = statistics->connections;
    (void)index;
    for (size_t i = 0; i < STATISTICS_CLOSES; i++)
        sum += statistics->closed[i];
    return sum;
}

// ── The table ────────────────────────────────────────────────────────────────────────────────────

#define ONE(key, metric, kind, field, help)                                                        \
    {                                                                                              \
        key, metric, help, STATISTICS_##kind, NULL, 1, value_##field, NULL, false                  \
    }

const struct statistics_family statistics_families[] = {
    {"queries", "queries_total", "Messages that came, by transport and family of addresses",
     STATISTICS_COUNTER, "transport", STATISTICS_PATHS, value_queries, path_name, false},
    {"types", "queries_by_type_total",
     "Messages that came, by type asked for; none: no question could be read", STATISTICS_COUNTER,
     "type", STATISTICS_TYPES, value_types, type_name, true},
    {"opcodes", "queries_by_opcode_total", "Messages with another opcode than QUERY",
     STATISTICS_COUNTER, "opcode", STATISTICS_OPCODES, value_opcodes, opcode_name, true},
    ONE("edns", "queries_edns_total", COUNTER, edns, "Queries with EDNS"),
    ONE("dnssec-ok", "queries_dnssec_ok_total", COUNTER, dnssec_ok, "Queries with the DO bit"),
    {"cookies", "queries_by_cookie_total",
     "Messages that came, by DNS cookie; client: the client's half alone", STATISTICS_COUNTER,
     "cookie", STATISTICS_FEATURES / STATISTICS_COOKIE, value_cookies, cookie_name, false},
    {"rcodes", "responses_total", "Replies, by response code", STATISTICS_COUNTER, "rcode",
     STATISTICS_RCODES, value_rcodes, rcode_name, false},
    {"kinds", "responses_by_kind_total", "Replies, by what was found; error: nothing was looked up",
     STATISTICS_COUNTER, "kind", STATISTICS_KINDS, value_kinds, kind_name, false},
    ONE("truncated", "responses_truncated_total", COUNTER, truncated,
        "Replies that did not fit: with the TC bit"),
    ONE("dropped", "queries_dropped_total", COUNTER, dropped,
        "Messages that are due no reply: too short, or replies themselves"),
    ONE("limited", "queries_limited_total", COUNTER, limited,
        "Queries whose reply the rate limit kept back"),
    ONE("slipped", "responses_slipped_total", COUNTER, slipped,
        "Replies that the rate limit cut to a TC bit or to BADCOOKIE"),
    ONE("unsent", "responses_unsent_total", COUNTER, unsent, "Replies that could not be sent"),
    ONE("broken", "queries_broken_zone_total", COUNTER, broken,
        "Queries for a zone whose image does not hold up or cannot be read: SERVFAIL"),
    {"query-sizes", "query_size_bytes", "Sizes of messages that came", STATISTICS_SIZES, "le",
     STATISTICS_QUERY_SIZES, value_query_sizes, size_name, true},
    {"reply-sizes", "response_size_bytes", "Sizes of replies", STATISTICS_SIZES, "le",
     STATISTICS_REPLY_SIZES, value_reply_sizes, size_name, true},
    ONE("connections-accepted", "connections_accepted_total", COUNTER, accepted,
        "TCP and TLS connections accepted"),
    {"connections-closed", "connections_closed_total",
     "TCP and TLS connections closed, by reason; quota, address: to make room for another",
     STATISTICS_COUNTER, "reason", STATISTICS_CLOSES, value_closed, close_name, false},
    {"handshakes", "tls_handshakes_total",
     "Handshakes of TLS, by result; resumed: with a ticket; failed: the connection ended before",
     STATISTICS_COUNTER, "result", STATISTICS_HANDSHAKES, value_handshakes, handshake_name, false},
    ONE("handshakes-delayed", "tls_handshakes_delayed_total", COUNTER, delayed,
        "TLS connections that waited for their handshake"),
    ONE("connections", "connections", GAUGE, connections, "TCP and TLS connections open now"),
    ONE("draining", "draining_sockets", GAUGE, draining,
        "Sockets of workers that are down, served meanwhile"),
    ONE("batches", "batches_total", COUNTER, batches, "Batches of messages answered together"),
    ONE("snapshots", "store_snapshots_total", COUNTER, snapshots,
        "Versions of the store answered from"),
    ONE("images", "images_checked_total", COUNTER, images,
        "Zone images checked at their first use"),
};

const size_t statistics_family_count = COUNT(statistics_families);
