// SPDX-License-Identifier: ISC
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pages.h"

#define LAYOUT 7

struct numbers {
    struct page_head head;
    uint64_t first;
};

static struct pages pages;

static int make(void **state)
{
    int fd;
    (void)state;
    return pages_make(&fd, NULL) == STATUS_OK && pages_open(fd, &pages, NULL) == STATUS_OK ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    pages_close(&pages);
    return 0;
}

static struct numbers *claim(struct pages *of, unsigned slot, uint64_t layout)
{
    struct page_head *page = NULL;
    if (pages_claim(of, slot, layout, 1000, &page, NULL) != STATUS_OK)
        abort();
    return (struct numbers *)(void *)page;
}

// Another process of the slot, which adds to its first number and then waits.
static pid_t begin(unsigned slot, uint64_t add, uint64_t layout)
{
    int told[2];
    char octet;
    if (pipe(told) != 0)
        abort();
    pid_t pid = fork();
    if (pid == 0) {
        struct numbers *numbers = claim(&pages, slot, layout);
        numbers->first += add;
        numbers->head.handling = (uint64_t)getpid() + 1;
        (void)!write(told[1], "", 1);
        for (;;)
            pause();
    }
    close(told[1]);
    if (pid < 0 || read(told[0], &octet, 1) != 1)
        abort();
    close(told[0]);
    return pid;
}

static void end(pid_t process)
{
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
}

static const struct numbers *nth(unsigned n)
{
    const struct page_head *page = NULL;
    for (unsigned i = 0; i <= n; i++)
        page = pages_next(&pages, page);
    return (const struct numbers *)(const void *)page;
}

static uint64_t sum_of(unsigned slot)
{
    uint64_t sum = 0;
    for (const struct page_head *page = pages_next(&pages, NULL); page != NULL;
         page = pages_next(&pages, page))
        if (page->slot == slot + 1)
            sum += pages_read(&((const struct numbers *)(const void *)page)->first);
    return sum;
}

static void a_successor_goes_on_with_what_was_counted(void **state)
{
    (void)state;
    assert_null(pages_next(&pages, NULL));
    pid_t process = begin(3, 10, LAYOUT);
    assert_true(pages_is_taken(&pages, &nth(0)->head));
    end(process);
    assert_false(pages_is_taken(&pages, &nth(0)->head));
    process = begin(3, 5, LAYOUT);
    assert_int_equal(nth(0)->first, 15);
    assert_int_equal(nth(0)->head.pid, process);
    assert_int_equal(nth(0)->head.since, 1000);
    assert_null(nth(1));
    end(process);
}

static void two_of_a_slot_count_apart(void **state)
{
    (void)state;
    pid_t old = begin(0, 1, LAYOUT), fresh = begin(0, 10, LAYOUT);
    pid_t other = begin(1, 100, LAYOUT), third = begin(0, 1000, LAYOUT);
    assert_int_equal(nth(0)->first, 1);
    assert_int_equal(nth(1)->first, 10);
    assert_int_equal(sum_of(0), 1011);
    assert_int_equal(sum_of(1), 100);
    end(old);
    pid_t next = begin(0, 10000, LAYOUT);
    assert_int_equal(nth(0)->first, 10001); // in the place of the old one
    assert_int_equal(sum_of(0), 11011);
    assert_int_equal(sum_of(1), 100);
    end(fresh);
    end(other);
    end(third);
    end(next);
}

static void what_a_process_had_in_hand_is_known_when_it_died(void **state)
{
    (void)state;
    pid_t process = begin(2, 1, LAYOUT);
    end(process);
    assert_int_equal(pages_handling(&pages, 2, process), process + 1);
    assert_int_equal(pages_handling(&pages, 1, process), 0);
    assert_int_equal(pages_handling(&pages, 2, process + 1), 0);
    struct numbers *numbers = claim(&pages, 2, LAYOUT);
    assert_int_equal(numbers->head.handling, 0);
    assert_int_equal(pages_handling(&pages, 2, getpid()), 0);
    assert_true(pages_is_taken(&pages, &numbers->head));
}

static void of_another_layout_it_begins_anew(void **state)
{
    (void)state;
    pid_t process = begin(4, 7, LAYOUT + 1);
    end(process);
    assert_int_equal(nth(0)->first, 7);
    process = begin(4, 1, LAYOUT);
    assert_int_equal(nth(0)->first, 1);
    assert_int_equal(nth(0)->head.layout, LAYOUT);
    assert_null(nth(1));
    end(process);
}

static void the_memory_cannot_be_cut(void **state)
{
    (void)state;
    assert_int_equal(ftruncate(pages.fd, 0), -1);
    assert_int_equal(ftruncate(pages.fd, 2L * PAGES_COUNT * PAGE_OCTETS), -1);
}

static void another_file_is_refused(void **state)
{
    struct pages none = {0};
    struct error err = {0};
    int fd = memfd_create("other", MFD_CLOEXEC);
    (void)state;
    assert_int_equal(pages_open(fd, &none, &err), STATUS_RANGE);
    assert_string_not_equal(err.text, "");
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    pages_close(&none);
}

static void alone_a_process_has_a_page_of_its_own(void **state)
{
    (void)state;
    struct pages alone;
    struct page_head *page = NULL;
    pages_open_private(&alone);
    struct numbers *numbers = claim(&alone, 5, LAYOUT);
    numbers->first = 3;
    assert_ptr_equal(pages_next(&alone, NULL), &numbers->head);
    assert_null(pages_next(&alone, &numbers->head));
    assert_true(pages_is_taken(&alone, &numbers->head));
    assert_int_equal(pages_claim(&alone, 6, LAYOUT, 1, &page, NULL), STATUS_NO_SPACE);
    pages_close(&alone);
    pages_close(&alone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_successor_goes_on_with_what_was_counted),
        TEST(two_of_a_slot_count_apart),
        TEST(what_a_process_had_in_hand_is_known_when_it_died),
        TEST(of_another_layout_it_begins_anew),
        TEST(the_memory_cannot_be_cut),
        TEST(another_file_is_refused),
        TEST(alone_a_process_has_a_page_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
