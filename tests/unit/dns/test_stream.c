// SPDX-License-Identifier: ISC
// Messages behind their lengths, as they come over TCP.
#include "dns/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void a_message_is_whole_with_its_last_octet(void **state)
{
    (void)state;
    static const uint8_t octets[] = {0, 3, 'a', 'b', 'c', 0, 0, 1, 0};
    for (size_t len = 0; len < 5; len++)
        assert_int_equal(stream_whole(octets, len), 0);
    assert_int_equal(stream_whole(octets, 5), 5);
    assert_int_equal(stream_whole(octets, sizeof(octets)), 5);
    assert_int_equal(stream_whole(octets + 5, 2), 2); // an empty one
    assert_int_equal(stream_whole(octets + 7, 2), 0);
}

static void what_waits_is_kept_in_order_and_nothing_is_held_without(void **state)
{
    (void)state;
    struct stream stream = {.octets = NULL};
    for (unsigned i = 0; i < 3000; i++)
        stream_keep(&stream, &(uint8_t){(uint8_t)(i % 251)}, 1);
    stream_drop(&stream, 0);
    assert_int_equal(stream.len, 3000);
    stream_drop(&stream, 1000);
    assert_int_equal(stream.len, 2000);
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(stream.octets[i], (i + 1000) % 251);
    stream_drop(&stream, 2000);
    assert_null(stream.octets);
    assert_int_equal(stream.cap, 0);
    stream_keep(&stream, (const uint8_t *)"again", 5);
    assert_memory_equal(stream.octets, "again", 5);
    stream_done(&stream);
    assert_null(stream.octets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_whole_with_its_last_octet),
        cmocka_unit_test(what_waits_is_kept_in_order_and_nothing_is_held_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
