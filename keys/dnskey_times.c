// SPDX-License-Identifier: ISC
// The timing metadata of key files: lines "Publish: 20261122064500", in .key files as comments with the time once more
// for people, as dnssec-settime writes and reads them.
#include "keys/dnskey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "keys/key_files.h"

static const struct {
    const char *name;
    size_t field;
} rows[] = {
    {"Created", offsetof(struct dnskey_times, created)},
    {"Publish", offsetof(struct dnskey_times, publish)},
    {"Activate", offsetof(struct dnskey_times, activate)},
    {"Inactive", offsetof(struct dnskey_times, inactive)},
    {"Delete", offsetof(struct dnskey_times, remove)},
    {"SyncPublish", offsetof(struct dnskey_times, sync_publish)},
    {"SyncDelete", offsetof(struct dnskey_times, sync_remove)},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static int number_at(const char *text, size_t digits)
{
    int number = 0;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + text[i] - '0';
    return number;
}

enum status key_time_read(const char *text, int64_t *ret, struct error *err)
{
    if (strspn(text, "0123456789") != 14)
        return error_set(err, STATUS_SYNTAX, "broken time \"%.20s\"; YYYYMMDDHHMMSS would be right",
                         text);
    struct tm when = {
        .tm_year = number_at(text, 4) - 1900,
        .tm_mon = number_at(text + 4, 2) - 1,
        .tm_mday = number_at(text + 6, 2),
        .tm_hour = number_at(text + 8, 2),
        .tm_min = number_at(text + 10, 2),
        .tm_sec = number_at(text + 12, 2),
    };
    *ret = timegm(&when);
    return STATUS_OK;
}

enum status key_times_line(struct dnskey_times *times, const char *line, struct error *err)
{
    for (size_t i = 0; i < ROWS; i++) {
        const char *value = key_line_value(line, rows[i].name);
        if (value != NULL)
            return key_time_read(value, (int64_t *)(void *)((char *)times + rows[i].field), err);
    }
    return STATUS_OK;
}

static void put_time(struct buf *text, const char *name, int64_t when, bool comment)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)when;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    buf_printf(text, "%s%s: %04d%02d%02d%02d%02d%02d", comment ? "; " : "", name,
               utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
               utc.tm_sec);
    if (comment)
        buf_printf(text, " (%.3s %.3s %2d %02d:%02d:%02d %d)", days + 3L * utc.tm_wday,
                   months + 3L * utc.tm_mon, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                   utc.tm_year + 1900);
    buf_put_text(text, "\n");
}

void key_times_put(struct buf *text, const struct dnskey_times *times, bool comment)
{
    for (size_t i = 0; i < ROWS; i++) {
        int64_t when = *(const int64_t *)(const void *)((const char *)times + rows[i].field);
        if (when != 0)
            put_time(text, rows[i].name, when, comment);
    }
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────────

static bool is_time(const char *line)
{
    for (size_t i = 0; i < ROWS; i++)
        if (key_line_value(line, rows[i].name) != NULL)
            return true;
    return false;
}

// The text with these times in the place of those it has: before the record of a .key file, at the end of a .private.
static void put_with_times(char *text, const struct dnskey_times *times, bool public,
                           struct buf *ret)
{
    bool put = false;
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        bool comment = line[0] == ';';
        const char *words = comment ? line + 1 + strspn(line + 1, " \t") : line;
        if (line[0] == '\0' || (comment == public && is_time(words)))
            continue;
        if (public && !comment && !put) {
            key_times_put(ret, times, true);
            put = true;
        }
        buf_put_text(ret, line);
        buf_put_text(ret, "\n");
    }
    if (!put)
        key_times_put(ret, times, public);
}

static enum status write_file(const char *path, const struct dnskey_times *times, bool public,
                              struct error *err)
{
    struct buf old = {0}, text = {0};
    // Never grow, so that no copy of a secret stays behind.
    buf_reserve(&old, KEY_FILE_MAX + 16384);
    buf_reserve(&text, KEY_FILE_MAX + 16384);
    enum status status = file_read(path, KEY_FILE_MAX, &old, err);
    if (status == STATUS_OK) {
        buf_put_u8(&old, 0);
        put_with_times((char *)old.data, times, public, &text);
        status = file_write(path, text.data, text.len, public ? 0644 : 0600, err);
    }
    buf_wipe(&old);
    buf_wipe(&text);
    return status;
}

enum status dnskey_write_times(const struct dnskey *key, struct error *err)
{
    int base_len = (int)(strlen(key->path) - strlen(".key"));
    char *private = xasprintf("%.*s.private", base_len, key->path);
    // BIND goes by the .private file: it is last, so that a crash leaves what held before.
    enum status status = write_file(key->path, &key->times, true, err);
    if (status == STATUS_OK)
        status = write_file(private, &key->times, false, err);
    free(private);
    return status;
}
