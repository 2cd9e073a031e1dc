// SPDX-License-Identifier: ISC
// What strangers send to zone-probe and what is not TLS: replies of mail servers, HTTP answers, DNS answers. The first
// octet says which. HTTP reads the same whole and in pieces; nothing leaves its quota.
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "probe/ask_message.h"
#include "probe/http.h"
#include "probe/records.h"
#include "probe/servers.h"
#include "probe/smtp.h"

#define HEAD_MAX 300
#define BODY_MAX 100

static void try_smtp(const uint8_t *octets, size_t len)
{
    struct smtp_reply reply;
    enum smtp_reading reading = smtp_read(octets, len, &reply);
    if (reading != SMTP_REPLY)
        return;
    MUST(reply.used > 0 && reply.used <= len && octets[reply.used - 1] == '\n');
    MUST(reply.code >= 200 && reply.code <= 599);
    for (const char *at = reply.text; *at != '\0'; at++)
        MUST(*at >= ' ' && *at <= '~');
    // The beginning of a reply is none yet, and what is behind it does not matter.
    struct smtp_reply again;
    MUST(smtp_read(octets, reply.used - 1, &again) == SMTP_MORE);
    MUST(smtp_read(octets, reply.used, &again) == SMTP_REPLY && again.starttls == reply.starttls);
}

static void feed(struct http *http, const uint8_t *octets, size_t len, size_t step)
{
    for (size_t at = 0; at < len; at += step)
        http_take(http, octets + at, len - at < step ? len - at : step);
    http_take(http, NULL, 0);
    MUST(http->stage == HTTP_DONE || http->stage == HTTP_BROKEN);
    MUST(http->body.len <= BODY_MAX && http->line.len <= HEAD_MAX);
    MUST((http->stage == HTTP_BROKEN) == (http->text[0] != '\0'));
}

static void try_http(const uint8_t *octets, size_t len)
{
    struct http whole = {.head_max = HEAD_MAX, .body_max = BODY_MAX};
    struct http pieces = {.head_max = HEAD_MAX, .body_max = BODY_MAX};
    feed(&whole, octets, len, len + 1);
    feed(&pieces, octets, len, 1);
    MUST(whole.stage == pieces.stage && strcmp(whole.text, pieces.text) == 0);
    if (whole.stage == HTTP_DONE) {
        MUST(whole.status >= 200 && whole.status == pieces.status);
        MUST(strcmp(whole.content_type, pieces.content_type) == 0);
        MUST(whole.body.len == pieces.body.len);
        MUST(whole.body.len == 0 || memcmp(whole.body.data, pieces.body.data, whole.body.len) == 0);
    }
    http_done(&whole);
    http_done(&pieces);
}

static void look_at(const ldns_rr_list *records, const uint8_t *owner)
{
    struct address address;
    struct name name;
    uint8_t digest[32] = {0};
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(records, i);
        record_is(rr, owner, RR_TYPE_NS);
        record_address(rr, DNS_PORT, &address);
        if (ldns_rr_rd_count(rr) > 0)
            record_name(ldns_rr_rdf(rr, 0), &name);
        record_digest(rr, digest);
    }
    MUST(ldns_rr_list_rr_count(records) == 0 || digest[0] != 0 || digest[1] != 0 || digest[2] != 0);
}

static void try_dns(const uint8_t *octets, size_t len)
{
    static const uint8_t owner[] = "\7example";
    struct ask_question question = {.name = owner, .type = RR_TYPE_NS};
    ldns_pkt *packet = NULL;
    char text[ASK_TEXT_MAX] = "";
    enum ask_reading reading = ask_message_read(&question, 0, octets, len, &packet, text);
    MUST(reading != ASK_READ_ANSWER || packet != NULL);
    MUST(reading != ASK_READ_BROKEN || (packet == NULL && text[0] != '\0'));
    if (packet == NULL)
        return;
    struct server server = {.answer = packet};
    server_is_authoritative(&server);
    look_at(ldns_pkt_answer(packet), owner);
    look_at(ldns_pkt_authority(packet), owner);
    look_at(ldns_pkt_additional(packet), owner);
    ldns_pkt_free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    if (len == 0)
        return 0;
    switch (octets[0]) {
    case 's':
        try_smtp(octets + 1, len - 1);
        break;
    case 'h':
        try_http(octets + 1, len - 1);
        break;
    case 'd':
        try_dns(octets + 1, len - 1);
        break;
    default:
        break;
    }
    return 0;
}
