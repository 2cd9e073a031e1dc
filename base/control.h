// SPDX-License-Identifier: ISC
// Control sockets: how the command `zonebox` talks to the programs that run. One Unix stream socket per program, made
// by zoned with the mode and group that say who may use it (unix(7)); the program only gets the listening descriptor.
//
//     → {"command":"status"}\n
//     ← {"ok":true,"program":"zone-signer",…}\n            one line each way, then the connection may ask again
//     ← {"ok":false,"error":"what is wrong, what to do"}\n
//
// Whoever has the socket is trusted to ask, not to behave: a line, the number of connections, and the time a client
// may take to send its line or to read its answer have quotas, and a connection gets a few answers a turn of the loop.
// JSON is read by jansson. The program ignores SIGPIPE (service_start sees to it).
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/status.h"

#define CONTROL_LINE_MAX    4096 // octets of a request; every request of ours has less than a hundred
#define CONTROL_CLIENTS_MAX 16   // more wait in the socket's queue
// A client is closed that has not sent its whole line, or has read nothing of what waits for it, for so long.
#define CONTROL_CLIENT_MS 5000
// A reply, and all replies together that wait for their readers: 100,000 zones with 2.5 kB each.
#define CONTROL_REPLY_MAX (256U << 20)
// A reply to control_tell: it may come from a program that somebody took over, and who asks must outlive that. Of JSON
// that is made for it, this much becomes some 100 times as much memory.
#define CONTROL_TOLD_MAX (1U << 20)

// Answers a request (an object; "command" is this one's name) by adding to `reply`, an object that has "ok" and
// "program" (log_open's) already. Another status than OK: the client is told err's words, and reply is dropped.
// Runs in the loop and does not wait for anything.
struct control_command {
    const char *name;
    enum status (*run)(void *data, const json_t *request, json_t *reply, struct error *err);
};

struct control;

// Serves the listening descriptor, which is its own from now on, also on failure. commands ends with a NULL name and
// stays the caller's; data goes to each run. A command that is not in it is refused with the names of those that are.
enum status control_open(uv_loop_t *loop, int fd, const struct control_command *commands,
                         void *data, struct control **ret, struct error *err);
// Stops; what was not read of a reply is lost. Memory is released when the loop has run on. NULL is fine.
void control_close(struct control *control);

// What replies are made of. The name is ASCII; the value is taken over.
void control_set(json_t *object, const char *name, json_t *value);
// Words as a JSON string, also those that are not UTF-8 (of a path, a file): there, what is not ASCII becomes '?'.
// NULL becomes null.
json_t *control_text(const char *text);
json_t *control_taken_text(char *text); // which is freed
// Unix time; null for what was never (0) and what is not known to come (INT64_MAX).
json_t *control_time(int64_t time);

// Makes the listening socket at path, in place of what a program that died left there. The mode is set before
// anybody can connect; group (gid_t)-1: the caller's. RANGE when the path is too long for a socket (sun_path),
// STATE when somebody listens there, EXISTS when it is no socket: neither is touched. The directory is nobody
// else's to write.
enum status control_bind(const char *path, mode_t mode, gid_t group, int *ret_fd,
                         struct error *err);

// Asks and waits: for the command line. NOT_FOUND when nobody listens, DENIED when the socket is not for this user,
// TIMEOUT; STATE with the program's words when it answered "ok":false. IO, SYNTAX or RANGE: no reply that makes sense.
// The caller releases *ret with json_decref.
enum status control_ask(const char *path, const json_t *request, unsigned timeout_ms, json_t **ret,
                        struct error *err);

// Asks without waiting, from a loop: done gets the status, the reply (or NULL; to keep it, json_incref) and words.
// It is called once, also when nobody listens, and never before this returns. The loop runs until then: timeout_ms
// at most. A reply of more than CONTROL_TOLD_MAX is an error (RANGE).
void control_tell(uv_loop_t *loop, const char *path, const json_t *request, unsigned timeout_ms,
                  void (*done)(void *data, enum status status, const json_t *reply,
                               const struct error *err),
                  void *data);
