// SPDX-License-Identifier: ISC
// A clock that tests can set, for LD_PRELOAD: CLOCK_REALTIME is ahead of the true one by the seconds in the file
// FAKE_CLOCK, and adjtimex says what that wants; uptime is true. The file has two numbers of 64 bits in native order:
// seconds, and whether the clock is synchronised. It is mapped before the program confines itself.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct fake {
    volatile int64_t ahead;
    volatile int64_t synchronised;
};

static const struct fake *fake;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAKE_CLOCK");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd >= 0 ? mmap(NULL, sizeof(*fake), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (map != MAP_FAILED)
        fake = map;
    if (fd >= 0)
        close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, ret);
    if (failed == 0 && fake != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret->tv_sec += fake->ahead;
    return failed;
}

time_t time(time_t *ret)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret != NULL)
        *ret = now.tv_sec;
    return now.tv_sec;
}

int adjtimex(struct timex *state)
{
    state->status = fake != NULL && fake->synchronised != 0 ? 0 : STA_UNSYNC;
    return state->status == 0 ? TIME_OK : TIME_ERROR;
}
