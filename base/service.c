// SPDX-License-Identifier: ISC
#include "base/service.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"

void service_end(struct service *service, enum log_level level, const char *reason)
{
    if (service->ending)
        return;
    service->ending = true;
    log_event(level, "ending", "reason", reason, NULL);
    service->end(service);
}

static void on_signal(uv_signal_t *handle, int number)
{
    service_end(handle->data, LOG_LEVEL_INFO, number == SIGINT ? "SIGINT" : "SIGTERM");
}

static void on_lifeline(uv_poll_t *poll, int status, int events)
{
    struct service *service = poll->data;
    uv_os_fd_t fd;
    char octets[64];
    (void)events;
    if (status == 0 && uv_fileno((uv_handle_t *)poll, &fd) == 0) {
        ssize_t got = read(fd, octets, sizeof(octets));
        if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
            return;
    }
    uv_poll_stop(poll); // an end of the stream would be reported for ever
    service->orphaned = true;
    service_end(service, LOG_LEVEL_NOTICE, "lifeline");
}

static void watch_signal(struct service *service, uv_signal_t *handle, int number)
{
    uv_signal_init(service->loop, handle);
    handle->data = service;
    uv_signal_start(handle, on_signal, number);
}

static enum status watch_lifeline(struct service *service, int fd, struct error *err)
{
    int status = uv_poll_init(service->loop, &service->lifeline, fd);
    if (status != 0)
        return error_set(err, STATUS_IO, "descriptor %d is no lifeline: %s", fd,
                         uv_strerror(status));
    service->has_lifeline = true;
    service->lifeline.data = service;
    uv_poll_start(&service->lifeline, UV_READABLE | UV_DISCONNECT, on_lifeline);
    return STATUS_OK;
}

enum status service_start(struct service *service, uv_loop_t *loop,
                          struct service_descriptors descriptors,
                          const struct control_command *commands, struct error *err)
{
    signal(SIGPIPE, SIG_IGN); // who went away is an error of its connection
    signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of its write
    service->loop = loop;
    service->has_lifeline = false;
    service->ending = false;
    service->orphaned = false;
    service->control = NULL;
    watch_signal(service, &service->terminate, SIGTERM);
    watch_signal(service, &service->interrupt, SIGINT);
    enum status status = STATUS_OK;
    if (descriptors.lifeline >= 0)
        status = watch_lifeline(service, descriptors.lifeline, err);
    if (status == STATUS_OK && descriptors.control >= 0)
        status = control_open(loop, descriptors.control, commands, service->data, &service->control,
                              err);
    return status;
}

void service_hush(struct service *service)
{
    control_close(service->control);
    service->control = NULL;
    uv_unref((uv_handle_t *)&service->terminate);
    uv_unref((uv_handle_t *)&service->interrupt);
    if (service->has_lifeline)
        uv_unref((uv_handle_t *)&service->lifeline);
}

void service_stop(struct service *service)
{
    if (uv_is_closing((uv_handle_t *)&service->terminate))
        return;
    service->ending = true;
    uv_close((uv_handle_t *)&service->terminate, NULL);
    uv_close((uv_handle_t *)&service->interrupt, NULL);
    if (service->has_lifeline)
        uv_close((uv_handle_t *)&service->lifeline, NULL);
    control_close(service->control);
    service->control = NULL;
}
