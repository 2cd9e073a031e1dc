// SPDX-License-Identifier: ISC
#include "server/options.h"

#include "server/question.h"

enum query_verdict options_read(const struct responder *responder, const uint8_t *octets,
                                size_t len, struct query *ret)
{
    enum query_verdict verdict = question_read(octets, len, ret);
    if (verdict == QUERY_DROP || responder->cookies == NULL)
        return verdict;
    if (verdict == QUERY_LOOKUP && (ret->options & QUERY_COOKIE_MALFORMED) != 0)
        return query_reject(ret, RCODE_FORMERR, QUERY_NO_EDE); // RFC 7873 §5.2.2
    if (verdict == QUERY_REPLY && ret->rcode == RCODE_FORMERR &&
        query_asks_for_cookie(octets, len, ret))
        return query_reject(ret, RCODE_NOERROR, QUERY_NO_EDE);
    return verdict;
}

static enum outcome_cookie answer_cookie(const struct responder *responder,
                                         const struct address *client, struct query *query,
                                         struct opt *opt)
{
    uint8_t cookie[COOKIES_LEN];
    enum outcome_cookie worth =
        cookies_judge(responder->cookies, query, client, responder->now, cookie);
    opt_put_cookie(opt, cookie);
    // RFC 7873 §5.4: who asks for nothing else wants to know
    if (worth == COOKIE_BAD && query->question_len == 0 && query->rcode == RCODE_NOERROR)
        query->rcode = RCODE_BADCOOKIE;
    return worth;
}

enum outcome_cookie options_answer(const struct responder *responder, enum transport transport,
                                   const struct address *client, struct query *query,
                                   struct opt *ret)
{
    enum outcome_cookie worth = COOKIE_NONE;
    opt_init(ret);
    if (query->options == 0)
        return worth;
    if ((query->options & QUERY_COOKIE) != 0 && responder->cookies != NULL)
        worth = answer_cookie(responder, client, query, ret);
    if ((query->options & QUERY_NSID) != 0 && responder->identity.nsid != NULL)
        opt_put_nsid(ret, responder->identity.nsid);
    if ((query->options & QUERY_KEEPALIVE) != 0 && transport != TRANSPORT_UDP)
        opt_put_keepalive(ret, responder->tcp_idle_ms);
    ret->padded = (query->options & QUERY_PADDING) != 0 && transport == TRANSPORT_TLS;
    return worth;
}
