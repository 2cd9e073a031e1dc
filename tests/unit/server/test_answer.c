// SPDX-License-Identifier: ISC
// Questions against one zone in four forms: unsigned, NSEC, NSEC3, NSEC3 with opt-out. Each reply
// goes through query, answer, denial and reply and is read by ldns.
#include "server/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/support/ask.h"
#include "tests/support/zone_reply.h"
#include "tests/support/zone_text.h"

static const char zone[] = "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n"
                           "@ NS ns1\n"
                           "@ NS ns2\n"
                           "@ MX 10 mail\n"
                           "ns1 A 192.0.2.1\n"
                           "ns2 A 192.0.2.2\n"
                           "mail A 192.0.2.25\n"
                           "mail AAAA 2001:db8::25\n"
                           "mail TXT \"a longer record than an address\"\n"
                           "www A 192.0.2.80\n"
                           "a.b.ent A 192.0.2.3\n"
                           // chains
                           "alias CNAME www\n"
                           "alias2 CNAME alias\n"
                           "one CNAME two\n"
                           "two CNAME one\n"
                           "self CNAME self\n"
                           "out CNAME www.example.net.\n"
                           "prefix CNAME www.otherexample.\n"
                           "dangling CNAME nothing\n"
                           "novalue CNAME ns1\n"
                           "tocut CNAME host.sub\n"
                           "toapex CNAME @\n"
                           "towild CNAME x.wild\n"
                           "below CNAME x.y.below\n"
                           "x.y.below A 192.0.2.4\n"
                           // wildcards
                           "*.wild A 192.0.2.5\n"
                           "there.wild TXT there\n"
                           "*.alias CNAME www\n"
                           "*.loop CNAME x.loop\n"
                           "x.*.entwild TXT x\n"
                           "*.cutwild NS ns.example.net.\n"
                           // cuts
                           "sub NS ns.sub\n"
                           "sub NS ns.example.net.\n"
                           "sub NS ns1\n"
                           "ns.sub A 192.0.2.6\n"
                           "ns.sub AAAA 2001:db8::6\n"
                           "*.sub TXT hidden\n"
                           "signed NS ns.signed\n"
                           "signed DS 1 13 2 "
                           "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
                           "ns.signed A 192.0.2.7\n"
                           "deep.cut NS ns1\n"
                           // DNAMEs
                           "dname DNAME target\n"
                           "dname TXT beside\n"
                           "hidden.dname A 192.0.2.8\n"
                           "x.target A 192.0.2.9\n"
                           "dnameout DNAME example.net.\n"
                           "dnameself DNAME x.dnameself\n"
                           "again DNAME again2\n"
                           "again2 DNAME again\n"
                           "dnameroot DNAME .\n"
                           "*.dnamewild DNAME target\n"
                           "dnamechain DNAME dname\n";

enum form { UNSIGNED, NSEC, NSEC3, OPTOUT, FORMS };

static struct zone_reply forms[FORMS];
static uint8_t reply[DNS_MESSAGE_MAX];
static size_t reply_len;

// Takes the NSEC3 (and its RRSIG) of a name out of a signed zone and closes the chain: ldns gives
// every name one, opt-out or not.
static void leave_out(char *text, const char *name)
{
    char *hash = ask_hash(name);
    char next_hash[33] = "";
    char *line = text;
    while (*line != '\0') {
        char *next = strchr(line, '\n') + 1;
        if (strncmp(line, hash, strlen(hash)) != 0) {
            line = next;
            continue;
        }
        sscanf(line, "%*s %*s IN NSEC3 %*s %*s %*s %*s %32s", next_hash);
        memmove(line, next, strlen(next) + 1);
    }
    assert_int_equal(strlen(next_hash), strlen(hash));
    char *before = strstr(text, hash);
    assert_non_null(before);
    memcpy(before, next_hash, strlen(hash));
    free(hash);
}

static int make_images(void **state)
{
    (void)state;
    static const enum zone_text_denial denials[FORMS] = {
        [NSEC] = ZONE_TEXT_NSEC, [NSEC3] = ZONE_TEXT_NSEC3, [OPTOUT] = ZONE_TEXT_NSEC3_OPTOUT};
    zone_reply_open(&forms[UNSIGNED], zone);
    for (enum form form = NSEC; form < FORMS; form++) {
        char *text = zone_text_sign("example.", zone, denials[form]);
        if (form == OPTOUT) {
            leave_out(text, "sub.example.");
            leave_out(text, "deep.cut.example.");
            leave_out(text, "cut.example.");
        }
        zone_reply_open(&forms[form], text);
        free(text);
    }
    return 0;
}

static int free_images(void **state)
{
    (void)state;
    for (enum form form = UNSIGNED; form < FORMS; form++)
        buf_done(&forms[form].octets);
    return 0;
}

static char *ask_image(const struct image *image, const char *question)
{
    reply_len = zone_reply_write(image, question, reply, sizeof(reply));
    return ask_text(reply, reply_len);
}

static char *ask(enum form form, const char *question)
{
    return ask_image(&forms[form].image, question);
}

// What the tables below have in common.
#define SOA        "authority example. SOA/300 ns1.example. hostmaster.example. 1 14400 3600 604800 300\n"
#define SIGNED_SOA SOA "authority example. RRSIG/300 SOA\n"
#define SUB_NS                                                                                     \
    "authority sub.example. NS ns.sub.example.\n"                                                  \
    "authority sub.example. NS ns.example.net.\n"                                                  \
    "authority sub.example. NS ns1.example.\n"
#define SUB_GLUE                                                                                   \
    "additional ns.sub.example. A 192.0.2.6\n"                                                     \
    "additional ns.sub.example. AAAA 2001:db8::6\n"                                                \
    "additional ns1.example. A 192.0.2.1\n"

struct expectation {
    enum form form;
    const char *question;
    const char *reply;
};

// clang-format off
static const struct expectation expectations[] = {
    {UNSIGNED, "www.example. A",
     "NOERROR aa\n"
     "answer www.example. A 192.0.2.80\n"},
    {UNSIGNED, "WWW.Example. A",
     "NOERROR aa\n"
     "answer WWW.Example. A 192.0.2.80\n"},
    {UNSIGNED, "www.example. AAAA",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "nothing.example. A",
     "NXDOMAIN aa\n"
     SOA},
    {UNSIGNED, "b.ent.example. A",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "alias2.example. A",
     "NOERROR aa\n"
     "answer alias2.example. CNAME alias.example.\n"
     "answer alias.example. CNAME www.example.\n"
     "answer www.example. A 192.0.2.80\n"},
    {UNSIGNED, "alias2.example. CNAME",
     "NOERROR aa\n"
     "answer alias2.example. CNAME alias.example.\n"},
    {UNSIGNED, "one.example. A",
     "NOERROR aa\n"
     "answer one.example. CNAME two.example.\n"
     "answer two.example. CNAME one.example.\n"},
    {UNSIGNED, "self.example. A",
     "NOERROR aa\n"
     "answer self.example. CNAME self.example.\n"},
    {UNSIGNED, "out.example. A",
     "NOERROR aa\n"
     "answer out.example. CNAME www.example.net.\n"},
    {UNSIGNED, "prefix.example. A",
     "NOERROR aa\n"
     "answer prefix.example. CNAME www.otherexample.\n"},
    {UNSIGNED, "dangling.example. A",
     "NXDOMAIN aa\n"
     "answer dangling.example. CNAME nothing.example.\n"
     SOA},
    {UNSIGNED, "novalue.example. MX",
     "NOERROR aa\n"
     "answer novalue.example. CNAME ns1.example.\n"
     SOA},
    {UNSIGNED, "tocut.example. A",
     "NOERROR aa\n"
     "answer tocut.example. CNAME host.sub.example.\n"
     SUB_NS
     SUB_GLUE},
    {UNSIGNED, "toapex.example. MX",
     "NOERROR aa\n"
     "answer toapex.example. CNAME example.\n"
     "answer example. MX 10 mail.example.\n"},
    {UNSIGNED, "towild.example. A",
     "NOERROR aa\n"
     "answer towild.example. CNAME x.wild.example.\n"
     "answer x.wild.example. A 192.0.2.5\n"},
    {UNSIGNED, "below.example. A",
     "NOERROR aa\n"
     "answer below.example. CNAME x.y.below.example.\n"
     "answer x.y.below.example. A 192.0.2.4\n"},
    {UNSIGNED, "q.wild.example. A",
     "NOERROR aa\n"
     "answer q.wild.example. A 192.0.2.5\n"},
    {UNSIGNED, "q.wild.example. TXT",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "q.there.wild.example. A",
     "NXDOMAIN aa\n"
     SOA},
    {UNSIGNED, "q.alias.example. A",
     "NOERROR aa\n"
     "answer q.alias.example. CNAME www.example.\n"
     "answer www.example. A 192.0.2.80\n"},
    {UNSIGNED, "q.alias.example. ANY",
     "NOERROR aa\n"
     "answer q.alias.example. CNAME www.example.\n"},
    {UNSIGNED, "q.loop.example. A",
     "NOERROR aa\n"
     "answer q.loop.example. CNAME x.loop.example.\n"
     "answer x.loop.example. CNAME x.loop.example.\n"},
    {UNSIGNED, "q.entwild.example. A",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "q.cutwild.example. A",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "q.cutwild.example. NS",
     "NOERROR aa\n"
     "answer q.cutwild.example. NS ns.example.net.\n"},
    {UNSIGNED, "host.sub.example. A",
     "NOERROR\n"
     SUB_NS
     SUB_GLUE},
    {UNSIGNED, "sub.example. DS",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "sub.example. NS",
     "NOERROR\n"
     SUB_NS
     SUB_GLUE},
    {UNSIGNED, "signed.example. DS",
     "NOERROR aa\n"
     "answer signed.example. DS\n"},
    {UNSIGNED, "x.signed.example. DS",
     "NOERROR\n"
     "authority signed.example. NS ns.signed.example.\n"
     "additional ns.signed.example. A 192.0.2.7\n"},
    {UNSIGNED, "deep.cut.example. A",
     "NOERROR\n"
     "authority deep.cut.example. NS ns1.example.\n"
     "additional ns1.example. A 192.0.2.1\n"},
    {UNSIGNED, "cut.example. A",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "x.dname.example. A",
     "NOERROR aa\n"
     "answer dname.example. DNAME target.example.\n"
     "answer x.dname.example. CNAME x.target.example.\n"
     "answer x.target.example. A 192.0.2.9\n"},
    {UNSIGNED, "q.dname.example. CNAME", // RFC 6672 §3.2: the target is looked for all the same
     "NXDOMAIN aa\n"
     "answer dname.example. DNAME target.example.\n"
     "answer q.dname.example. CNAME q.target.example.\n" SOA},
    {UNSIGNED, "hidden.dname.example. A",
     "NXDOMAIN aa\n"
     "answer dname.example. DNAME target.example.\n"
     "answer hidden.dname.example. CNAME hidden.target.example.\n"
     SOA},
    {UNSIGNED, "dname.example. TXT",
     "NOERROR aa\n"
     "answer dname.example. TXT \"beside\"\n"},
    {UNSIGNED, "q.dnameout.example. A",
     "NOERROR aa\n"
     "answer dnameout.example. DNAME example.net.\n"
     "answer q.dnameout.example. CNAME q.example.net.\n"},
    {UNSIGNED, "q.dnameroot.example. A",
     "NOERROR aa\n"
     "answer dnameroot.example. DNAME .\n"
     "answer q.dnameroot.example. CNAME q.\n"},
    {UNSIGNED, "q.dnamewild.example. A",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "x.dnamechain.example. A",
     "NOERROR aa\n"
     "answer dnamechain.example. DNAME dname.example.\n"
     "answer x.dnamechain.example. CNAME x.dname.example.\n"
     "answer dname.example. DNAME target.example.\n"
     "answer x.dname.example. CNAME x.target.example.\n"
     "answer x.target.example. A 192.0.2.9\n"},
    {UNSIGNED, "q.again.example. A",
     "NOERROR aa\n"
     "answer again.example. DNAME again2.example.\n"
     "answer q.again.example. CNAME q.again2.example.\n"
     "answer again2.example. DNAME again.example.\n"
     "answer q.again2.example. CNAME q.again.example.\n"},
    {UNSIGNED, "mail.example. ANY",
     "NOERROR aa\n"
     "answer mail.example. A 192.0.2.25\n"},
    {UNSIGNED, "example. ANY",
     "NOERROR aa\n"
     "answer example. MX 10 mail.example.\n"},
    {UNSIGNED, "mail.example. RRSIG",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "example. DS",
     "NOERROR aa\n"
     SOA},
    {UNSIGNED, "www.example. A +do",
     "NOERROR aa\n"
     "answer www.example. A 192.0.2.80\n"
     "opt\n"},
    {NSEC, "www.example. A +do",
     "NOERROR aa\n"
     "answer www.example. A 192.0.2.80\n"
     "answer www.example. RRSIG A\n"
     "opt\n"},
    {NSEC, "www.example. AAAA +do",
     "NOERROR aa\n"
     SIGNED_SOA
     "authority www.example. NSEC/300 example. A RRSIG NSEC\n"
     "authority www.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "nothing.example. A +do",
     "NXDOMAIN aa\n"
     SIGNED_SOA
     "authority mail.example. NSEC/300 novalue.example. A TXT AAAA RRSIG NSEC\n"
     "authority mail.example. RRSIG/300 NSEC\n"
     "authority example. NSEC/300 again.example. NS SOA MX RRSIG NSEC DNSKEY\n"
     "authority example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "a.example. A +do",
     "NXDOMAIN aa\n"
     SIGNED_SOA
     "authority example. NSEC/300 again.example. NS SOA MX RRSIG NSEC DNSKEY\n"
     "authority example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "zzz.example. A +do",
     "NXDOMAIN aa\n"
     SIGNED_SOA
     "authority www.example. NSEC/300 example. A RRSIG NSEC\n"
     "authority www.example. RRSIG/300 NSEC\n"
     "authority example. NSEC/300 again.example. NS SOA MX RRSIG NSEC DNSKEY\n"
     "authority example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "b.ent.example. A +do",
     "NOERROR aa\n"
     SIGNED_SOA
     "authority *.dnamewild.example. NSEC/300 a.b.ent.example. DNAME RRSIG NSEC\n"
     "authority *.dnamewild.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "dangling.example. A +do",
     "NXDOMAIN aa\n"
     "answer dangling.example. CNAME nothing.example.\n"
     "answer dangling.example. RRSIG CNAME\n"
     SIGNED_SOA
     "authority mail.example. NSEC/300 novalue.example. A TXT AAAA RRSIG NSEC\n"
     "authority mail.example. RRSIG/300 NSEC\n"
     "authority example. NSEC/300 again.example. NS SOA MX RRSIG NSEC DNSKEY\n"
     "authority example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "tocut.example. A +do",
     "NOERROR aa\n"
     "answer tocut.example. CNAME host.sub.example.\n"
     "answer tocut.example. RRSIG CNAME\n"
     SUB_NS
     "authority sub.example. NSEC/300 x.target.example. NS RRSIG NSEC\n"
     "authority sub.example. RRSIG/300 NSEC\n"
     SUB_GLUE
     "additional ns1.example. RRSIG A\n"
     "opt\n"},
    {NSEC, "towild.example. A +do",
     "NOERROR aa\n"
     "answer towild.example. CNAME x.wild.example.\n"
     "answer towild.example. RRSIG CNAME\n"
     "answer x.wild.example. A 192.0.2.5\n"
     "answer x.wild.example. RRSIG A\n"
     "authority there.wild.example. NSEC/300 www.example. TXT RRSIG NSEC\n"
     "authority there.wild.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "q.wild.example. A +do",
     "NOERROR aa\n"
     "answer q.wild.example. A 192.0.2.5\n"
     "answer q.wild.example. RRSIG A\n"
     "authority *.wild.example. NSEC/300 there.wild.example. A RRSIG NSEC\n"
     "authority *.wild.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "q.wild.example. TXT +do",
     "NOERROR aa\n"
     SIGNED_SOA
     "authority *.wild.example. NSEC/300 there.wild.example. A RRSIG NSEC\n"
     "authority *.wild.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "q.there.wild.example. A +do",
     "NXDOMAIN aa\n"
     SIGNED_SOA
     "authority there.wild.example. NSEC/300 www.example. TXT RRSIG NSEC\n"
     "authority there.wild.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "q.alias.example. A +do",
     "NOERROR aa\n"
     "answer q.alias.example. CNAME www.example.\n"
     "answer q.alias.example. RRSIG CNAME\n"
     "answer www.example. A 192.0.2.80\n"
     "answer www.example. RRSIG A\n"
     "authority *.alias.example. NSEC/300 alias2.example. CNAME RRSIG NSEC\n"
     "authority *.alias.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "q.entwild.example. A +do",
     "NOERROR aa\n"
     SIGNED_SOA
     "authority x.*.entwild.example. NSEC/300 *.loop.example. TXT RRSIG NSEC\n"
     "authority x.*.entwild.example. RRSIG/300 NSEC\n"
     "authority a.b.ent.example. NSEC/300 x.*.entwild.example. A RRSIG NSEC\n"
     "authority a.b.ent.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "host.sub.example. A +do",
     "NOERROR\n"
     SUB_NS
     "authority sub.example. NSEC/300 x.target.example. NS RRSIG NSEC\n"
     "authority sub.example. RRSIG/300 NSEC\n"
     SUB_GLUE
     "additional ns1.example. RRSIG A\n"
     "opt\n"},
    {NSEC, "sub.example. DS +do",
     "NOERROR aa\n"
     SIGNED_SOA
     "authority sub.example. NSEC/300 x.target.example. NS RRSIG NSEC\n"
     "authority sub.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "signed.example. DS +do",
     "NOERROR aa\n"
     "answer signed.example. DS\n"
     "answer signed.example. RRSIG DS\n"
     "opt\n"},
    {NSEC, "x.signed.example. A +do",
     "NOERROR\n"
     "authority signed.example. NS ns.signed.example.\n"
     "authority signed.example. DS\n"
     "authority signed.example. RRSIG DS\n"
     "additional ns.signed.example. A 192.0.2.7\n"
     "opt\n"},
    {NSEC, "x.dname.example. A +do",
     "NOERROR aa\n"
     "answer dname.example. DNAME target.example.\n"
     "answer dname.example. RRSIG DNAME\n"
     "answer x.dname.example. CNAME x.target.example.\n"
     "answer x.target.example. A 192.0.2.9\n"
     "answer x.target.example. RRSIG A\n"
     "opt\n"},
    {NSEC, "mail.example. ANY +do",
     "NOERROR aa\n"
     "answer mail.example. A 192.0.2.25\n"
     "answer mail.example. RRSIG A\n"
     "opt\n"},
    {NSEC, "mail.example. RRSIG",
     "NOERROR aa\n"
     "answer mail.example. RRSIG A\n"},
    {NSEC, "mail.example. NSEC",
     "NOERROR aa\n"
     "answer mail.example. NSEC/300 novalue.example. A TXT AAAA RRSIG NSEC\n"},
    {NSEC, "mail.example. NSEC +do",
     "NOERROR aa\n"
     "answer mail.example. NSEC/300 novalue.example. A TXT AAAA RRSIG NSEC\n"
     "answer mail.example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "example. DS +do",
     "NOERROR aa\n"
     SIGNED_SOA
     "authority example. NSEC/300 again.example. NS SOA MX RRSIG NSEC DNSKEY\n"
     "authority example. RRSIG/300 NSEC\n"
     "opt\n"},
    {NSEC, "nothing.example. A +edns",
     "NXDOMAIN aa\n"
     SOA
     "opt\n"},
};
// clang-format on

static void each_question_has_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
        char *text = ask(expectations[i].form, expectations[i].question);
        if (strcmp(text, expectations[i].reply) != 0)
            fail_msg("%s\n%s--- expected:\n%s", expectations[i].question, text,
                     expectations[i].reply);
        free(text);
    }
}

// NSEC3 of the reply's authority section by what they are for: "=name" matches, "~name" covers.
struct nsec3_expectation {
    const char *question;
    const char *first_line;
    const char *proofs[4]; // all of them
};

static const struct nsec3_expectation nsec3_expectations[] = {
    {"www.example. A +do", "NOERROR aa\n", {NULL}},
    {"www.example. MX +do", "NOERROR aa\n", {"=www.example."}},
    {"b.ent.example. A +do", "NOERROR aa\n", {"=b.ent.example."}},
    {"nothing.example. A +do", "NXDOMAIN aa\n", {"=example.", "~nothing.example.", "~*.example."}},
    {"x.y.www.example. A +do",
     "NXDOMAIN aa\n",
     {"=www.example.", "~y.www.example.", "~*.www.example."}},
    {"X.Y.WWW.example. A +do",
     "NXDOMAIN aa\n",
     {"=www.example.", "~y.www.example.", "~*.www.example."}},
    {"q.wild.example. A +do", "NOERROR aa\n", {"~q.wild.example."}},
    {"p.q.wild.example. A +do", "NOERROR aa\n", {"~q.wild.example."}},
    {"q.wild.example. TXT +do",
     "NOERROR aa\n",
     {"=wild.example.", "~q.wild.example.", "=*.wild.example."}},
    {"q.alias.example. A +do", "NOERROR aa\n", {"~q.alias.example."}},
    {"sub.example. DS +do", "NOERROR aa\n", {"=sub.example."}},
    {"x.sub.example. A +do", "NOERROR\n", {"=sub.example."}},
    {"x.signed.example. A +do", "NOERROR\n", {NULL}},
    {"example. DS +do", "NOERROR aa\n", {"=example."}},
    {"nothing.example. A", "NXDOMAIN aa\n", {NULL}},
};

static void expect_nsec3(enum form form, const struct nsec3_expectation *expectation)
{
    char *text = ask(form, expectation->question);
    if (strncmp(text, expectation->first_line, strlen(expectation->first_line)) != 0)
        fail_msg("%s: %s", expectation->question, text);
    unsigned expected = 0;
    while (expected < 4 && expectation->proofs[expected] != NULL) {
        if (!ask_nsec3(reply, reply_len, expectation->proofs[expected]))
            fail_msg("%s: no %s in\n%s", expectation->question, expectation->proofs[expected],
                     text);
        expected++;
    }
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, " NSEC3/")) != NULL; at++)
        count++;
    unsigned sigs = 0;
    for (const char *at = text; (at = strstr(at, "RRSIG/300 NSEC3")) != NULL; at++)
        sigs++;
    if (count != expected || sigs != expected)
        fail_msg("%s: not exactly %u\n%s", expectation->question, expected, text);
    free(text);
}

static void nsec3_proves_what_is_needed_and_no_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(nsec3_expectations) / sizeof(nsec3_expectations[0]); i++)
        expect_nsec3(NSEC3, &nsec3_expectations[i]);
}

static void opt_out_is_proved_from_the_closest_provable_encloser(void **state)
{
    (void)state;
    static const struct nsec3_expectation cases[] = {
        {"sub.example. DS +do", "NOERROR aa\n", {"=example.", "~sub.example."}},
        {"x.sub.example. A +do", "NOERROR\n", {"=example.", "~sub.example."}},
        {"x.deep.cut.example. A +do", "NOERROR\n", {"=example.", "~cut.example."}},
        {"cut.example. A +do", "NOERROR aa\n", {"=example.", "~cut.example."}},
        {"x.cut.example. A +do", "NXDOMAIN aa\n", {"=example.", "~cut.example.", "~*.example."}},
        {"www.example. MX +do", "NOERROR aa\n", {"=www.example."}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_nsec3(OPTOUT, &cases[i]);
}

static void nsec3_owners_do_not_exist(void **state)
{
    (void)state;
    char *hash = ask_hash("www.example.");
    char *question = xasprintf("%s.example. NSEC3 +do", hash);
    char *text = ask(NSEC3, question);
    assert_memory_equal(text, "NXDOMAIN aa\n", 12);
    free(text);
    free(question);
    question = xasprintf("below.%s.example. A", hash);
    text = ask(NSEC3, question);
    assert_string_equal(text, "NXDOMAIN aa\n" SOA);
    free(text);
    free(question);
    free(hash);
}

static void long_chains_end_after_ten_links(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_put_text(&text, "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\n");
    for (unsigned i = 0; i < 20; i++)
        buf_printf(&text, "c%u CNAME c%u\nd%u DNAME d%u\n", i, i + 1, i, i + 1);
    struct zone_reply chain;
    zone_reply_open(&chain, buf_text(&text));
    char *chain_text = ask_image(&chain.image, "c0.example. A");
    assert_null(strstr(chain_text, "answer c11.example."));
    assert_non_null(strstr(chain_text, "answer c10.example. CNAME c11.example.\n"));
    assert_memory_equal(chain_text, "NOERROR aa\n", 11);
    free(chain_text);
    chain_text = ask_image(&chain.image, "x.d0.example. A");
    assert_null(strstr(chain_text, "answer x.d11.example."));
    assert_non_null(strstr(chain_text, "answer d10.example. DNAME d11.example.\n"
                                       "answer x.d10.example. CNAME x.d11.example.\n"));
    free(chain_text);
    buf_done(&chain.octets);
    buf_done(&text);
}

#define LABEL_60 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefgh"

static void names_too_long_below_a_dname_are_yxdomain(void **state)
{
    (void)state;
    struct zone_reply image;
    zone_reply_open(&image, "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\n"
                            "d DNAME " LABEL_60 "." LABEL_60 "." LABEL_60 "\n");
    char *text = ask_image(&image.image, LABEL_60 ".d.example. A");
    assert_non_null(strstr(text, "CNAME " LABEL_60 "." LABEL_60 "." LABEL_60 "." LABEL_60 ".ex"));
    free(text);
    text = ask_image(&image.image, "abc." LABEL_60 ".d.example. A");
    assert_string_equal(text, "YXDOMAIN aa\nanswer d.example. DNAME " LABEL_60 "." LABEL_60
                              "." LABEL_60 ".example.\n");
    free(text);
    buf_done(&image.octets);
}

static void a_dname_that_is_passed_again_is_given_once(void **state)
{
    (void)state;
    char *text = ask(NSEC, "q.dnameself.example. A +do");
    const char *dname = strstr(text, "answer dnameself.example. DNAME");
    assert_non_null(dname);
    assert_null(strstr(dname + 1, "answer dnameself.example. DNAME"));
    assert_non_null(strstr(text, "answer q.dnameself.example. CNAME q.x.dnameself.example.\n"
                                 "answer q.x.dnameself.example. CNAME q.x.x.dnameself.example.\n"));
    free(text);
}

static void nsec3_chains_with_gaps_do_not_stop_answers(void **state)
{
    (void)state;
    static const struct nsec3_expectation cases[] = {
        {"nothing.example. A +do", "NXDOMAIN aa\n", {"~nothing.example.", "~*.example."}},
        {"example. AAAA +do", "NOERROR aa\n", {NULL}},
    };
    char *text = zone_text_sign("example.", zone, ZONE_TEXT_NSEC3);
    struct zone_reply whole = forms[OPTOUT];
    leave_out(text, "example.");
    zone_reply_open(&forms[OPTOUT], text);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_nsec3(OPTOUT, &cases[i]);
    buf_done(&forms[OPTOUT].octets);
    forms[OPTOUT] = whole;
    free(text);
}

static void gaps_in_a_chain_that_came_signed_do_not_stop_answers(void **state)
{
    (void)state;
    struct zone_reply image; // signed, but without NSEC
    zone_reply_open(&image,
                    "@ SOA ns1 hostmaster 1 14400 3600 604800 300\n@ NS ns1\n"
                    "@ DNSKEY 257 3 13 AAAA\n"
                    "@ RRSIG SOA 13 1 3600 20300101000000 20200101000000 1 example. AAAA\n");
    char *text = ask_image(&image.image, "nothing.example. A +do");
    assert_string_equal(text, "NXDOMAIN aa\n" SIGNED_SOA "opt\n");
    free(text);
    text = ask_image(&image.image, "example. MX +do");
    assert_string_equal(text, "NOERROR aa\n" SIGNED_SOA "opt\n");
    free(text);
    buf_done(&image.octets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_question_has_its_answer),
        cmocka_unit_test(nsec3_proves_what_is_needed_and_no_more),
        cmocka_unit_test(opt_out_is_proved_from_the_closest_provable_encloser),
        cmocka_unit_test(nsec3_owners_do_not_exist),
        cmocka_unit_test(long_chains_end_after_ten_links),
        cmocka_unit_test(names_too_long_below_a_dname_are_yxdomain),
        cmocka_unit_test(a_dname_that_is_passed_again_is_given_once),
        cmocka_unit_test(nsec3_chains_with_gaps_do_not_stop_answers),
        cmocka_unit_test(gaps_in_a_chain_that_came_signed_do_not_stop_answers),
    };
    return cmocka_run_group_tests(tests, make_images, free_images);
}
