// SPDX-License-Identifier: ISC
#include "base/secrets.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/random.h"
#include "base/sealed.h"

void secrets_make(struct secrets *ret)
{
    *ret = (struct secrets){.shared = 0};
    random_octets(ret->octets[0], SECRET_LEN);
}

// Where the reading of a file is.
struct place {
    const char *path;
    unsigned line;
    const char *start; // of the line
};

static enum status complain(const struct place *place, const char *at, const char *words,
                            struct error *err)
{
    return error_set(err, STATUS_SYNTAX, "%s:%u:%u: %s", place->path, place->line,
                     (unsigned)(at - place->start) + 1, words);
}

static uint8_t digit_value(char digit)
{
    int letter = tolower((unsigned char)digit);
    return (uint8_t)(isdigit(letter) ? letter - '0' : letter - 'a' + 10);
}

static enum status read_secret(const struct place *place, const char *end, struct secrets *secrets,
                               struct error *err)
{
    if (secrets->shared == SECRETS_MAX)
        return complain(place, place->start, "one secret too many; 4 are taken", err);
    uint8_t *octets = secrets->octets[secrets->shared];
    const char *at = place->start;
    for (; at < end && isxdigit((unsigned char)*at); at++) {
        size_t digit = (size_t)(at - place->start);
        if (digit == (size_t)2 * SECRET_LEN)
            return complain(place, at, "more than 32 hexadecimal digits", err);
        octets[digit / 2] = (uint8_t)(octets[digit / 2] << 4 | digit_value(*at));
    }
    if (at < end)
        return complain(place, at, "not a hexadecimal digit; a line is one secret of 32", err);
    if (at - place->start < 2 * SECRET_LEN)
        return complain(place, at, "fewer than 32 hexadecimal digits", err);
    secrets->shared++;
    return STATUS_OK;
}

static enum status read_lines(const char *path, const char *text, size_t len, struct secrets *ret,
                              struct error *err)
{
    enum status status = STATUS_OK;
    struct place place = {path, 1, text};
    for (; *place.start != '\0' && status == STATUS_OK; place.line++) {
        const char *end = place.start + strcspn(place.start, "\n");
        const char *next = *end == '\n' ? end + 1 : end;
        while (end > place.start && strchr(" \t\r", end[-1]) != NULL)
            end--;
        if (end > place.start && *place.start != '#')
            status = read_secret(&place, end, ret, err);
        place.start = next;
    }
    if (status == STATUS_OK && place.start < text + len) // a NUL
        return complain(&place, place.start, "not a hexadecimal digit; a line is one secret of 32",
                        err);
    if (status == STATUS_OK && ret->shared == 0)
        return error_set(err, STATUS_SYNTAX,
                         "%s:1:1: no secret; a line of 32 hexadecimal digits is one", path);
    return status;
}

enum status secrets_read(const char *path, struct secrets *ret, struct error *err)
{
    struct buf text = {0};
    enum status status = file_read(path, SECRETS_FILE_MAX, &text, err);
    *ret = (struct secrets){.shared = 0};
    if (status == STATUS_OK)
        status = read_lines(path, buf_text(&text), text.len, ret, err);
    if (text.len > 0)
        explicit_bzero(text.data, text.len);
    buf_done(&text);
    return status;
}

bool secrets_equal(const struct secrets *a, const struct secrets *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

enum status secrets_hand_over(const struct secrets *secrets, int *ret_fd, struct error *err)
{
    int fd;
    enum status status = sealed_make("zonebox-secrets", &fd, err);
    if (status != STATUS_OK)
        return status;
    if (pwrite(fd, secrets, sizeof(*secrets), 0) != (ssize_t)sizeof(*secrets))
        status = error_set_errno(err, errno, "cannot make shared memory");
    return sealed_finish(fd, status, SEALED_OCTETS, ret_fd, err);
}

enum status secrets_take(int fd, struct secrets *ret, struct error *err)
{
    // All workers share the file's place, so it is not used.
    ssize_t len = pread(fd, ret, sizeof(*ret), 0);
    enum status status = STATUS_OK;
    if (len < 0)
        status = error_set_errno(err, errno, "descriptor %d", fd);
    else if (len != (ssize_t)sizeof(*ret) || ret->shared > SECRETS_MAX)
        status = error_set(err, STATUS_RANGE, "descriptor %d is not what zoned hands on", fd);
    close(fd);
    return status;
}
