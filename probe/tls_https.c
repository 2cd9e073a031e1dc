// SPDX-License-Identifier: ISC
// A GET, when the host has shown who it is.
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "probe/talk.h"

static void end_https(struct talk *talk)
{
    const struct http *http = &talk->http;
    struct https_answer answer = {.outcome = HTTPS_ANSWERED,
                                  .status = http->status,
                                  .body = http->body.data,
                                  .body_len = http->body.len};
    memcpy(answer.content_type, http->content_type, sizeof(answer.content_type));
    if (http->stage != HTTP_DONE) {
        answer = (struct https_answer){.outcome = HTTPS_BROKEN};
        snprintf(answer.text, sizeof(answer.text), "%s", http->text);
    }
    talk_finish_https(talk, &answer);
}

void talk_read_https(struct talk *talk)
{
    uint8_t octets[TALK_OCTETS];
    int len = 1;
    while (talk->http.stage < HTTP_DONE &&
           (len = SSL_read(talk->session, octets, sizeof(octets))) > 0)
        http_take(&talk->http, octets, (size_t)len);
    if (len <= 0) {
        int reason = SSL_get_error(talk->session, len);
        ERR_clear_error();
        if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE)
            return;
        if (reason == SSL_ERROR_ZERO_RETURN)
            http_take(&talk->http, NULL, 0);
        else
            talk_fail(talk, TLS_BROKEN, "TLS failed after the handshake");
    }
    if (talk->http.stage >= HTTP_DONE)
        end_https(talk);
}

// RFC 8461 §3.3: a policy from who cannot show that it is the policy host is none.
void talk_begin_https(struct talk *talk)
{
    char *request;
    long verified = SSL_get_verify_result(talk->session);
    if (!talk->client->has_authorities || verified != X509_V_OK) {
        struct https_answer answer = {.outcome = HTTPS_UNTRUSTED};
        snprintf(answer.text, sizeof(answer.text), "%s",
                 talk->client->has_authorities ? X509_verify_cert_error_string(verified)
                                               : "no authorities to go by");
        talk_finish_https(talk, &answer);
        return;
    }
    request = xasprintf("GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: zonebox/" ZONEBOX_VERSION
                        "\r\nAccept: text/plain\r\nAccept-Encoding: identity\r\n"
                        "Connection: close\r\n\r\n",
                        talk->path, talk->host);
    talk->stage = STAGE_HTTP;
    SSL_write(talk->session, request, (int)strlen(request)); // memory takes all of it
    free(request);
    talk_send_session(talk);
    talk_read_https(talk);
}
