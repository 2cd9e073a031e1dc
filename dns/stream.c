// SPDX-License-Identifier: ISC
#include "dns/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dns/wire.h"

// A message that comes octet by octet must not mean an allocation each.
#define STEP 512

void stream_done(struct stream *stream)
{
    free(stream->octets);
    *stream = (struct stream){.octets = NULL};
}

void stream_keep(struct stream *stream, const uint8_t *octets, size_t len)
{
    if (stream->cap - stream->len < len) {
        stream->cap = stream->len + len + STEP;
        stream->octets = xreallocarray(stream->octets, stream->cap, 1);
    }
    memcpy(stream->octets + stream->len, octets, len);
    stream->len += len;
}

void stream_drop(struct stream *stream, size_t len)
{
    if (len == 0)
        return;
    stream->len -= len;
    memmove(stream->octets, stream->octets + len, stream->len);
    if (stream->len == 0)
        stream_done(stream);
}

size_t stream_whole(const uint8_t *octets, size_t len)
{
    if (len < STREAM_PREFIX_LEN || len - STREAM_PREFIX_LEN < wire_get_u16(octets))
        return 0;
    return STREAM_PREFIX_LEN + (size_t)wire_get_u16(octets);
}
