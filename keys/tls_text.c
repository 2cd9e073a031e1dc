// SPDX-License-Identifier: ISC
#include "keys/tls_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time_text.h"
#include "keys/tls_spki.h"

#define FORMAT "zonebox-tls-keys 1"

static const char head[] =
    "# The keys that the TLSA records of this box name, written by zone-signer (keys/tls_text.h):\n"
    "# key SHA-256-OF-THE-PUBLIC-KEY STATE since added seen safe absent\n" FORMAT "\n";

void tls_plan_print(const struct tls_plan *plan, struct buf *ret)
{
    char hex[TLS_DIGEST_HEX], time[TIME_TEXT_MAX];
    buf_put_text(ret, head);
    buf_printf(ret, "ttl %u %s\n", plan->ttl, time_text(plan->ttl_until, time));
    for (size_t i = 0; i < plan->count; i++) {
        const struct tls_key *key = &plan->keys[i];
        const int64_t times[] = {key->since, key->added_at, key->seen_at, key->safe_at,
                                 key->absent_at};
        buf_printf(ret, "key %s %s", tls_digest_text(key->digest, hex), tls_state_name(key->state));
        for (size_t k = 0; k < sizeof(times) / sizeof(times[0]); k++)
            buf_printf(ret, " %s", time_text(times[k], time));
        buf_printf(ret, "%s%s%s\n", key->surprise ? " surprise" : "",
                   key->forgotten ? " forgotten" : "", key->told ? " told" : "");
    }
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────

static bool read_flags(char **rest, struct tls_key *key)
{
    const char *word;
    while ((word = strtok_r(NULL, " ", rest)) != NULL) {
        if (strcmp(word, "surprise") == 0)
            key->surprise = true;
        else if (strcmp(word, "forgotten") == 0)
            key->forgotten = true;
        else if (strcmp(word, "told") == 0)
            key->told = true;
        else
            return false;
    }
    return true;
}

static bool read_key(char **rest, struct tls_plan *plan)
{
    if (plan->count == sizeof(plan->keys) / sizeof(plan->keys[0]))
        return false;
    struct tls_key *key = &plan->keys[plan->count];
    int64_t *const times[] = {&key->since, &key->added_at, &key->seen_at, &key->safe_at,
                              &key->absent_at};
    const char *digest = strtok_r(NULL, " ", rest);
    const char *state = strtok_r(NULL, " ", rest);
    if (state == NULL || !tls_digest_read(digest, key->digest) ||
        !tls_state_read(state, &key->state) || tls_plan_find(plan, key->digest) != NULL)
        return false;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const char *time = strtok_r(NULL, " ", rest);
        if (time == NULL || !time_text_read(time, times[i]))
            return false;
    }
    plan->count++;
    return read_flags(rest, key);
}

static bool read_ttl(char **rest, struct tls_plan *plan)
{
    const char *ttl = strtok_r(NULL, " ", rest);
    const char *until = strtok_r(NULL, " ", rest);
    char *end = NULL;
    if (until == NULL || ttl[0] < '0' || ttl[0] > '9')
        return false;
    unsigned long number = strtoul(ttl, &end, 10);
    plan->ttl = (uint32_t)number;
    return *end == '\0' && number <= INT32_MAX && time_text_read(until, &plan->ttl_until);
}

static bool read_line(char *line, struct tls_plan *plan)
{
    char *rest = NULL;
    if (line[0] == '#' || line[0] == '\0')
        return true;
    if (!plan->begun) {
        plan->begun = strcmp(line, FORMAT) == 0;
        return plan->begun;
    }
    const char *word = strtok_r(line, " ", &rest);
    if (word != NULL && strcmp(word, "key") == 0)
        return read_key(&rest, plan);
    return word != NULL && strcmp(word, "ttl") == 0 && read_ttl(&rest, plan);
}

static size_t count_published(const struct tls_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += tls_key_is_published(&plan->keys[i]);
    return count;
}

enum status tls_plan_read(const uint8_t *text, size_t len, struct tls_plan *ret, struct error *err)
{
    struct buf copy = {0};
    struct tls_plan plan = {.begun = false};
    enum status status = STATUS_OK;
    if (len > TLS_TEXT_MAX)
        return error_set(err, STATUS_SYNTAX, "too long");
    buf_put(&copy, text, len);
    buf_put_u8(&copy, 0);
    char *line = (char *)copy.data;
    for (unsigned number = 1; line != NULL && status == STATUS_OK; number++) {
        char *next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (!read_line(line, &plan))
            status = error_set(err, STATUS_SYNTAX, "line %u: not as zone-signer writes it", number);
        line = next;
    }
    buf_done(&copy);
    size_t published = count_published(&plan);
    if (status == STATUS_OK &&
        (!plan.begun || published > TLS_KEYS_MAX || plan.count - published > TLS_DROPPED_MAX))
        status = error_set(err, STATUS_SYNTAX, "not a list of TLSA keys");
    if (status == STATUS_OK)
        *ret = plan;
    return status;
}

enum status tls_plan_load(const char *directory, struct tls_plan *ret, struct error *err)
{
    struct buf text = {0};
    char *path = path_join(directory, TLS_TEXT_FILE);
    enum status status = file_read(path, TLS_TEXT_MAX, &text, err);
    if (status == STATUS_OK) {
        status = tls_plan_read(text.data, text.len, ret, err);
        if (status != STATUS_OK)
            error_prefix(err, status, "%s", path);
    }
    buf_done(&text);
    free(path);
    return status;
}
