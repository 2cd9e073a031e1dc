// SPDX-License-Identifier: ISC
// `zonebox reload` and `zonebox flush`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/zonebox.h"

static int ask_all_again(const char *sockets)
{
    json_t *reply = NULL;
    struct error err = {0};
    // Nothing that zoned reads may have changed, and yet a key file in its place.
    if (zonebox_ask(sockets, "zone-signer", json_pack("{ss}", "command", "reload"), &reply, &err) !=
        STATUS_OK) {
        zonebox_complain(err.text);
        return ZONEBOX_WRONG;
    }
    json_decref(reply);
    return ZONEBOX_FINE;
}

int zonebox_reload(const struct zonebox *zonebox)
{
    char *sockets = zonebox_sockets(zonebox);
    json_t *reply = NULL;
    struct error err = {0};
    int code = ZONEBOX_WRONG;
    if (zonebox_ask(sockets, "zoned", json_pack("{ss}", "command", "reload"), &reply, &err) !=
        STATUS_OK) {
        zonebox_complain(err.text);
    } else {
        const json_t *errors = json_object_get(reply, "errors");
        for (size_t i = 0; i < json_array_size(errors); i++)
            zonebox_complain(json_string_value(json_array_get(errors, i)));
        if (json_array_size(errors) > 0)
            zonebox_complain("nothing was changed; all goes on as it was");
        else
            code = ask_all_again(sockets);
        if (code == ZONEBOX_FINE)
            puts("The configuration and all that it names is looked at again; what changed is "
                 "published.");
    }
    json_decref(reply);
    free(sockets);
    return code;
}

static int flush(const char *sockets, const char *name)
{
    json_t *reply = NULL;
    struct error err = {0};
    json_t *request = json_pack("{ssss}", "command", "flush", "name", name);
    if (request == NULL) {
        zonebox_complain("the name is not a text in UTF-8");
        return ZONEBOX_WRONG;
    }
    if (zonebox_ask(sockets, "zone-resolver", request, &reply, &err) != STATUS_OK) {
        zonebox_complain(err.text);
        return ZONEBOX_WRONG;
    }
    bool all = strcmp(zonebox_text(reply, "flushed"), "all") == 0;
    printf("%s%s is forgotten and asked for again.\n", name, all ? ", and all else," : "");
    if (zonebox_text(reply, "note")[0] != '\0')
        printf("(%s)\n", zonebox_text(reply, "note"));
    puts("Programs with caches of their own (browsers, nscd, systemd-resolved) keep theirs.");
    json_decref(reply);
    return ZONEBOX_FINE;
}

int zonebox_flush(const struct zonebox *zonebox)
{
    const char *name = zonebox->words[0];
    size_t len = strlen(name);
    // RFC 1035 §2.3.4: 253 characters and the dot at the end.
    if (len == 0 || len > 254 || strspn(name, " \t\r\n") > 0) {
        zonebox_complain("that is no domain name; write one such as example.com");
        return ZONEBOX_USAGE;
    }
    char *sockets = zonebox_sockets(zonebox);
    int code = flush(sockets, name);
    free(sockets);
    return code;
}
