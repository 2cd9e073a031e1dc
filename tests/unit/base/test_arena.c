// SPDX-License-Identifier: ISC
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PIECES 5000

// Sizes around the block's own, each piece filled to its last octet: the sanitizer sees one that is too short.
static void pieces_are_whole_apart_and_aligned(void **state)
{
    (void)state;
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    struct arena arena = {0};
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = i % 1000 == 999 ? 65535 + i / 1000 : i % 97;
        pieces[i] = i % 2 == 0 ? arena_struct(&arena, sizes[i]) : arena_octets(&arena, sizes[i]);
        if (i % 2 == 0)
            assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], i % 251);
    arena_done(&arena);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_whole_apart_and_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
