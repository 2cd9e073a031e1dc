// SPDX-License-Identifier: ISC
#include "daemon/stuck.h"

#include <string.h>
#include <time.h>

bool stuck_look(struct stuck *stuck, const struct pages *pages, unsigned slot, pid_t pid,
                int64_t cpu_ms)
{
    const struct page_head *page = pages_find(pages, slot, pid);
    if (page == NULL || pages_read(&page->handling) == 0) {
        stuck->pid = 0;
        return false;
    }
    if (stuck->pid == pid && memcmp(stuck->page, page, PAGE_OCTETS) == 0)
        return cpu_ms - stuck->cpu_ms >= STUCK_CPU_MS;
    stuck->pid = pid;
    stuck->cpu_ms = cpu_ms;
    memcpy(stuck->page, page, PAGE_OCTETS);
    return false;
}

int64_t stuck_cpu_ms(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}
