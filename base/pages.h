// SPDX-License-Identifier: ISC
// Pages of memory that several processes share: each is written by one process, and read by all. For numbers that
// outlive who counted them: a process that comes in the place of another goes on with the page that the other left.
//
// zoned makes them once (pages_make), and every process inherits the descriptor. Each has a slot: its place in the
// whole, the index of a worker. Usually one process has the slot. While it is being replaced there are two, or more
// when that goes wrong: each then has a page of its own, and the slot's numbers are the sums over its pages. So no
// number is written by two processes, none is lost or counted twice, and none ever goes back.
//
// Who has a page holds a lock on its octets of the file, which the kernel releases however the process ends. Numbers
// are aligned and written by one process, so each is read whole on 64-bit platforms without more ado (relaxed
// atomics compile to plain loads there); they are not of one moment. On 32-bit ones a reading may be wrong for once at
// 2³² of something.
//
// Nobody's life depends on what is in them: whoever takes a worker over can write all of them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

#define PAGE_OCTETS 4096
// 256 workers and more, all being replaced, some of them twice over. Memory is taken by those that are used only.
#define PAGES_COUNT 1024
// The slot of the process that serves TLS; a worker's is its index.
#define PAGES_SLOT_TLS UINT16_MAX

// A page begins with this; the rest is its users'.
struct page_head {
    uint64_t slot;   // + 1; 0: never used
    uint64_t layout; // of what follows; with another one it is not to be read
    uint64_t pid;    // of the process that has it, or had it last
    uint64_t since;  // Unix seconds: since when it counts
    // The id of the image that is being answered from right now, 0: none. So those who outlive the process know what
    // it died from.
    uint64_t handling;
};

struct pages {
    int fd; // -1: private
    void *octets;
    size_t count;
};

// The memory, as a descriptor (close-on-exec). It cannot be cut or grown by who has it.
enum status pages_make(int *ret_fd, struct error *err);
// Maps the pages of the descriptor, which is the pages' own from now on; on failure it is closed.
enum status pages_open(int fd, struct pages *ret, struct error *err);
// For a process that is alone: a page that nobody else sees.
void pages_open_private(struct pages *ret);
// Gives up the page that this process has claimed, too. Zeroed ones are fine.
void pages_close(struct pages *pages);

// A page for this process, which is the only one to write it: one that another process of the slot has left, as it is
// but for `pid` and `handling`, or a new one, zero behind its head. One of another layout is begun anew. NO_SPACE when
// all are in use. A process claims one.
enum status pages_claim(struct pages *pages, unsigned slot, uint64_t layout, uint64_t now,
                        struct page_head **ret, struct error *err);

// All that were ever used, of any slot: begin with NULL; NULL behind the last.
const struct page_head *pages_next(const struct pages *pages, const struct page_head *page);
// Does a process have it? If not, what it says of the present is past.
bool pages_is_taken(const struct pages *pages, const struct page_head *page);
// The page that this process of the slot has, or had last; NULL: none.
const struct page_head *pages_find(const struct pages *pages, unsigned slot, pid_t pid);
// What this process of the slot had in hand when it ended, 0: nothing, or it had no page. To be asked before another is
// started in its place, which begins with nothing in hand.
uint64_t pages_handling(const struct pages *pages, unsigned slot, pid_t pid);

// A number of a page that another process may be writing.
static inline uint64_t pages_read(const uint64_t *number)
{
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}
