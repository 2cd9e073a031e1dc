// SPDX-License-Identifier: ISC
// The TLSA keys in the status for people.
#include <string.h>

#include "daemon/zonebox.h"

// Enough of a digest to tell keys apart, and to name one to `tls-next --forget`.
#define DIGITS 16

static const char *state_words(const json_t *key)
{
    static const struct {
        const char *state, *words;
    } states[] = {
        {"current", "current"}, {"next", "next"},       {"safe", "next, safe to deploy"},
        {"leaving", "leaving"}, {"dropped", "dropped"},
    };
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(zonebox_text(key, "state"), states[i].state) == 0)
            return states[i].words;
    return "?";
}

static void show_key(const json_t *key, int64_t now, struct buf *ret)
{
    char text[ZONEBOX_MOMENT_MAX];
    int64_t safe = zonebox_number(key, "safe");
    bool is_next = strcmp(zonebox_text(key, "state"), "next") == 0;
    buf_printf(ret, "  %.*s  %s", DIGITS, zonebox_text(key, "key"), state_words(key));
    if (is_next && safe != 0)
        buf_printf(ret, ", safe to deploy after %s", zonebox_moment(safe, now, text));
    else if (is_next)
        buf_put_text(ret, ", not safe to deploy yet");
    else
        buf_printf(ret, " since %s", zonebox_moment(zonebox_number(key, "since"), now, text));
    if (json_is_true(json_object_get(key, "unannounced")))
        buf_put_text(ret, ", deployed before validators knew it");
    if (zonebox_text(key, "file")[0] != '\0')
        buf_printf(ret, "\n      %s", zonebox_text(key, "file"));
    if (zonebox_text(key, "waits-for")[0] != '\0')
        buf_printf(ret, "\n      %s", zonebox_text(key, "waits-for"));
    if (zonebox_number(key, "looked") != 0)
        buf_printf(ret, "\n      seen by %lld, not by %lld, unknown %lld, %s",
                   (long long)zonebox_number(key, "ok"), (long long)zonebox_number(key, "wrong"),
                   (long long)zonebox_number(key, "unknown"),
                   zonebox_moment(zonebox_number(key, "looked"), now, text));
    buf_put_text(ret, "\n");
}

void zonebox_show_tls(const json_t *signer, int64_t now, struct buf *ret)
{
    const json_t *tls = json_object_get(signer, "tls");
    size_t i;
    json_t *value;
    if (!json_is_object(tls) || json_array_size(json_object_get(tls, "keys")) == 0)
        return;
    buf_printf(ret, "\nTLS keys of %s, in its TLSA records for port", zonebox_text(tls, "host"));
    json_array_foreach(json_object_get(tls, "ports"), i, value)
        buf_printf(ret, "%s %lld", i > 0 ? "," : "", (long long)json_integer_value(value));
    buf_put_text(ret, "\n");
    json_array_foreach(json_object_get(tls, "keys"), i, value) show_key(value, now, ret);
}
