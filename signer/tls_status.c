// SPDX-License-Identifier: ISC
// The TLSA keys as the status has them.
#include <stdio.h>
#include <string.h>

#include "base/control.h"
#include "keys/tls_spki.h"
#include "signer/tls_desk.h"

#define WORDS_MAX 160

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new_nocheck(object, key, value);
}

static json_t *time_or_null(int64_t time)
{
    return time != 0 ? json_integer(time) : json_null();
}

// Why a next key is not safe yet, or why one that leaves is still there; NULL: nothing is waited for.
static const char *waits_for(const struct tls_desk *desk, const struct tls_key *key,
                             char room[WORDS_MAX])
{
    bool waits = key->state == TLS_NEXT || key->state == TLS_LEAVING;
    if (waits && !desk->has_eyes)
        return "zone-probe is not there to look";
    if (waits && key->looked_at == 0)
        return "nobody has looked yet";
    if (key->state == TLS_NEXT && key->wrong > 0)
        return "some name servers do not have its record yet";
    if (key->state == TLS_NEXT && key->seen_at == 0)
        return "some name servers could not be asked";
    if (key->state == TLS_NEXT)
        return "what resolvers have kept has to run out";
    if (key->state == TLS_LEAVING && key->ok > 0)
        return "the server presents it still; reload it";
    if (key->state == TLS_LEAVING && key->unknown > 0 && desk->silent_port != 0) {
        snprintf(
            room, WORDS_MAX,
            "nobody could be reached at port %u; take it out of tls-ports: if no server has it",
            desk->silent_port);
        return room;
    }
    if (key->state == TLS_LEAVING && key->unknown > 0)
        return "the server could not be asked at all addresses and ports";
    if (key->state == TLS_CURRENT && key->told)
        return "the mail server presents another key; reload it, or name its certificate";
    return key->state == TLS_LEAVING ? "it was gone too short a time" : NULL;
}

static json_t *key_of(const struct publisher *publisher, const struct tls_key *key)
{
    char hex[TLS_DIGEST_HEX];
    const char *file = tls_file_of(publisher->zones.inputs, key->digest);
    char room[WORDS_MAX];
    const char *why = waits_for(&publisher->tls, key, room);
    json_t *object = json_object();
    set(object, "key", json_string_nocheck(tls_digest_text(key->digest, hex)));
    set(object, "state", json_string_nocheck(tls_state_name(key->state)));
    set(object, "file", file != NULL ? control_text(file) : json_null());
    set(object, "since", time_or_null(key->since));
    set(object, "seen", time_or_null(key->seen_at));
    set(object, "safe", time_or_null(key->safe_at));
    set(object, "looked", time_or_null(key->looked_at));
    set(object, "ok", json_integer(key->ok));
    set(object, "wrong", json_integer(key->wrong));
    set(object, "unknown", json_integer(key->unknown));
    set(object, "unannounced", json_boolean(key->surprise));
    set(object, "forgotten", json_boolean(key->forgotten));
    set(object, "waits-for", why != NULL ? json_string_nocheck(why) : json_null());
    return object;
}

json_t *tls_status(const struct publisher *publisher)
{
    const struct tls_desk *desk = &publisher->tls;
    if (!desk->active || desk->hostname == NULL)
        return json_null();
    const struct config_box *box = &publisher->zones.inputs->config->box;
    json_t *object = json_object(), *keys = json_array(), *ports = json_array();
    for (size_t i = 0; i < desk->plan.count; i++)
        json_array_append_new(keys, key_of(publisher, &desk->plan.keys[i]));
    for (size_t i = 0; i < box->tls_port_count; i++)
        json_array_append_new(ports, json_integer(box->tls_ports[i]));
    set(object, "host", json_string_nocheck(desk->hostname));
    set(object, "ports", ports);
    set(object, "observed", json_boolean(desk->has_eyes));
    set(object, "keys", keys);
    return object;
}
