// SPDX-License-Identifier: ISC
// LOC (RFC 1876 §3): where something is on earth. Degrees with minutes and seconds, metres with centimetres.
#include "zonegen/rdata_fields.h"

#include <stdlib.h>
#include <string.h>

#define EQUATOR       (UINT32_C(1) << 31) // and the prime meridian
#define SEA_LEVEL_CM  10000000            // what altitudes count from, 100 km below
#define ALTITUDE_LOW  (-SEA_LEVEL_CM)
#define ALTITUDE_HIGH (INT64_C(4294967295) - SEA_LEVEL_CM)
#define SIZE_MAX_CM   INT64_C(9000000000)

// A decimal number with at most `places` digits behind its point, as an integer of the last place. False: it is none.
static bool read_decimal(const char *text, size_t len, unsigned places, int64_t *ret)
{
    int64_t value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 10 || digits > len)
        return false;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (text[i] - '0');
    const char *at = text + digits;
    bool point = digits < len && *at == '.';
    at += point;
    size_t more = point ? strspn(at, "0123456789") : 0;
    if ((point && more == 0) || more > places || (size_t)(at - text) + more != len)
        return false;
    for (unsigned i = 0; i < places; i++)
        value = value * 10 + (i < more ? at[i] - '0' : 0);
    *ret = value;
    return true;
}

// One part of an angle, when the next word is a number. *ret is in thousandths.
static enum status take_part(struct rdata_words *words, unsigned places, int64_t most, int64_t *ret,
                             struct error *err)
{
    const char *text = NULL;
    enum status status = rdata_take(words, "degrees, minutes or seconds", &text, err);
    if (status != STATUS_OK)
        return status;
    if (!read_decimal(text, strlen(text), places, ret) || *ret > most)
        return rdata_wrong(words, err,
                           "\"%s\" is no part of an angle; one is like 52 22 23.000 N, minutes and "
                           "seconds below 60",
                           text);
    return STATUS_OK;
}

static bool is_direction(const char *text, const char *directions)
{
    return text != NULL && text[0] != '\0' && text[1] == '\0' &&
           strchr(directions, text[0] & ~0x20) != NULL;
}

// DEGREES [MINUTES [SECONDS]] DIRECTION; the first direction is the positive one.
static enum status put_angle(struct rdata_words *words, const char *directions, int64_t most,
                             struct buf *ret, struct error *err)
{
    static const int64_t seconds_of[] = {3600, 60, 1};
    int64_t total = 0;
    for (unsigned i = 0; i < 3 && (i == 0 || !is_direction(rdata_peek(words), directions)); i++) {
        int64_t value = 0;
        enum status status = take_part(words, i == 2 ? 3 : 0,
                                       i == 0   ? most
                                       : i == 1 ? 59
                                                : 59999,
                                       &value, err);
        if (status != STATUS_OK)
            return status;
        total += value * (i == 2 ? 1 : 1000 * seconds_of[i]);
    }
    const char *text = NULL;
    enum status status = rdata_take(words, directions[0] == 'N' ? "N or S" : "E or W", &text, err);
    if (status != STATUS_OK)
        return status;
    if (!is_direction(text, directions))
        return rdata_wrong(words, err, "\"%s\" where %c or %c is expected", text, directions[0],
                           directions[1]);
    if (total > most * 3600000)
        return rdata_wrong(words, err, "more than %u degrees", (unsigned)most);
    bool negative = (text[0] & ~0x20) == directions[1];
    buf_put_u32(ret, negative ? EQUATOR - (uint32_t)total : EQUATOR + (uint32_t)total);
    return STATUS_OK;
}

// Metres, "m" behind them or not, in centimetres.
static enum status take_metres(struct rdata_words *words, int64_t least, int64_t most, int64_t *ret,
                               struct error *err)
{
    const char *text = NULL;
    enum status status = rdata_take(words, "an altitude in metres", &text, err);
    if (status != STATUS_OK)
        return status;
    bool negative = text[0] == '-';
    const char *number = text + negative;
    size_t len = strlen(number);
    if (len > 0 && (number[len - 1] | 0x20) == 'm')
        len--;
    bool good = read_decimal(number, len, 2, ret);
    *ret = negative ? -*ret : *ret;
    if (!good || *ret < least || *ret > most)
        return rdata_wrong(words, err, "\"%s\" is no length in metres, from %lld to %lld", text,
                           (long long)least / 100, (long long)most / 100);
    return STATUS_OK;
}

// Four bits of mantissa, four of exponent, in centimetres.
static uint8_t rounded(int64_t centimetres)
{
    uint8_t exponent = 0;
    while (centimetres > 9) {
        centimetres /= 10;
        exponent++;
    }
    return (uint8_t)(centimetres << 4 | exponent);
}

enum status rdata_put_loc(struct rdata_words *words, struct buf *ret, struct error *err)
{
    // Version 0, then size and precisions with their defaults: 1 m, 10 km, 10 m.
    uint8_t head[4] = {0, 0x12, 0x16, 0x13};
    int64_t altitude = 0;
    size_t start = ret->len;
    buf_put(ret, head, sizeof(head));
    enum status status = put_angle(words, "NS", 90, ret, err);
    if (status == STATUS_OK)
        status = put_angle(words, "EW", 180, ret, err);
    if (status == STATUS_OK)
        status = take_metres(words, ALTITUDE_LOW, ALTITUDE_HIGH, &altitude, err);
    for (size_t i = 1; status == STATUS_OK && i < sizeof(head) && rdata_peek(words) != NULL; i++) {
        int64_t size = 0;
        status = take_metres(words, 0, SIZE_MAX_CM, &size, err);
        ret->data[start + i] = rounded(size);
    }
    if (status == STATUS_OK)
        buf_put_u32(ret, (uint32_t)(altitude + SEA_LEVEL_CM));
    return status;
}
