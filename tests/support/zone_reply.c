// SPDX-License-Identifier: ISC
#include "tests/support/zone_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "server/answer.h"
#include "server/question.h"
#include "server/reply.h"
#include "tests/support/ask.h"
#include "tests/support/zone_text.h"

void zone_reply_open(struct zone_reply *zone, const char *text)
{
    struct error err = {0};
    zone->octets = (struct buf){0};
    zone_text_image("example.", text, &zone->octets);
    if (image_open(zone->octets.data, zone->octets.len, &zone->image, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

size_t zone_reply_write(const struct image *image, const char *question, uint8_t *out, size_t limit)
{
    static const struct opt no_options;
    uint8_t message[ASK_MAX];
    struct query query;
    struct answer_link links[ANSWER_LINKS_MAX + 1];
    struct answer answer = {.links = links};
    assert_int_equal(question_read(message, ask_query(question, message), &query), QUERY_LOOKUP);
    answer_make(image, &query, &answer);
    return reply_write(image, &query, &answer, &no_options, out, limit);
}
