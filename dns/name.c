// SPDX-License-Identifier: ISC
// Names: text and wire into each other, keys, comparison. Every function but the two that read
// (name_from_text, name_from_wire) takes valid names and does not check again.
#include "dns/name.h"

#include <assert.h>
#include <string.h>

// Letters in lower case, all else as it is (RFC 4343 §3): a table, since every query and every key
// goes through it.
// clang-format off
static const uint8_t lower[256] = {
#define ROW(n)                                                                                     \
    n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8, n + 9, n + 10, n + 11, n + 12,      \
        n + 13, n + 14, n + 15
    ROW(0x00), ROW(0x10), ROW(0x20), ROW(0x30),
    0x40, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0x5b, 0x5c, 0x5d, 0x5e, 0x5f,
    ROW(0x60), ROW(0x70), ROW(0x80), ROW(0x90), ROW(0xa0), ROW(0xb0),
    ROW(0xc0), ROW(0xd0), ROW(0xe0), ROW(0xf0),
#undef ROW
};
// clang-format on

uint8_t name_lower(uint8_t octet)
{
    return lower[octet];
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Is it written as itself?
static bool is_plain(uint8_t octet)
{
    return octet > ' ' && octet <= '~' && octet != '\\';
}

// Reads one octet of a label that is not written as itself, and moves *at behind it.
static enum status read_escaped(const char **at, uint8_t *ret, struct error *err)
{
    const char *text = *at;
    if (text[0] != '\\')
        return error_set(err, STATUS_SYNTAX,
                         "a character that names are not written with (octet %u); "
                         "international names go in their xn-- form, others as \\DDD",
                         (unsigned)(uint8_t)text[0]);
    if (text[1] == '\0')
        return error_set(err, STATUS_SYNTAX, "nothing behind the last \\");
    if (!is_digit(text[1])) {
        *ret = (uint8_t)text[1];
        *at = text + 2;
        return STATUS_OK;
    }
    if (!is_digit(text[2]) || !is_digit(text[3]))
        return error_set(err, STATUS_SYNTAX, "\\ takes three digits or one other character");
    int value = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    if (value > 255)
        return error_set(err, STATUS_SYNTAX, "\\%d is no octet (at most \\255)", value);
    *ret = (uint8_t)value;
    *at = text + 4;
    return STATUS_OK;
}

// Reads a label up to its dot or the end of the text, and appends it to the name.
static enum status read_label(const char **at, struct name *name, struct error *err)
{
    size_t start = name->len;
    size_t len = 0;
    while (**at != '.' && **at != '\0') {
        uint8_t octet = (uint8_t)(*at)[0];
        if (is_plain(octet)) {
            (*at)++;
        } else {
            enum status status = read_escaped(at, &octet, err);
            if (status != STATUS_OK)
                return status;
        }
        if (++len > NAME_LABEL_MAX)
            return error_set(err, STATUS_SYNTAX, "a label of more than %d octets", NAME_LABEL_MAX);
        // One octet stays free for the root.
        if (start + len >= NAME_WIRE_MAX - 1)
            return error_set(err, STATUS_SYNTAX, "a name of more than %d octets", NAME_WIRE_MAX);
        name->wire[start + len] = octet;
    }
    if (len == 0)
        return error_set(err, STATUS_SYNTAX, "an empty label");
    name->wire[start] = (uint8_t)len;
    name->len = (uint8_t)(start + 1 + len);
    return STATUS_OK;
}

enum status name_from_text(const char *text, struct name *ret, struct error *err)
{
    struct name name = {0};
    const char *at = text;
    if (*at == '\0')
        return error_set(err, STATUS_SYNTAX, "an empty name (the root is \".\")");
    if (strcmp(at, ".") == 0)
        at++;
    while (*at != '\0') {
        enum status status = read_label(&at, &name, err);
        if (status != STATUS_OK)
            return status;
        if (*at == '.')
            at++;
    }
    name.wire[name.len++] = 0;
    *ret = name;
    return STATUS_OK;
}

enum status name_from_wire(const uint8_t *octets, size_t len, struct name *ret)
{
    size_t at = 0;
    while (at < len && at < NAME_WIRE_MAX && octets[at] != 0) {
        if (octets[at] > NAME_LABEL_MAX)
            return STATUS_SYNTAX;
        at += 1u + octets[at];
    }
    if (at >= len || at >= NAME_WIRE_MAX)
        return STATUS_SYNTAX;
    ret->len = (uint8_t)(at + 1);
    memcpy(ret->wire, octets, ret->len);
    return STATUS_OK;
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

// Writes one octet as master files need it and returns the end. The set of \c is BIND's: what has a
// meaning of its own in a master file, wherever it stands.
static char *write_octet(char *at, uint8_t octet)
{
    if (octet <= ' ' || octet > '~') {
        *at++ = '\\';
        *at++ = (char)('0' + octet / 100);
        *at++ = (char)('0' + octet / 10 % 10);
        *at++ = (char)('0' + octet % 10);
        return at;
    }
    if (strchr(".\\\"();@$", octet) != NULL)
        *at++ = '\\';
    *at++ = (char)octet;
    return at;
}

const char *name_to_text(const uint8_t *wire, char text[NAME_TEXT_MAX])
{
    char *at = text;
    if (*wire == 0)
        *at++ = '.';
    for (; *wire != 0; wire += 1 + *wire) {
        for (unsigned i = 1; i <= *wire; i++)
            at = write_octet(at, wire[i]);
        *at++ = '.';
    }
    *at = '\0';
    return text;
}

// ── Looking ──────────────────────────────────────────────────────────────────────────────────────

size_t name_wire_len(const uint8_t *wire)
{
    size_t at = 0;
    while (wire[at] != 0)
        at += 1u + wire[at];
    return at + 1;
}

unsigned name_labels(const uint8_t *wire)
{
    unsigned count = 0;
    for (; *wire != 0; wire += 1 + *wire)
        count++;
    return count;
}

// Where each label starts, the first label first. Returns how many there are.
static unsigned label_starts(const uint8_t *wire, uint8_t starts[NAME_LABELS_MAX])
{
    unsigned count = 0;
    for (unsigned at = 0; wire[at] != 0; at += 1u + wire[at])
        starts[count++] = (uint8_t)at;
    return count;
}

// What names are copied and looked at in: as many octets as one instruction takes.
#define STEP 16
static_assert(NAME_KEY_ROOM >= NAME_KEY_MAX + STEP, "a label is written in whole steps");

typedef uint8_t step_octets __attribute__((vector_size(STEP)));

// Copies the labels of a name, letters in lower case. Returns whether an octet in them, or a length, is 0 or 1. What
// stands behind them, up to a whole step, means nothing.
static bool copy_lower(const uint8_t *wire, size_t len, uint8_t ret[NAME_WIRE_MAX + 2 * STEP])
{
    step_octets octets, low = {0};
    memcpy(ret, wire, len);
    memset(ret + len, 0xff, STEP);
    for (size_t at = 0; at < len; at += STEP) {
        memcpy(&octets, ret + at, STEP);
        low |= (step_octets)(octets <= 1);
        octets += (step_octets)(octets >= 'A') & (step_octets)(octets <= 'Z') & ('a' - 'A');
        memcpy(ret + at, &octets, STEP);
    }
    uint64_t words[STEP / sizeof(uint64_t)];
    memcpy(words, &low, sizeof(words));
    return (words[0] | words[1]) != 0;
}

static uint8_t *put_label(uint8_t *out, const uint8_t *label, unsigned len)
{
    for (unsigned at = 0; at < len; at += STEP)
        memcpy(out + at, label + at, STEP);
    return out + len;
}

static uint8_t *put_label_escaped(uint8_t *out, const uint8_t *label, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        bool is_low = label[i] <= 1; // so that 0 only ever closes a label
        if (is_low)
            *out++ = 1;
        *out++ = (uint8_t)(label[i] + is_low);
    }
    return out;
}

void name_key_at(const uint8_t *wire, const uint8_t *starts, unsigned labels, struct name_key *ret)
{
    uint8_t lower_case[NAME_WIRE_MAX + 2 * STEP];
    size_t len = labels == 0 ? 0 : starts[labels - 1] + 1U + wire[starts[labels - 1]];
    bool has_low = copy_lower(wire, len, lower_case);
    uint8_t *out = ret->octets;
    ret->labels = (uint8_t)labels;
    ret->end[0] = 0;
    for (unsigned i = 1; i <= labels; i++) {
        const uint8_t *label = lower_case + starts[labels - i];
        out = has_low ? put_label_escaped(out, label + 1, label[0])
                      : put_label(out, label + 1, label[0]);
        *out++ = 0;
        ret->end[i] = (uint16_t)(out - ret->octets);
    }
    ret->len = ret->end[labels];
}

void name_key(const uint8_t *wire, struct name_key *ret)
{
    uint8_t starts[NAME_LABELS_MAX];
    unsigned labels = label_starts(wire, starts);
    name_key_at(wire, starts, labels, ret);
}

// RFC 4034 §6.1: labels as octet strings, letters in lower case, a missing octet before any other.
static int compare_labels(const uint8_t *a, const uint8_t *b)
{
    unsigned shorter = *a < *b ? *a : *b;
    for (unsigned i = 1; i <= shorter; i++) {
        int difference = lower[a[i]] - lower[b[i]];
        if (difference != 0)
            return difference;
    }
    return *a - *b;
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
    uint8_t a_starts[NAME_LABELS_MAX];
    uint8_t b_starts[NAME_LABELS_MAX];
    unsigned a_labels = label_starts(a, a_starts);
    unsigned b_labels = label_starts(b, b_starts);
    unsigned common = a_labels < b_labels ? a_labels : b_labels;
    for (unsigned i = 1; i <= common; i++) {
        int difference = compare_labels(a + a_starts[a_labels - i], b + b_starts[b_labels - i]);
        if (difference != 0)
            return difference;
    }
    return (int)a_labels - (int)b_labels;
}

bool name_equal(const uint8_t *a, const uint8_t *b)
{
    size_t at = 0;
    for (;;) {
        unsigned len = a[at];
        if (len != b[at])
            return false;
        if (len == 0)
            return true;
        for (size_t end = at + len; at < end;) {
            at++;
            if (lower[a[at]] != lower[b[at]])
                return false;
        }
        at++;
    }
}

bool name_is_under(const uint8_t *name, const uint8_t *ancestor)
{
    unsigned labels = name_labels(name);
    unsigned above = name_labels(ancestor);
    if (labels < above)
        return false;
    for (; labels > above; labels--)
        name += 1 + *name;
    return name_equal(name, ancestor);
}

bool name_is_wildcard(const uint8_t *wire)
{
    return wire[0] == 1 && wire[1] == '*';
}

int name_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    size_t common = a_len < b_len ? a_len : b_len;
    int difference = common != 0 ? memcmp(a, b, common) : 0;
    if (difference != 0)
        return difference;
    return (a_len > b_len) - (a_len < b_len);
}

const char *name_key_text(const uint8_t *key, size_t len, char ret[NAME_KEY_MAX + 2])
{
    size_t out = 0;
    size_t end = len;
    while (end > 0) { // the last label of the key comes first
        size_t start = end - 1;
        while (start > 0 && key[start - 1] != 0)
            start--;
        for (size_t i = start; i < end - 1; i++)
            ret[out++] = key[i] > ' ' && key[i] < 0x7f ? (char)key[i] : '?';
        ret[out++] = '.';
        end = start;
    }
    ret[out] = '\0';
    return ret;
}
