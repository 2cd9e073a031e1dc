// SPDX-License-Identifier: ISC
#include "tests/unit/config/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"

const struct surroundings nothing_found = {.directory = "/etc/zonebox"};

struct config *parse_in(const struct surroundings *surroundings, const char *text)
{
    struct config *config = NULL;
    struct config_errors errors = {0};
    if (config_parse_in(surroundings, "z.yaml", text, strlen(text), &config, &errors) != STATUS_OK)
        fail_msg("%s", errors.list[0].text);
    assert_int_equal(errors.count, 0);
    return config;
}

struct config *parse(const char *text)
{
    return parse_in(&nothing_found, text);
}

// A copy of exactly that size, so that the sanitizer sees every read beyond.
static enum status refuse(const char *text, size_t len, struct config_errors *ret)
{
    char *copy = xmemdup(text, len);
    struct config *config = NULL;
    *ret = (struct config_errors){0};
    enum status status = config_parse_in(&nothing_found, "z.yaml", copy, len, &config, ret);
    assert_null(config);
    free(copy);
    return status;
}

struct config_errors errors_of(const char *text, size_t len)
{
    struct config_errors errors;
    enum status status = refuse(text, len, &errors);
    assert_true(status == STATUS_SYNTAX || status == STATUS_RANGE);
    return errors;
}

void must_refuse(const char *text, const char *lines)
{
    must_refuse_octets(text, strlen(text), lines);
}

void must_refuse_octets(const char *octets, size_t len, const char *lines)
{
    struct config_errors errors;
    struct buf all = {0};
    assert_int_equal(refuse(octets, len, &errors), STATUS_SYNTAX);
    for (size_t i = 0; i < errors.count && i < CONFIG_ERRORS_MAX; i++)
        buf_printf(&all, "%s\n", errors.list[i].text);
    assert_string_equal(buf_text(&all), lines);
    buf_done(&all);
}
