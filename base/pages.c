// SPDX-License-Identifier: ISC
#include "base/pages.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sealed.h"

#define PAGES_OCTETS ((off_t)PAGES_COUNT * PAGE_OCTETS)

enum status pages_make(int *ret_fd, struct error *err)
{
    int fd;
    enum status status = sealed_make("zonebox-pages", &fd, err);
    if (status != STATUS_OK)
        return status;
    if (ftruncate(fd, PAGES_OCTETS) != 0)
        status = error_set_errno(err, errno, "cannot make shared memory");
    return sealed_finish(fd, status, SEALED_SIZE, ret_fd, err);
}

enum status pages_open(int fd, struct pages *ret, struct error *err)
{
    struct stat info;
    enum status status = STATUS_OK;
    void *octets = MAP_FAILED;
    if (fstat(fd, &info) != 0)
        status = error_set_errno(err, errno, "descriptor %d", fd);
    else if (!S_ISREG(info.st_mode) || info.st_size != PAGES_OCTETS)
        status = error_set(err, STATUS_RANGE, "descriptor %d is not what zoned hands on", fd);
    else
        octets = mmap(NULL, (size_t)PAGES_OCTETS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (status == STATUS_OK && octets == MAP_FAILED)
        status = error_set_errno(err, errno, "cannot map shared memory");
    if (status == STATUS_OK)
        *ret = (struct pages){fd, octets, PAGES_COUNT};
    else
        close(fd);
    return status;
}

void pages_open_private(struct pages *ret)
{
    void *octets =
        mmap(NULL, PAGE_OCTETS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (octets == MAP_FAILED)
        abort(); // as base/alloc.h: memory has ended
    *ret = (struct pages){-1, octets, 1};
}

void pages_close(struct pages *pages)
{
    if (pages->octets == NULL)
        return;
    munmap(pages->octets, pages->count * PAGE_OCTETS);
    if (pages->fd >= 0)
        close(pages->fd);
    *pages = (struct pages){.fd = -1};
}

static struct page_head *page_at(const struct pages *pages, size_t index)
{
    return (struct page_head *)(void *)((char *)pages->octets + index * PAGE_OCTETS);
}

static size_t index_of(const struct pages *pages, const struct page_head *page)
{
    return (size_t)((const char *)page - (const char *)pages->octets) / PAGE_OCTETS;
}

// Locks of fcntl(2) belong to the process, so that one ends with it, although all share one open file.
static struct flock lock_of(size_t index, short type)
{
    return (struct flock){.l_type = type,
                          .l_whence = SEEK_SET,
                          .l_start = (off_t)index * PAGE_OCTETS,
                          .l_len = PAGE_OCTETS};
}

static bool lock(const struct pages *pages, size_t index)
{
    struct flock wanted = lock_of(index, F_WRLCK);
    return pages->fd < 0 || fcntl(pages->fd, F_SETLK, &wanted) == 0;
}

static void unlock(const struct pages *pages, size_t index)
{
    struct flock given = lock_of(index, F_UNLCK);
    if (pages->fd >= 0)
        (void)fcntl(pages->fd, F_SETLK, &given);
}

// Whose page is it? Asked again once it is locked: somebody may just have taken it.
static bool is_for(const struct page_head *page, unsigned slot)
{
    uint64_t of = pages_read(&page->slot);
    return of == 0 || of == (uint64_t)slot + 1;
}

enum status pages_claim(struct pages *pages, unsigned slot, uint64_t layout, uint64_t now,
                        struct page_head **ret, struct error *err)
{
    for (size_t i = 0; i < pages->count; i++) {
        struct page_head *page = page_at(pages, i);
        if (!is_for(page, slot) || !lock(pages, i))
            continue;
        if (!is_for(page, slot)) {
            unlock(pages, i);
            continue;
        }
        if (page->slot == 0 || page->layout != layout) {
            memset((char *)page + sizeof(page->slot), 0, PAGE_OCTETS - sizeof(page->slot));
            page->since = now;
            page->layout = layout;
        }
        page->handling = 0;
        page->pid = (uint64_t)getpid();
        __atomic_store_n(&page->slot, (uint64_t)slot + 1, __ATOMIC_RELEASE);
        *ret = page;
        return STATUS_OK;
    }
    return error_set(err, STATUS_NO_SPACE, "all %zu shared pages are in use", pages->count);
}

const struct page_head *pages_next(const struct pages *pages, const struct page_head *page)
{
    size_t next = page != NULL ? index_of(pages, page) + 1 : 0;
    if (next == pages->count)
        return NULL;
    // Pages are taken from the first on, so behind one that is new all are.
    const struct page_head *found = page_at(pages, next);
    return __atomic_load_n(&found->slot, __ATOMIC_ACQUIRE) != 0 ? found : NULL;
}

bool pages_is_taken(const struct pages *pages, const struct page_head *page)
{
    if (pages->fd < 0 || pages_read(&page->pid) == (uint64_t)getpid())
        return true;
    struct flock other = lock_of(index_of(pages, page), F_WRLCK);
    return fcntl(pages->fd, F_GETLK, &other) != 0 || other.l_type != F_UNLCK;
}

const struct page_head *pages_find(const struct pages *pages, unsigned slot, pid_t pid)
{
    const struct page_head *page = pages_next(pages, NULL);
    while (page != NULL && (pages_read(&page->slot) != (uint64_t)slot + 1 ||
                            pages_read(&page->pid) != (uint64_t)pid))
        page = pages_next(pages, page);
    return page;
}

uint64_t pages_handling(const struct pages *pages, unsigned slot, pid_t pid)
{
    const struct page_head *page = pages_find(pages, slot, pid);
    return page != NULL ? pages_read(&page->handling) : 0;
}
