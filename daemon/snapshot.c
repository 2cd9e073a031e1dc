// SPDX-License-Identifier: ISC
#include "daemon/snapshot.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"

#define SNAPSHOT_HEAD sizeof(uint64_t)

// A snapshot of 10,000 domains goes in one piece then. The signer takes one a turn of its loop, and a turn may be 50 ms
// of work. More than 1 MiB is for root alone (pipe(7)).
#define SNAPSHOT_PIPE (1 << 20)

// One pipe. It outlives its place in the sender until libuv has let go of it.
struct snapshot_link {
    uv_pipe_t pipe;
    uv_write_t write;
    struct snapshot_sender *sender; // NULL once closed
    struct buf frame;               // what is under way
    bool busy;
    bool stale; // the inputs changed since the frame was made
};

static void on_closed(uv_handle_t *pipe)
{
    struct snapshot_link *link = pipe->data;
    buf_done(&link->frame);
    free(link);
}

void snapshot_close(struct snapshot_sender *sender)
{
    if (sender->link == NULL)
        return;
    sender->link->sender = NULL;
    uv_close((uv_handle_t *)&sender->link->pipe, on_closed);
    sender->link = NULL;
}

static void send_newest(struct snapshot_link *link);

static void on_written(uv_write_t *write, int status)
{
    struct snapshot_link *link = write->data;
    link->busy = false;
    buf_done(&link->frame); // a large snapshot is not kept for the next one
    if (link->sender == NULL)
        return;
    if (status < 0) // the reader is gone: its death is dealt with where it is seen
        snapshot_close(link->sender);
    else if (link->stale)
        send_newest(link);
}

static void send_newest(struct snapshot_link *link)
{
    const struct inputs *inputs = *link->sender->newest;
    link->stale = false;
    if (inputs == NULL)
        return;
    buf_extend(&link->frame, SNAPSHOT_HEAD);
    inputs_encode(inputs, &link->frame);
    uint64_t len = htobe64(link->frame.len - SNAPSHOT_HEAD);
    memcpy(link->frame.data, &len, SNAPSHOT_HEAD);
    uv_buf_t octets = {.base = (char *)link->frame.data, .len = link->frame.len};
    link->write.data = link;
    link->busy = true;
    int failed = uv_write(&link->write, (uv_stream_t *)&link->pipe, &octets, 1, on_written);
    if (failed != 0) {
        log_event(LOG_LEVEL_ERROR, "snapshot-not-sent", "reason", uv_strerror(failed), NULL);
        link->busy = false;
        snapshot_close(link->sender);
    }
}

enum status snapshot_open(struct snapshot_sender *sender, int *ret_fd, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(err, errno, "cannot make a pipe");
    (void)fcntl(ends[1], F_SETPIPE_SZ, SNAPSHOT_PIPE); // else it has its usual 64 KiB
    snapshot_close(sender);
    struct snapshot_link *link = xcalloc(1, sizeof(*link));
    link->sender = sender;
    uv_pipe_init(sender->loop, &link->pipe, 0);
    link->pipe.data = link;
    sender->link = link;
    int failed = uv_pipe_open(&link->pipe, ends[1]);
    if (failed != 0) {
        snapshot_close(sender);
        close(ends[0]);
        close(ends[1]);
        return error_set(err, STATUS_IO, "cannot use a pipe: %s", uv_strerror(failed));
    }
    send_newest(link);
    *ret_fd = ends[0];
    return STATUS_OK;
}

void snapshot_send(struct snapshot_sender *sender)
{
    if (sender->link == NULL)
        return;
    if (sender->link->busy)
        sender->link->stale = true;
    else
        send_newest(sender->link);
}
