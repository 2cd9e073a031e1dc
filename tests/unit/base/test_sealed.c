// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/sealed.h"

static int sealed_of(enum sealed what)
{
    int made, fd = -1;
    assert_int_equal(sealed_make("test", &made, NULL), STATUS_OK);
    assert_int_equal(write(made, "words", 5), 5);
    assert_int_equal(sealed_finish(made, STATUS_OK, what, &fd, NULL), STATUS_OK);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    return fd;
}

static void assert_size_holds(int fd)
{
    assert_int_equal(ftruncate(fd, 4), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, 6), -1);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1); // nor are the rules changed
}

static void of_one_kind_the_size_stays_and_the_octets_may_change(void **state)
{
    char words[6] = "";
    int fd = sealed_of(SEALED_SIZE);
    (void)state;
    assert_size_holds(fd);
    assert_int_equal(pwrite(fd, "W", 1, 0), 1);
    assert_int_equal(pread(fd, words, 5, 0), 5);
    assert_string_equal(words, "Words");
    close(fd);
}

static void of_the_other_nothing_changes(void **state)
{
    char words[6] = "";
    int fd = sealed_of(SEALED_OCTETS);
    (void)state;
    assert_size_holds(fd);
    assert_int_equal(pwrite(fd, "W", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_ptr_equal(mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_equal(pread(fd, words, 5, 0), 5);
    assert_string_equal(words, "words");
    close(fd);
}

static void what_was_not_filled_is_closed(void **state)
{
    int made, fd = -1;
    (void)state;
    assert_int_equal(sealed_make("test", &made, NULL), STATUS_OK);
    assert_int_equal(sealed_finish(made, STATUS_RANGE, SEALED_OCTETS, &fd, NULL), STATUS_RANGE);
    assert_int_equal(fd, -1);
    assert_int_equal(fcntl(made, F_GETFD), -1);
}

static void a_failure_to_seal_is_told(void **state)
{
    struct error err = {0};
    int ends[2], fd = -1;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_not_equal(sealed_finish(ends[0], STATUS_OK, SEALED_SIZE, &fd, &err), STATUS_OK);
    assert_string_not_equal(err.text, "");
    assert_int_equal(fd, -1);
    assert_int_equal(fcntl(ends[0], F_GETFD), -1);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_kind_the_size_stays_and_the_octets_may_change),
        cmocka_unit_test(of_the_other_nothing_changes),
        cmocka_unit_test(what_was_not_filled_is_closed),
        cmocka_unit_test(a_failure_to_seal_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
