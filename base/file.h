// SPDX-License-Identifier: ISC
// Files of the control side: read whole with a bound, written so that a crash at any instant leaves either the
// old or the new content (new file, fsync, rename, fsync of the directory).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/status.h"

// Appends the file's content to ret. More than max octets: RANGE. A directory, device or FIFO: IO, without
// blocking. The error names path. A buffer with room for max + 1 octets does not grow.
enum status file_read(const char *path, size_t max, struct buf *ret, struct error *err);

// The same of a file in a directory that is open, with what fstat() says of it, whether it can be read or not. The
// error names it without the directory.
struct stat;
enum status file_read_at(int directory, const char *name, size_t max, struct buf *ret,
                         struct stat *ret_info, struct error *err);

// Replaces path with the octets. The file has `mode` from the moment it exists (umask is not applied).
enum status file_write(const char *path, const void *octets, size_t len, mode_t mode,
                       struct error *err);

// As file_write, unless the file has these octets already.
enum status file_update(const char *path, const void *octets, size_t len, mode_t mode,
                        struct error *err);

// As file_write, but EXISTS when there is a file already: what is there is never touched.
enum status file_create(const char *path, const void *octets, size_t len, mode_t mode,
                        struct error *err);

// Deletes what file_write and file_create left in the directory when they were killed: nobody else may write there.
// What cannot be deleted does no harm but for the room that it takes.
void file_sweep(const char *directory);
// Is that the name of such a file? For who lists the directory anyway.
bool file_is_left(const char *name);

// Makes the directory and its missing parents. One that exists is fine and keeps its mode.
enum status directory_make(const char *path, mode_t mode, struct error *err);

// Takes an exclusive lock on the file (made when missing, 0600) for as long as *ret_fd is open. STATE when
// somebody has it: the error then says "another process (pid) …".
enum status file_lock(const char *path, int *ret_fd, struct error *err);

// directory + "/" + name, or name itself when it is absolute. The caller frees.
char *path_join(const char *directory, const char *name);
// The directory part of path ("." when it has none). The caller frees.
char *path_directory(const char *path);
