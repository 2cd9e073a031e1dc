// SPDX-License-Identifier: ISC
// JSON Schema (draft 2020-12) from the table of options. What YAML makes of a text differs between its readers (`no` is
// a text or false, 60 a number), so a value is taken in each form that it may have.
#include "config/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/options.h"

// What YAML 1.1 and 1.2 make of the words of value_is_yes_no().
#define YES_NO                                                                                     \
    "{\"type\": \"boolean\"}, {\"type\": \"string\", \"pattern\": "                                \
    "\"^([Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff]|[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$\"}"
#define NO                                                                                         \
    "{\"const\": false}, {\"type\": \"string\", \"pattern\": "                                     \
    "\"^([Nn][Oo]|[Oo][Ff][Ff]|[Ff][Aa][Ll][Ss][Ee])$\"}"
#define TEXT "{\"type\": \"string\", \"minLength\": 1}"
// 2026 is a fine selector, and 1000 a user.
#define TEXT_OR_NUMBER "{\"type\": [\"string\", \"number\"], \"minLength\": 1}"
#define ADDRESS        "{\"type\": \"string\", \"pattern\": \"^[][0-9A-Fa-f:.]+$\"}"
#define ADDRESS_PORT                                                                               \
    "{\"type\": \"string\", \"pattern\": \"^[][0-9A-Fa-f:.]+(%[^@]+)?(@[0-9]+)?$\"}"
#define FORWARD                                                                                    \
    "{\"type\": \"string\", \"pattern\": \"^[][0-9A-Fa-f:.]+(%[^@#]+)?(@[0-9]+)?(#.+)?$\"}"
#define PORT                                                                                       \
    "{\"type\": [\"integer\", \"string\"], \"minimum\": 1, \"maximum\": 65535, \"pattern\": "      \
    "\"^[0-9]+$\"}"

static void put_text(struct buf *ret, const char *text)
{
    buf_put_u8(ret, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_put_u8(ret, '\\');
        buf_put_u8(ret, (uint8_t)*text); // the table has no control characters
    }
    buf_put_u8(ret, '"');
}

static void put_section(struct buf *ret, const struct section *section);

// ── Single values ────────────────────────────────────────────────────────────────────────────────

static void put_words(struct buf *ret, const struct option *row)
{
    buf_put_text(ret, "{\"enum\": [");
    for (size_t i = 0; row->words[i] != NULL; i++) {
        buf_put_text(ret, i > 0 ? ", " : "");
        put_text(ret, row->words[i]);
    }
    buf_put_text(ret, "]}");
    if (strcmp(row->words[0], "yes") == 0)
        buf_put_text(ret, ", " YES_NO);
}

// A bare number is seconds.
static void put_time(struct buf *ret, const struct option *row, const char *units)
{
    buf_printf(ret, "{\"type\": \"string\", \"pattern\": \"^[0-9]+(%s)?$\"}", units);
    uint32_t unit = row->type == OPTION_MILLISECONDS ? 1000 : 1;
    buf_printf(ret, ", {\"type\": \"integer\", \"minimum\": %u, \"maximum\": %u}",
               (row->min + unit - 1) / unit, row->max / unit);
    if (row->type == OPTION_LIFETIME)
        buf_put_text(ret, ", {\"const\": \"never\"}");
}

static void put_number(struct buf *ret, const struct option *row)
{
    buf_printf(ret,
               "{\"type\": [\"integer\", \"string\"], \"minimum\": %u, \"maximum\": %u, "
               "\"pattern\": \"^[0-9]+$\"}%s",
               row->min, row->max, row->type == OPTION_LIMIT ? ", " NO : "");
}

// The forms of one value, or of one item of a list, with commas between them.
static void put_forms(struct buf *ret, const struct option *row)
{
    switch (row->type) {
    case OPTION_YES_NO:
        buf_put_text(ret, YES_NO);
        break;
    case OPTION_WORD:
    case OPTION_EITHER:
    case OPTION_ALGORITHM:
    case OPTION_FLAGS:
        put_words(ret, row);
        break;
    case OPTION_NUMBER:
    case OPTION_LIMIT:
        put_number(ret, row);
        break;
    case OPTION_SECONDS:
    case OPTION_LIFETIME:
        put_time(ret, row, "s|m|h|d|w");
        break;
    case OPTION_MILLISECONDS:
        put_time(ret, row, "ms|s|m|h|d|w");
        break;
    case OPTION_ADDRESSES:
        buf_put_text(ret, ADDRESS);
        break;
    case OPTION_LISTEN:
    case OPTION_LISTEN_LOCAL:
    case OPTION_LISTEN_TLS:
    case OPTION_LISTEN_METRICS:
        buf_put_text(ret, ADDRESS_PORT);
        break;
    case OPTION_FORWARD:
        buf_put_text(ret, FORWARD);
        break;
    case OPTION_PORTS:
        buf_put_text(ret, PORT);
        break;
    case OPTION_SELECTOR:
    case OPTION_USER:
    case OPTION_GROUP:
    case OPTION_OWNER_NAME:
    case OPTION_TEXT:
    case OPTION_TOLD:
    case OPTION_DATA:
        buf_put_text(ret, TEXT_OR_NUMBER);
        break;
    case OPTION_NAMESERVERS:
    case OPTION_SERVICES:
    case OPTION_RECORDS:
    case OPTION_DOMAINS:
        buf_put_text(ret, TEXT ", ");
        put_section(ret, row->section);
        break;
    default:
        buf_put_text(ret, TEXT);
    }
}

// ── Options ──────────────────────────────────────────────────────────────────────────────────────

static void put_list(struct buf *ret, const struct option *row)
{
    put_forms(ret, row); // a list of one
    uint32_t max = row->type == OPTION_FLAGS ? 32 : row->max;
    buf_printf(ret, ", {\"type\": \"array\", \"minItems\": %u, \"maxItems\": %u, ", row->min, max);
    buf_put_text(ret, "\"items\": {\"anyOf\": [");
    put_forms(ret, row);
    buf_put_text(ret, "]}}");
    if (row->takes_no)
        buf_put_text(ret, row->yes != 0 ? ", " YES_NO : ", " NO);
}

static void put_value(struct buf *ret, const struct option *row)
{
    buf_put_text(ret, "\"anyOf\": [");
    if (row->type == OPTION_SECTION) {
        buf_put_text(ret, "{\"type\": \"null\"}, ");
        put_section(ret, row->section);
    } else if (row->type == OPTION_SWITCH) {
        buf_put_text(ret, YES_NO ", ");
        put_section(ret, row->section);
    } else if (row->type == OPTION_DNSSEC) {
        put_words(ret, row);
        buf_put_text(ret, ", ");
        put_section(ret, row->section);
    } else if (row->type == OPTION_CAA) {
        buf_put_text(ret, NO ", " TEXT ", {\"type\": \"array\", \"maxItems\": 16, \"items\": " TEXT
                             "}, ");
        put_section(ret, row->section);
    } else if (row->type == OPTION_FLAGS || option_is_list(row)) {
        put_list(ret, row);
    } else {
        put_forms(ret, row);
    }
    buf_put_u8(ret, ']');
}

static void put_option(struct buf *ret, const struct option *row)
{
    put_text(ret, row->name);
    buf_put_text(ret, ": {\"description\": ");
    put_text(ret, row->help);
    if (row->standard != NULL && row->standard[0] != '[') {
        buf_put_text(ret, ", \"default\": ");
        put_text(ret, row->standard);
    }
    buf_put_text(ret, ",\n");
    put_value(ret, row);
    buf_put_u8(ret, '}');
}

static void put_section(struct buf *ret, const struct section *section)
{
    const struct option *row;
    const char *comma = "";
    buf_put_text(ret,
                 "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n");
    for (size_t i = 0; (row = options_at(section, i)) != NULL; i++)
        if (row->type != OPTION_LATER) {
            buf_put_text(ret, comma);
            put_option(ret, row);
            comma = ",\n";
        }
    buf_put_text(ret, "\n}");
    comma = ", \"required\": [";
    for (size_t i = 0; (row = options_at(section, i)) != NULL; i++)
        if (row->required && section != &options_top) {
            buf_put_text(ret, comma);
            put_text(ret, row->name);
            comma = ", ";
        }
    buf_put_text(ret, comma[2] == '\0' ? "]}" : "}");
}

void config_schema(struct buf *ret)
{
    buf_put_text(ret, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                      "\"title\": \"zonebox.yaml\",\n"
                      "\"description\": \"Configuration of zonebox, or a file that it includes "
                      "(domains only)\",\n"
                      "\"anyOf\": [{\"required\": [\"box\", \"domains\"]}, {\"required\": "
                      "[\"box\", \"include\"]}, {\"required\": [\"domains\"], \"maxProperties\": "
                      "1}],\n\"allOf\": [");
    put_section(ret, &options_top);
    buf_put_text(ret, "]}\n");
}
