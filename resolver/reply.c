// SPDX-License-Identifier: ISC
#include "resolver/reply.h"

#include <string.h>

#include "dns/rdata.h"
#include "dns/wire.h"
#include "resolver/names.h"
#include "resolver/why.h"

#define RR_FIXED_LEN  10 // type, class, TTL, length of the rdata
#define OPT_LEN       11
#define OPT_DO        0x80U
#define OPTION_EDE    15
#define EDE_FIXED_LEN 6 // code, length, info-code (RFC 8914 §2)
#define RCODE_MASK    15U
#define OPCODE_MASK   0x7800U
// Beside the longest question this much still fits into 512 octets.
#define EDE_TEXT_MAX                                                                               \
    (DNS_UDP_PLAIN_MAX - DNS_HEADER_LEN - (NAME_WIRE_MAX + 4) - OPT_LEN - EDE_FIXED_LEN)

enum { RR_TYPE_SIG = 24, RR_TYPE_KEY = 25, RR_TYPE_NXT = 30 }; // DNSSEC of RFC 2535

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTION_COUNT };

enum outcome { WRITTEN, FULL, MALFORMED };

struct record {
    struct name owner;
    uint16_t type;
    uint16_t set_type; // of an RRSIG: what it covers
    uint16_t class;
    uint32_t ttl;
    size_t rdata; // where in the engine's packet
    size_t rdata_len;
};

struct composer {
    const struct asked *asked;
    struct names_reader packet;
    struct names_writer out;
    uint16_t counts[SECTION_COUNT];
    // The RRset that is being written: all of it is taken back when its end does not fit.
    struct name set_owner;
    uint16_t set_type;
    uint16_t set_count;
    size_t set_start;
};

// What the header and OPT say, whatever the sections hold.
struct verdict {
    uint16_t rcode;
    bool authentic;
    bool truncated;
    uint16_t ede;
    const char *text;
};

void asked_keep(const struct query *query, struct asked *ret)
{
    ret->id = query->id;
    ret->flags = query->flags;
    ret->qtype = query->question_len > 0 ? query->qtype : 0;
    ret->udp_size = query->udp_size;
    ret->question_len = query->question_len;
    ret->edns = query->edns;
    ret->dnssec_ok = query->dnssec_ok;
    memcpy(ret->question, query->name.wire, query->question_len);
}

// ── Reading the engine's packet ──────────────────────────────────────────────────────────────────

static bool read_record(struct names_reader *packet, struct record *ret)
{
    if (!names_read(packet, &ret->owner))
        return false;
    struct wire_reader reader = wire_reader(packet->message + packet->at, packet->len - packet->at);
    ret->type = wire_u16(&reader);
    ret->class = wire_u16(&reader);
    ret->ttl = wire_u32(&reader);
    ret->rdata_len = wire_u16(&reader);
    ret->rdata = packet->at + RR_FIXED_LEN;
    const uint8_t *rdata = wire_take(&reader, ret->rdata_len);
    if (!wire_ok(&reader) || (ret->type == RR_TYPE_RRSIG && ret->rdata_len < 2))
        return false;
    ret->set_type = ret->type == RR_TYPE_RRSIG ? wire_get_u16(rdata) : ret->type;
    packet->at = ret->rdata + ret->rdata_len;
    return true;
}

// The packet answers the question that was asked, or it is somebody else's.
static bool read_question(struct composer *composer)
{
    struct names_reader *packet = &composer->packet;
    const struct asked *asked = composer->asked;
    struct name qname;
    if (packet->len < DNS_HEADER_LEN || wire_get_u16(packet->message + 4) != 1)
        return false;
    packet->at = DNS_HEADER_LEN;
    if (!names_read(packet, &qname) || packet->len - packet->at < 4)
        return false;
    uint16_t qtype = wire_get_u16(packet->message + packet->at);
    packet->at += 4;
    return qtype == asked->qtype && name_equal(qname.wire, asked->question);
}

// ── Writing records ──────────────────────────────────────────────────────────────────────────────

static enum outcome put_octets(struct names_writer *out, const void *octets, size_t len)
{
    if (out->limit - out->at < len)
        return FULL;
    memcpy(out->message + out->at, octets, len);
    out->at += len;
    return WRITTEN;
}

// Rdata with names that may be compressed (dns/rdata.h).
static enum outcome put_names(struct composer *composer, const struct record *record,
                              const struct rdata_layout *layout)
{
    struct names_reader reader = composer->packet;
    struct names_writer *out = &composer->out;
    size_t end = record->rdata + record->rdata_len;
    if (record->rdata_len < layout->before)
        return MALFORMED;
    enum outcome outcome = put_octets(out, reader.message + record->rdata, layout->before);
    reader.at = record->rdata + layout->before;
    reader.len = end;
    for (unsigned i = 0; i < layout->names && outcome == WRITTEN; i++) {
        struct name name;
        if (!names_read(&reader, &name))
            return MALFORMED;
        outcome = names_put(out, name.wire) ? WRITTEN : FULL;
    }
    if (outcome != WRITTEN)
        return outcome;
    if (end - reader.at != layout->after)
        return MALFORMED;
    return put_octets(out, reader.message + reader.at, layout->after);
}

static enum outcome put_record(struct composer *composer, const struct record *record)
{
    struct names_writer *out = &composer->out;
    if (!names_put(out, record->owner.wire) || out->limit - out->at < RR_FIXED_LEN)
        return FULL;
    uint8_t *fixed = out->message + out->at;
    wire_set_u16(fixed, record->type);
    wire_set_u16(fixed + 2, record->class);
    wire_set_u32(fixed + 4, record->ttl);
    out->at += RR_FIXED_LEN;
    size_t start = out->at;
    const struct rdata_layout *layout = rdata_layout(record->type);
    enum outcome outcome =
        layout != NULL
            ? put_names(composer, record, layout)
            : put_octets(out, composer->packet.message + record->rdata, record->rdata_len);
    wire_set_u16(fixed + 8, (uint16_t)(out->at - start));
    return outcome;
}

// ── Sections ─────────────────────────────────────────────────────────────────────────────────────

// Without DO, records of DNSSEC are for those who ask for them by name (RFC 4035 §3.2.1), or for all there is.
static bool is_wanted(const struct asked *asked, enum section section, uint16_t type)
{
    if (asked->dnssec_ok)
        return true;
    if (section == SECTION_ANSWER && (type == asked->qtype || asked->qtype == RR_TYPE_ANY))
        return true;
    switch (type) {
    case RR_TYPE_SIG:
    case RR_TYPE_KEY:
    case RR_TYPE_NXT:
    case RR_TYPE_DS:
    case RR_TYPE_RRSIG:
    case RR_TYPE_NSEC:
    case RR_TYPE_DNSKEY:
    case RR_TYPE_NSEC3:
    case RR_TYPE_NSEC3PARAM:
        return false;
    default:
        return true;
    }
}

static void begin_set(struct composer *composer, const struct record *record)
{
    composer->set_owner = record->owner;
    composer->set_type = record->set_type;
    composer->set_count = 0;
    composer->set_start = composer->out.at;
}

static bool is_of_set(const struct composer *composer, const struct record *record)
{
    return composer->set_count > 0 && record->set_type == composer->set_type &&
           name_equal(record->owner.wire, composer->set_owner.wire);
}

// FULL: the message ends in front of the RRset that did not fit.
static enum outcome put_section(struct composer *composer, enum section section)
{
    unsigned count = wire_get_u16(composer->packet.message + 6 + 2 * (size_t)section);
    composer->set_count = 0;
    for (unsigned i = 0; i < count; i++) {
        struct record record;
        if (!read_record(&composer->packet, &record))
            return MALFORMED;
        if (record.type == RR_TYPE_OPT || !is_wanted(composer->asked, section, record.type))
            continue;
        if (!is_of_set(composer, &record))
            begin_set(composer, &record);
        enum outcome outcome = put_record(composer, &record);
        if (outcome == FULL) {
            composer->out.at = composer->set_start;
            composer->counts[section] = (uint16_t)(composer->counts[section] - composer->set_count);
        }
        if (outcome != WRITTEN)
            return outcome;
        composer->set_count++;
        composer->counts[section]++;
    }
    return WRITTEN;
}

static enum outcome put_sections(struct composer *composer, bool *ret_truncated)
{
    *ret_truncated = true;
    enum outcome outcome = put_section(composer, SECTION_ANSWER);
    if (outcome == WRITTEN)
        outcome = put_section(composer, SECTION_AUTHORITY);
    if (outcome != WRITTEN)
        return outcome;
    *ret_truncated = false; // what is additional only helps
    return put_section(composer, SECTION_ADDITIONAL);
}

// ── Header and OPT ───────────────────────────────────────────────────────────────────────────────

static size_t text_len(const char *text)
{
    return text == NULL ? 0 : strnlen(text, EDE_TEXT_MAX);
}

static size_t opt_len(const struct asked *asked, uint16_t ede, const char *text)
{
    if (!asked->edns)
        return 0;
    return OPT_LEN + (ede == QUERY_NO_EDE ? 0 : EDE_FIXED_LEN + text_len(text));
}

// RFC 6891 §6.1.2; what is not printable ASCII in the words has no business in UTF-8 either.
static size_t put_opt(uint8_t *at, const struct asked *asked, const struct verdict *verdict)
{
    size_t len = opt_len(asked, verdict->ede, verdict->text);
    if (len == 0)
        return 0;
    at[0] = 0;
    wire_set_u16(at + 1, RR_TYPE_OPT);
    wire_set_u16(at + 3, DNS_UDP_EDNS_MAX);
    at[5] = (uint8_t)(verdict->rcode >> 4);
    at[6] = 0;
    at[7] = asked->dnssec_ok ? OPT_DO : 0; // RFC 3225 §3
    at[8] = 0;
    wire_set_u16(at + 9, (uint16_t)(len - OPT_LEN));
    if (verdict->ede == QUERY_NO_EDE)
        return len;
    uint8_t *option = at + OPT_LEN;
    wire_set_u16(option, OPTION_EDE);
    wire_set_u16(option + 2, (uint16_t)(len - OPT_LEN - 4));
    wire_set_u16(option + 4, verdict->ede);
    for (size_t i = 0; i < text_len(verdict->text); i++) {
        char letter = verdict->text[i];
        option[EDE_FIXED_LEN + i] = (uint8_t)(letter < ' ' || letter > '~' ? '?' : letter);
    }
    return len;
}

// Completes what stands from the question to the last record. Returns the length of it all.
static size_t finish(struct composer *composer, const struct verdict *verdict)
{
    const struct asked *asked = composer->asked;
    struct names_writer *out = &composer->out;
    uint32_t flags = HEADER_QR | HEADER_RA | (verdict->rcode & RCODE_MASK) |
                     (asked->flags & (OPCODE_MASK | HEADER_RD | HEADER_CD));
    if (verdict->authentic)
        flags |= HEADER_AD;
    if (verdict->truncated)
        flags |= HEADER_TC;
    wire_set_u16(out->message, asked->id);
    wire_set_u16(out->message + 2, (uint16_t)flags);
    wire_set_u16(out->message + 4, asked->question_len > 0 ? 1 : 0);
    wire_set_u16(out->message + 6, composer->counts[SECTION_ANSWER]);
    wire_set_u16(out->message + 8, composer->counts[SECTION_AUTHORITY]);
    wire_set_u16(out->message + 10,
                 (uint16_t)(composer->counts[SECTION_ADDITIONAL] + (asked->edns ? 1 : 0)));
    return out->at + put_opt(out->message + out->at, asked, verdict);
}

// ── The two entries ──────────────────────────────────────────────────────────────────────────────

static void begin(struct composer *composer, const struct asked *asked, uint8_t *out)
{
    composer->asked = asked;
    composer->out.message = out;
    composer->out.at = DNS_HEADER_LEN + (size_t)asked->question_len;
    memset(composer->counts, 0, sizeof(composer->counts));
    memcpy(out + DNS_HEADER_LEN, asked->question, asked->question_len);
}

size_t reply_write_error(const struct asked *asked, const struct reply_error *error, uint8_t *out)
{
    struct composer composer;
    struct verdict verdict = {.rcode = error->rcode, .ede = error->ede, .text = error->text};
    begin(&composer, asked, out);
    return finish(&composer, &verdict);
}

// The engine's answer as it is, without what is not for this client.
static size_t write_data(const struct asked *asked, const struct engine_result *result,
                         uint8_t *out, size_t limit)
{
    static const struct reply_error unreadable = {RCODE_SERVFAIL, EDE_INVALID_DATA, NULL};
    bool bogus = result->security == ENGINE_BOGUS;
    struct composer composer;
    struct verdict verdict = {.ede = bogus ? why_code(result->why_bogus) : QUERY_NO_EDE};
    begin(&composer, asked, out);
    composer.packet = (struct names_reader){result->packet, result->packet_len, 0};
    composer.out.limit = limit - opt_len(asked, verdict.ede, NULL);
    memset(composer.out.places, 0, sizeof(composer.out.places));
    names_note(&composer.out, asked->question, DNS_HEADER_LEN);
    if (!read_question(&composer) || put_sections(&composer, &verdict.truncated) == MALFORMED)
        return reply_write_error(asked, &unreadable, out);

    uint16_t flags = wire_get_u16(result->packet + 2);
    verdict.rcode = flags & RCODE_MASK;
    verdict.truncated = verdict.truncated || (flags & HEADER_TC) != 0;
    verdict.authentic =
        result->security == ENGINE_SECURE && (asked->dnssec_ok || (asked->flags & HEADER_AD) != 0);
    return finish(&composer, &verdict);
}

size_t reply_write(const struct asked *asked, const struct engine_result *result, uint8_t *out,
                   size_t limit)
{
    struct reply_error error = {(uint16_t)result->rcode, EDE_NO_REACHABLE_AUTHORITY,
                                "no usable answer from the name servers of this domain"};
    if (result->rcode != 0) {
        if (result->rcode != RCODE_SERVFAIL)
            error =
                (struct reply_error){(uint16_t)(result->rcode & RCODE_MASK), QUERY_NO_EDE, NULL};
        return reply_write_error(asked, &error, out);
    }
    if (result->security == ENGINE_BOGUS && (asked->flags & HEADER_CD) == 0) {
        error = (struct reply_error){RCODE_SERVFAIL, why_code(result->why_bogus),
                                     why_text(result->why_bogus)};
        return reply_write_error(asked, &error, out);
    }
    return write_data(asked, result, out, limit);
}
