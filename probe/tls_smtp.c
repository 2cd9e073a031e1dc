// SPDX-License-Identifier: ISC
// A mail server until it is ready for TLS (RFC 3207).
#include <stdio.h>
#include <string.h>

#include "probe/smtp.h"
#include "probe/talk.h"

static void send_text(struct talk *talk, const char *text)
{
    talk_send(talk, text, strlen(text));
}

// RFC 5321 §4.1.4: who has no name says its address.
static void send_ehlo(struct talk *talk)
{
    struct address own = {0};
    int len = sizeof(own.v6);
    char text[ADDRESS_TEXT_MAX];
    char line[ADDRESS_TEXT_MAX + 20];
    if (uv_tcp_getsockname(&talk->tcp, &own.any, &len) != 0)
        own.v4 = (struct sockaddr_in){.sin_family = AF_INET};
    address_text(&own, false, text);
    snprintf(line, sizeof(line), "EHLO [%s%s]\r\n", own.any.sa_family == AF_INET6 ? "IPv6:" : "",
             text);
    talk->stage = STAGE_EHLO;
    send_text(talk, line);
}

// What refuses to talk (4yz, or 5yz before the command itself) says nothing about its keys.
static void take_reply(struct talk *talk, const struct smtp_reply *reply)
{
    bool unknown_command = reply->code >= 500 && reply->code <= 504;
    if (talk->stage == STAGE_GREETING && reply->code == 220)
        send_ehlo(talk);
    else if (talk->stage == STAGE_EHLO && reply->code == 250 && reply->starttls) {
        talk->stage = STAGE_STARTTLS;
        send_text(talk, "STARTTLS\r\n");
    } else if (talk->stage == STAGE_EHLO && (reply->code == 250 || unknown_command))
        talk_fail(talk, TLS_NO_STARTTLS, "does not offer STARTTLS");
    else if (talk->stage == STAGE_STARTTLS && reply->code == 220)
        talk_begin_handshake(talk);
    else if (talk->stage == STAGE_STARTTLS && reply->code >= 500)
        talk_fail(talk, TLS_NO_STARTTLS, "refuses STARTTLS: %s", reply->text);
    else
        talk_fail(talk, TLS_UNKNOWN, "says %s", reply->text);
}

// A reply at a time: a server that says more than it was asked for is not one that TLS may begin with
// (CVE-2011-0411).
void talk_take_smtp(struct talk *talk, const uint8_t *octets, size_t len)
{
    struct smtp_reply reply;
    buf_put(&talk->line, octets, len);
    switch (smtp_read(talk->line.data, talk->line.len, &reply)) {
    case SMTP_MORE:
        if (talk->line.len > TLS_SMTP_REPLY_MAX)
            talk_fail(talk, TLS_BROKEN, "a reply of more than %d octets", TLS_SMTP_REPLY_MAX);
        return;
    case SMTP_BROKEN:
        talk_fail(talk, TLS_BROKEN, "does not speak SMTP");
        return;
    case SMTP_REPLY:
        break;
    }
    if (reply.used < talk->line.len) {
        talk_fail(talk, TLS_BROKEN, "says more than it was asked for");
        return;
    }
    buf_clear(&talk->line);
    take_reply(talk, &reply);
}
