// SPDX-License-Identifier: ISC
#include "daemon/stuck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SLOT 3

// A page as a worker has it, behind its head a number that it counts.
struct page {
    struct page_head head;
    uint64_t counted;
};

static struct pages pages;
static struct page *page;
static struct stuck stuck;

static int set_up(void **state)
{
    struct page_head *head;
    (void)state;
    pages_open_private(&pages);
    stuck = (struct stuck){.pid = 0};
    if (pages_claim(&pages, SLOT, 1, 0, &head, NULL) != STATUS_OK)
        return -1;
    page = (struct page *)(void *)head;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pages_close(&pages);
    return 0;
}

static bool look(int64_t cpu_ms)
{
    return stuck_look(&stuck, &pages, SLOT, getpid(), cpu_ms);
}

static void one_that_uses_a_core_on_one_answer_is_stuck(void **state)
{
    (void)state;
    page->head.handling = 7;
    assert_false(look(100));
    assert_false(look(100 + STUCK_CPU_MS - 1));
    assert_true(look(100 + STUCK_CPU_MS));
}

static void one_that_waits_for_its_turn_is_not(void **state)
{
    (void)state;
    page->head.handling = 7;
    for (int i = 0; i < 1000; i++)
        assert_false(look(100));
}

static void one_that_counts_is_not_although_it_has_the_same_in_hand(void **state)
{
    (void)state;
    page->head.handling = 7;
    for (int i = 0; i < 100; i++) {
        assert_false(look(i * STUCK_CPU_MS));
        page->counted++;
    }
}

static void one_that_had_nothing_in_hand_begins_anew(void **state)
{
    (void)state;
    page->head.handling = 7;
    assert_false(look(0));
    page->head.handling = 0;
    assert_false(look(STUCK_CPU_MS));
    page->head.handling = 7;
    assert_false(look(2 * STUCK_CPU_MS));
    assert_true(look(3 * STUCK_CPU_MS));
}

static void others_have_pages_of_their_own(void **state)
{
    (void)state;
    page->head.handling = 7;
    assert_false(stuck_look(&stuck, &pages, SLOT + 1, getpid(), 0));
    assert_false(stuck_look(&stuck, &pages, SLOT + 1, getpid(), STUCK_CPU_MS));
    assert_false(stuck_look(&stuck, &pages, SLOT, getpid() + 1, 2 * STUCK_CPU_MS));
}

static void the_time_of_a_process_grows_with_its_work(void **state)
{
    (void)state;
    int64_t before = stuck_cpu_ms(getpid());
    assert_true(before >= 0);
    while (stuck_cpu_ms(getpid()) == before)
        continue;
    assert_true(stuck_cpu_ms(getpid()) > before);
    assert_int_equal(stuck_cpu_ms(4194305), -1); // beyond what Linux numbers
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_that_uses_a_core_on_one_answer_is_stuck),
        TEST(one_that_waits_for_its_turn_is_not),
        TEST(one_that_counts_is_not_although_it_has_the_same_in_hand),
        TEST(one_that_had_nothing_in_hand_begins_anew),
        TEST(others_have_pages_of_their_own),
        TEST(the_time_of_a_process_grows_with_its_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
