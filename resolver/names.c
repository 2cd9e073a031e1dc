// SPDX-License-Identifier: ISC
#include "resolver/names.h"

#include <string.h>

#include "dns/types.h"
#include "dns/wire.h"

#define POINTER_BITS 0xc0U // RFC 1035 §4.1.4
#define POINTER_LEN  2
// Slots that one suffix may be looked for in: a message made of names with equal hashes costs this
// much and no more.
#define PROBES 4

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

static bool is_pointer(uint8_t octet)
{
    return (octet & POINTER_BITS) == POINTER_BITS;
}

bool names_read(struct names_reader *reader, struct name *ret)
{
    const uint8_t *message = reader->message;
    size_t at = reader->at;
    size_t end = 0;     // behind the name in the place where it began; 0 until that is known
    size_t before = at; // pointers lead in front of where the labels since the last one began
    size_t len = 0;
    for (;;) {
        if (at >= reader->len)
            return false;
        if (is_pointer(message[at])) {
            if (reader->len - at < POINTER_LEN)
                return false;
            size_t target = wire_get_u16(message + at) & DNS_POINTER_MAX;
            end = end == 0 ? at + POINTER_LEN : end;
            if (target >= before)
                return false;
            before = target;
            at = target;
            continue;
        }
        size_t step = 1U + message[at];
        if (message[at] > NAME_LABEL_MAX || step > reader->len - at || len + step > NAME_WIRE_MAX)
            return false;
        memcpy(ret->wire + len, message + at, step);
        len += step;
        at += step;
        if (step == 1)
            break;
    }
    ret->len = (uint8_t)len;
    reader->at = end == 0 ? at : end;
    return true;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

// The labels of a name, with the hash of the suffix that begins with each.
struct suffixes {
    unsigned count;
    uint8_t at[NAME_LABELS_MAX];
    uint32_t hash[NAME_LABELS_MAX];
};

// FNV-1a over the octets in lower case, from the last label to the first.
static void find_suffixes(const uint8_t *name, struct suffixes *ret)
{
    ret->count = 0;
    for (size_t at = 0; name[at] != 0; at += 1U + name[at])
        ret->at[ret->count++] = (uint8_t)at;
    uint32_t hash = 2166136261U;
    for (unsigned i = ret->count; i-- > 0;) {
        const uint8_t *label = name + ret->at[i];
        for (size_t k = 0; k <= label[0]; k++)
            hash = (hash ^ name_lower(label[k])) * 16777619U;
        ret->hash[i] = hash;
    }
}

// Is the name that stands in the message this one? What stands there was written here.
static bool stands_there(const uint8_t *message, size_t at, const uint8_t *name)
{
    for (;;) {
        while (is_pointer(message[at]))
            at = wire_get_u16(message + at) & DNS_POINTER_MAX;
        uint8_t len = name[0];
        if (message[at] != len)
            return false;
        if (len == 0)
            return true;
        for (size_t i = 1; i <= len; i++)
            if (name_lower(message[at + i]) != name_lower(name[i]))
                return false;
        at += 1U + len;
        name += 1U + len;
    }
}

static size_t slot_of(uint32_t hash, unsigned probe)
{
    return ((hash ^ hash >> 16) + probe) % NAMES_PLACES;
}

// Where the suffix stands, 0 for nowhere.
static size_t find_place(const struct names_writer *writer, uint32_t hash, const uint8_t *suffix)
{
    for (unsigned probe = 0; probe < PROBES; probe++) {
        size_t place = writer->places[slot_of(hash, probe)];
        if (place == 0)
            return 0;
        if (stands_there(writer->message, place, suffix))
            return place;
    }
    return 0;
}

static void note_place(struct names_writer *writer, uint32_t hash, size_t place)
{
    if (place > DNS_POINTER_MAX)
        return;
    for (unsigned probe = 0; probe < PROBES; probe++) {
        uint16_t *slot = &writer->places[slot_of(hash, probe)];
        if (*slot == 0) {
            *slot = (uint16_t)place;
            return;
        }
    }
}

void names_note(struct names_writer *writer, const uint8_t *name, size_t at)
{
    struct suffixes suffixes;
    find_suffixes(name, &suffixes);
    for (unsigned i = 0; i < suffixes.count; i++)
        note_place(writer, suffixes.hash[i], at + suffixes.at[i]);
}

bool names_put(struct names_writer *writer, const uint8_t *name)
{
    struct suffixes suffixes;
    find_suffixes(name, &suffixes);
    unsigned whole = 0; // labels that are written before a pointer takes over
    size_t place = 0;
    while (whole < suffixes.count && place == 0) {
        place = find_place(writer, suffixes.hash[whole], name + suffixes.at[whole]);
        whole += place == 0 ? 1 : 0;
    }
    size_t labels_len = place != 0 ? suffixes.at[whole] : name_wire_len(name) - 1;
    size_t len = labels_len + (place != 0 ? (size_t)POINTER_LEN : 1);
    if (writer->limit - writer->at < len)
        return false;
    uint8_t *out = writer->message + writer->at;
    memcpy(out, name, labels_len);
    if (place != 0)
        wire_set_u16(out + labels_len, (uint16_t)(POINTER_BITS << 8 | place));
    else
        out[labels_len] = 0;
    for (unsigned i = 0; i < whole; i++)
        note_place(writer, suffixes.hash[i], writer->at + suffixes.at[i]);
    writer->at += len;
    return true;
}
