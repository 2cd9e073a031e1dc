// SPDX-License-Identifier: ISC
#include "tests/unit/probe/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

const struct told *told;
bool secure;
unsigned validations;
uv_loop_t loop;
struct stand_in server;
struct resolver resolver;

static void push(ldns_pkt *packet, ldns_pkt_section section, const char *lines)
{
    char *copy = xstrdup(lines != NULL ? lines : "");
    char *rest = NULL;
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        ldns_rr *rr = NULL;
        assert_int_equal(ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL), LDNS_STATUS_OK);
        ldns_pkt_push_rr(packet, section, rr);
    }
    free(copy);
}

static void say(const struct told *what, ldns_pkt *packet, struct buf *ret)
{
    uint8_t *octets = NULL;
    size_t len = 0;
    ldns_pkt_set_qr(packet, true);
    ldns_pkt_set_edns_udp_size(packet, 0);
    ldns_pkt_set_rcode(packet, (uint8_t)what->rcode);
    ldns_pkt_set_ad(packet, secure);
    push(packet, LDNS_SECTION_ANSWER, what->answer);
    push(packet, LDNS_SECTION_AUTHORITY, what->authority);
    assert_int_equal(ldns_pkt2wire(&octets, packet, &len), LDNS_STATUS_OK);
    buf_put(ret, octets, len);
    free(octets);
}

static void answer(struct stand_in *stand_in, const uint8_t *octets, size_t len, struct buf *ret)
{
    ldns_pkt *packet = NULL;
    (void)stand_in;
    assert_int_equal(ldns_wire2pkt(&packet, octets, len), LDNS_STATUS_OK);
    assert_true(ldns_pkt_rd(packet));
    validations += ldns_pkt_cd(packet) ? 0 : 1;
    const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
    char *name = ldns_rdf2str(ldns_rr_owner(question));
    char *type = ldns_rr_type2str(ldns_rr_get_type(question));
    char *asked = xasprintf("%s %s", name, type);
    for (const struct told *what = told; what->question != NULL; what++)
        if (strcmp(what->question, asked) == 0)
            say(what, packet, ret);
    free(asked);
    free(type);
    free(name);
    ldns_pkt_free(packet);
}

int told_start(void **state)
{
    (void)state;
    validations = 0;
    uv_loop_init(&loop);
    memset(&server, 0, sizeof(server));
    stand_in_start(&server, &loop);
    server.datagram = answer;
    resolver = (struct resolver){asker_new(&loop, TOLD_TIMEOUT_MS), server.address};
    return 0;
}

int told_stop(void **state)
{
    (void)state;
    asker_close(resolver.asker);
    stand_in_stop(&server);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}
