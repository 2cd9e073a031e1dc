// SPDX-License-Identifier: ISC
// Custom records, each written as a line of a master file unless the test is about another form. The errors' words are
// golden: what is told is what the admin goes by.
#include "tests/unit/zonegen/world.h"

#include "zonegen/custom.h"
#include "zonegen/rdata_text.h"

#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#define FIRST_LINE 9 // of the configuration that `configure` writes

// The lines, separated by line feeds, as the records of example.com.
static struct world configure(const char *box, const char *more, const char *lines)
{
    struct buf text = {0};
    buf_put_text(&text, "domains:\n  - name: example.com\n    records:\n");
    for (const char *at = lines; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        buf_put_text(&text, "      - '");
        for (size_t i = 0; i < len; i++)
            buf_printf(&text, at[i] == '\'' ? "''" : "%c", at[i]);
        buf_put_text(&text, "'\n");
        at += len + (at[len] == '\n');
    }
    buf_put_text(&text, more);
    struct world w = world(box, buf_text(&text));
    buf_done(&text);
    return w;
}

static enum status make(const struct world *w, struct zone_content **ret, struct error *err)
{
    const struct zone_target *target = zonegen_target_find(w->targets, w->count, "example.com");
    return zonegen_examine(w->inputs, &keys, target, ret, err);
}

static char *dump_lines(const char *lines)
{
    struct world w = configure("", "", lines);
    char *text = dump_zone(&w, "example.com");
    world_done(&w);
    return text;
}

static void assert_taken(const char *lines, const char *dumped)
{
    char *text = dump_lines(lines);
    assert_line(text, dumped);
    free(text);
}

// The message is whole, but for the place: that of the line-th line.
static void assert_says(const struct world *w, unsigned line, const char *message)
{
    struct zone_content *content = NULL;
    struct error err = {0};
    char *wanted = xasprintf("zonebox.yaml:%u:9: %s", FIRST_LINE + line - 1, message);
    if (make(w, &content, &err) == STATUS_OK)
        fail_msg("taken; should be: %s", message);
    const struct zone_note *note = find_note(content, wanted);
    if (note == NULL || !note->error || strcmp(strstr(note->text, "zonebox.yaml:"), wanted) != 0)
        fail_msg("says   %s\nshould %s", err.text, wanted);
    zone_content_free(content);
    free(wanted);
}

static void assert_refused(const char *lines, unsigned line, const char *message)
{
    struct world w = configure("", "  - on.example.com\n", lines);
    assert_says(&w, line, message);
    world_done(&w);
}

// ── Forms ────────────────────────────────────────────────────────────────────────────────────────

static void lines_of_a_master_file_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *dumped;
    } cases[] = {
        {"blog 300 IN A 192.0.2.80", "blog 300 IN A 192.0.2.80"},
        {"blog IN 5m A 192.0.2.80", "blog 300 IN A 192.0.2.80"},
        {"blog A 192.0.2.80", "blog 3600 IN A 192.0.2.80"},
        {"BLOG.Example.COM. 1h30m CNAME Web", "blog 5400 IN CNAME Web.example.com."},
        {"@ TXT hello \"a b\"", "hello"},
        {"*.x MX 0 .", "*.x 3600 IN MX 0 ."},
        {"x TYPE65280 \\# 3 ( 01\t 0203 )", "x 3600 IN TYPE65280 \\# 3 010203"},
        {"10 PTR host.example.net.", "10 3600 IN PTR host.example.net."},
        {"x 2147483647 A 192.0.2.1", "x 2147483647 IN A 192.0.2.1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strchr(cases[i].dumped, ' ') != NULL)
            assert_taken(cases[i].line, cases[i].dumped);
    }
    char *text = dump_lines("@ TXT hello \"a b\"");
    assert_has(text, "\"hello\"");
    assert_has(text, "; custom record, zonebox.yaml:9\n");
    free(text);
}

static void every_type_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *dumped;
    } cases[] = {
        {"x AAAA ::ffff:192.0.2.1", "x 3600 IN AAAA ::ffff:192.0.2.1"},
        {"x CAA 128 Issue ca.example.net", "x 3600 IN CAA 128 issue \"ca.example.net\""},
        {"x URI 10 1 https://x/", "x 3600 IN URI 10 1 \"https://x/\""},
        {"x TLSA DANE-EE SPKI SHA2-256 " SHA256, "x 3600 IN TLSA 3 1 1 " SHA256},
        {"x SMIMEA 3 0 0 00ff", "x 3600 IN SMIMEA 3 0 0 00ff"},
        {"x OPENPGPKEY bXkg a2V5", "x 3600 IN OPENPGPKEY bXkga2V5"},
        {"x SSHFP 4 2 ( " SHA256 " )", "x 3600 IN SSHFP 4 2 " SHA256},
        {"x HTTPS 1 . port=8443 alpn=h3,h2 ipv4hint=192.0.2.1",
         "x 3600 IN HTTPS 1 . alpn=h3,h2 port=8443 ipv4hint=192.0.2.1"},
        {"x HTTPS 1 . alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
         "x 3600 IN TYPE65 \\# 19 0001000001000c08665c6f6f2c626172026832"},
        {"x SVCB 0 web.example.net.", "x 3600 IN SVCB 0 web.example.net."},
        {"x SVCB 1 . dohpath=/q{?dns}", "x 3600 IN TYPE64 \\# 15 000100000700082f717b3f646e737d"},
        {"x LOC 52 22 23 N 4 53 32.1 E -2m 0m 10000m 10m",
         "x 3600 IN LOC 52 22 23.000 N 04 53 32.100 E -2m 0.00m 10000m 10m"},
        {"x NAPTR 1 1 U E2U+sip \"!^a{2,15}$!b!\" .",
         "x 3600 IN NAPTR 1 1 \"U\" \"E2U+sip\" \"!^a{2,15}$!b!\" ."},
        {"x NAPTR 100 10 U E2U+sip \"!^(.*)$!sip:\\\\1@example.net!i\" .",
         "x 3600 IN NAPTR 100 10 \"U\" \"E2U+sip\" \"!^(.*)$!sip:\\\\1@example.net!i\" ."},
        {"x CSYNC 66 3 NS A TYPE65280", "x 3600 IN CSYNC 66 3 A NS TYPE65280 "},
        {"x CERT PKIX 0 RSASHA256 AAAA", "x 3600 IN CERT PKIX 0 8 AAAA"},
        {"x APL 1:192.0.2.0/24 !2:2001:db8::/32",
         "x 3600 IN APL 1:192.0.2.0/24 !2:2001:0db8:0000:0000:0000:0000:0000:0000/32 "},
        {"x EUI48 00-11-22-aa-bb-CC", "x 3600 IN EUI48 00-11-22-aa-bb-cc"},
        {"x NID 10 14:4fff:ff20:ee64", "x 3600 IN NID 10 0014:4fff:ff20:ee64"},
        // Those that Knot or ldns have no name for.
        {"x DSYNC CDS NOTIFY 5300 a.", "x 3600 IN TYPE66 \\# 8 003b0114b4016100"},
        {"x DSYNC CSYNC 2 53 .", "x 3600 IN TYPE66 \\# 6 003e02003500"},
        {"x AMTRELAY 10 1 0 .", "x 3600 IN TYPE260 \\# 2 0a80"},
        {"x AMTRELAY 10 0 1 192.0.2.1", "x 3600 IN TYPE260 \\# 6 0a01c0000201"},
        {"x AMTRELAY 10 0 3 a.", "x 3600 IN TYPE260 \\# 5 0a03016100"},
        {"x IPSECKEY 10 1 2 192.0.2.1 AAAA", "x 3600 IN TYPE45 \\# 10 0a0102c0000201000000"},
        {"x HIP 2 0011 AAAA a.", "x 3600 IN TYPE55 \\# 12 020200030011000000016100"},
        {"x WKS 192.0.2.1 tcp 25", "x 3600 IN TYPE11 \\# 9 c00002010600000040"},
        {"x NSAP 0x47.0005", "x 3600 IN TYPE22 \\# 3 470005"},
        // Octets of types that have a text.
        {"x TYPE1 \\# 4 c0000201", "x 3600 IN A 192.0.2.1"},
        {"x MX \\# 5 000a016100", "x 3600 IN MX 10 a."},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_taken(cases[i].line, cases[i].dumped);
}

static void mappings_are_taken(void **state)
{
    (void)state;
    char long_text[601];
    memset(long_text, 'x', 600);
    long_text[0] = '"';
    long_text[600] = '\0';
    char *more = xasprintf("      - {name: www, type: mx, ttl: 1m, data: [10 a.b., 20 b.]}\n"
                           "      - {name: \"@\", type: TXT, text: '%s'}\n"
                           "      - {type: TYPE65280, data: '\\# 1 00'}\n",
                           long_text);
    struct world w = configure("", more, "");
    char *dumped = dump_zone(&w, "example.com");
    assert_line(dumped, "www 60 IN MX 10 a.b.");
    assert_line(dumped, "www 60 IN MX 20 b.");
    assert_line(dumped, "@ 3600 IN TYPE65280 \\# 1 00");
    assert_has(dumped, "( \"\\\"xxx");
    assert_has(dumped, "; custom record, zonebox.yaml:11\n");
    free(dumped);
    free(more);
    world_done(&w);
}

// ── Errors ───────────────────────────────────────────────────────────────────────────────────────

struct refusal {
    const char *lines;
    unsigned line;
    const char *message;
};

static void assert_all_refused(const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_refused(cases[i].lines, cases[i].line, cases[i].message);
}

#define REFUSED(cases) assert_all_refused(cases, sizeof(cases) / sizeof((cases)[0]))

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"www 300 IN", 1,
         "www.example.com.: has no type and data; a record is like \"www 300 IN A 192.0.2.80\""},
        {"www IN A", 1, "www.example.com. A: an IPv4 address is missing"},
        {"_dmarc TXT v=DMARC1; p=none", 1,
         "\";\" begins a comment; a text with one goes in quotes"},
        {"www FOO x", 1,
         "www.example.com.: \"FOO\" is no record type; one that has no name here is written as "
         "TYPE65280 \\# LENGTH HEX (RFC 3597 §5)"},
        {"www 4294967296 A 192.0.2.1", 1,
         "www.example.com.: a TTL of more than 2147483647 seconds (RFC 2181 §8); a day is 86400 or "
         "1d"},
        {"www 2147483648 A 192.0.2.1", 1,
         "www.example.com.: a TTL of more than 2147483647 seconds (RFC 2181 §8); a day is 86400 or "
         "1d"},
        {"www 100w1 A 192.0.2.1", 1,
         "www.example.com.: \"100w1\" is no record type; one that has no name here is written as "
         "TYPE65280 \\# LENGTH HEX (RFC 3597 §5)"},
        {"www 1m 1m A 192.0.2.1", 1, "www.example.com.: two TTLs"},
        {"www IN IN A 192.0.2.1", 1, "www.example.com.: two classes"},
        {"www CH TXT x", 1, "www.example.com.: a record of another class than IN"},
        {"www TYPE65536 \\# 0", 1,
         "www.example.com.: \"TYPE65536\" is no record type; one that has no name here is written "
         "as TYPE65280 \\# LENGTH HEX (RFC 3597 §5)"},
        {"a..b A 192.0.2.1", 1, "\"a..b\" is no name: an empty label"},
        {"a\\256 A 192.0.2.1", 1, "\"a\\256\" is no name: \\256 is no octet (at most \\255)"},
        {"x TXT \"a", 1, "a quote is not closed in its line"},
        {"x TXT \"a\"b", 1, "something directly behind a closing quote; leave a blank there"},
        {"x TXT a\"b\"", 1,
         "a quote in the middle of a word; leave a blank before it, or write \\\""},
        {"x A ( 192.0.2.1", 1, "\"(\" is never closed"},
        {"x A 192.0.2.1 )", 1, "\")\" without its counterpart"},
        {"x A ( ( 192.0.2.1 ) )", 1, "\"(\" inside of parentheses"},
        {"x TXT a\\", 1,
         "a control character, or a \\ at the end of the line; an octet that is not printable is "
         "written as \\DDD, in decimal"},
    };
    REFUSED(cases);
}

static void data_that_is_not_of_its_type_is_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"x A 192.0.2.256", 1,
         "x.example.com. A: \"192.0.2.256\" is no IPv4 address; one is like 192.0.2.1"},
        {"x A", 1, "x.example.com. A: an IPv4 address is missing"},
        {"x A 192.0.2.1 192.0.2.2", 1,
         "x.example.com. A: \"192.0.2.2\" is more than this type has"},
        {"x AAAA 1:2:3:4:5:6:7", 1,
         "x.example.com. AAAA: \"1:2:3:4:5:6:7\" is no IPv6 address; one is like 2001:db8::1"},
        {"x MX mail", 1, "x.example.com. MX: \"mail\" where a number is expected, 0 to 65535"},
        {"x MX 65536 mail", 1,
         "x.example.com. MX: \"65536\" where a number is expected, 0 to 65535"},
        {"x MX -1 mail", 1, "x.example.com. MX: \"-1\" where a number is expected, 0 to 65535"},
        {"x MX 10", 1, "x.example.com. MX: a name is missing"},
        {"x MX 10 a..b", 1, "x.example.com. MX: \"a..b\" is no name: an empty label"},
        {"x MX 10 \"mail\"", 1, "x.example.com. MX: \"mail\" in quotes; a name has none"},
        {"x SRV 0 0 993", 1, "x.example.com. SRV: a name is missing"},
        {"x TXT \\25", 1,
         "x.example.com. TXT: \\25 is no octet; \\ takes three digits up to 255, or one other "
         "character"},
        {"x TXT \\300", 1,
         "x.example.com. TXT: \\300 is no octet; \\ takes three digits up to 255, or one other "
         "character"},
        {"x CAA 0 is-sue x", 1,
         "x.example.com. CAA: \"is-sue\" is no tag; one has letters and digits only"},
        {"x CAA 0 issue \"\"", 1,
         "x.example.com. CAA: an empty value; \";\" says that nobody may (RFC 8659 §4.2)"},
        {"x CAA 256 issue x", 1,
         "x.example.com. CAA: \"256\" where a number is expected, 0 to 255"},
        {"x URI 10 1 \"\"", 1, "x.example.com. URI: an empty URI"},
        {"x TLSA 4 1 1 " SHA256, 1, "x.example.com. TLSA: 4 is no certificate usage; 0 to 3 are"},
        {"x TLSA 3 1 1 00", 1,
         "x.example.com. TLSA: a digest of 1 octets; one of type 1 has 32 octets, 64 hexadecimal "
         "digits"},
        {"x TLSA 3 1 1 3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1,
         "x.example.com. TLSA: 63 hexadecimal digits; an octet has two of them"},
        {"x TLSA 3 1 1 0gb0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1,
         "x.example.com. TLSA: \"g\" is no hexadecimal digit"},
        {"x TLSA 3 1 2 " SHA256, 1,
         "x.example.com. TLSA: a digest of 32 octets; one of type 2 has 64 octets, 128 hexadecimal "
         "digits"},
        {"x SSHFP 4 2 00", 1,
         "x.example.com. SSHFP: a digest of 1 octets; one of type 2 has 32 octets, 64 hexadecimal "
         "digits"},
        {"x DS 1 13 2 00", 1,
         "x.example.com. DS: a digest of 1 octets; one of type 2 has 32 octets, 64 hexadecimal "
         "digits"},
        {"x SMIMEA 3 1 1", 1, "x.example.com. SMIMEA: hexadecimal data is missing"},
        {"x OPENPGPKEY mQENBF", 1,
         "x.example.com. OPENPGPKEY: no whole Base64 data; it has four characters of A-Z a-z 0-9 + "
         "/ for three octets, \"=\" only at its end"},
        {"x OPENPGPKEY !!!!", 1,
         "x.example.com. OPENPGPKEY: no whole Base64 data; it has four characters of A-Z a-z 0-9 + "
         "/ for three octets, \"=\" only at its end"},
        {"x HTTPS 1 . foo=bar", 1,
         "x.example.com. HTTPS: \"foo=bar\" is no parameter; alpn=h2, port=443 or key667=x is"},
        {"x HTTPS 1 . port=70000", 1,
         "x.example.com. HTTPS: \"port=70000\" has not the form that port takes (RFC 9460 §7)"},
        {"x HTTPS 1 . alpn=h2 alpn=h3", 1, "x.example.com. HTTPS: alpn is there twice"},
        {"x HTTPS 1 . mandatory=port", 1,
         "x.example.com. HTTPS: port is mandatory and not there (RFC 9460 §8)"},
        {"x HTTPS 1 . mandatory=mandatory", 1,
         "x.example.com. HTTPS: \"mandatory=mandatory\" has not the form that mandatory takes (RFC "
         "9460 §7)"},
        {"x HTTPS 1 . no-default-alpn", 1,
         "x.example.com. HTTPS: no-default-alpn without alpn (RFC 9460 §7.1.1)"},
        {"x HTTPS 1 . ipv4hint=::1", 1,
         "x.example.com. HTTPS: \"ipv4hint=::1\" has not the form that ipv4hint takes (RFC 9460 "
         "§7)"},
        {"x HTTPS 1 . ech=?", 1,
         "x.example.com. HTTPS: \"ech=?\" has not the form that ech takes (RFC 9460 §7)"},
        {"x LOC 91 N 4 E 0", 1,
         "x.example.com. LOC: \"91\" is no part of an angle; one is like 52 22 23.000 N, minutes "
         "and seconds below 60"},
        {"x LOC 52 60 N 4 E 0", 1,
         "x.example.com. LOC: \"60\" is no part of an angle; one is like 52 22 23.000 N, minutes "
         "and seconds below 60"},
        {"x LOC 52 X 4 E 0", 1,
         "x.example.com. LOC: \"X\" is no part of an angle; one is like 52 22 23.000 N, minutes "
         "and seconds below 60"},
        {"x LOC 52 N 4 E", 1, "x.example.com. LOC: an altitude in metres is missing"},
        {"x LOC 52 N 4 E 0.001m", 1,
         "x.example.com. LOC: \"0.001m\" is no length in metres, from -100000 to 42849672"},
        {"x NAPTR 1 1 U x \"!^(((a{1,200}){1,200}){1,200})$!b!\" .", 1,
         "x.example.com. NAPTR: \"!^(((a{1,200}){1,200}){1,200})$!b!\" repeats too often; the "
         "numbers in braces multiply to 100 at most"},
        {"x NAPTR 1 1 U x \"!^.*!\" .", 1,
         "x.example.com. NAPTR: \"!^.*!\" is no substitution; one is like "
         "\"!^.*$!sip:info@example.com!\", with \\\\1 for a group (RFC 3402 §3.2)"},
        {"x NAPTR 1 1 U x \"!^.*$!sip:\\\\1!\" .", 1,
         "x.example.com. NAPTR: \"!^.*$!sip:\\1!\" is no substitution; one is like "
         "\"!^.*$!sip:info@example.com!\", with \\\\1 for a group (RFC 3402 §3.2)"},
        {"x EUI48 00:11:22:33:44:55", 1,
         "x.example.com. EUI48: \"00:11:22:33:44:55\" has not the form xx-xx-xx-xx-xx-xx"},
        {"x NID 10 0014:4fff", 1,
         "x.example.com. NID: \"0014:4fff\" has not the form xxxx:xxxx:xxxx:xxxx"},
        {"x APL 1:192.0.2.0/33", 1,
         "x.example.com. APL: \"1:192.0.2.0/33\" is no prefix; one is like 1:192.0.2.0/24 or "
         "!2:2001:db8::/32"},
        {"x X25 12", 1, "x.example.com. X25: no X.25 address; one has four digits or more"},
        {"x CSYNC 66 3 FOO", 1, "x.example.com. CSYNC: \"FOO\" is no record type"},
        {"x CSYNC 66 3", 1, "x.example.com. CSYNC: the data has not the form of its type"},
        {"x IPSECKEY 10 1 2 x AAAA", 1,
         "x.example.com. IPSECKEY: \"x\" is no IPv4 address; one is like 192.0.2.1"},
        {"x IPSECKEY 10 0 2 x AAAA", 1,
         "x.example.com. IPSECKEY: \"x\" where type 0, no gateway, has \".\""},
        {"x HIP 2 0 AAAA", 1, "x.example.com. HIP: 1 hexadecimal digits; an octet has two of them"},
        {"x WKS 192.0.2.1 tcp smtp", 1,
         "x.example.com. WKS: \"smtp\" where a port is expected, 0 to 65535"},
        {"x DSYNC CDS NOTIFY 5300", 1, "x.example.com. DSYNC: a name is missing"},
        {"x DSYNC FOO 1 1 a.", 1,
         "x.example.com. DSYNC: \"FOO\" is no record type; CDS and CSYNC are announced"},
        {"x AMTRELAY 10 2 0 .", 1,
         "x.example.com. AMTRELAY: \"2\" where the discovery bit is expected, 0 to 1"},
        {"x AMTRELAY 10 0 4 .", 1,
         "x.example.com. AMTRELAY: \"4\" where a relay type is expected, 0 to 3"},
        {"x TYPE65280 x", 1,
         "x.example.com. TYPE65280: this type has no text form here; write \\# LENGTH HEX (RFC "
         "3597 §5)"},
        {"x TYPE65280 \\# 2 00", 1, "x.example.com. TYPE65280: 1 octets where \\# says 2"},
        {"x TYPE1 \\# 3 010203", 1, "x.example.com. A: the data has not the form of its type"},
        {"x TYPE15 \\# 4 000ac000", 1, "x.example.com. MX: the data has not the form of its type"},
        {"x TYPE260 \\# 3 0a0100", 1,
         "x.example.com. AMTRELAY: the data has not the form of its type"},
        {"x TYPE66 \\# 5 003b010000", 1,
         "x.example.com. DSYNC: the data has not the form of its type"},
        {"x ATMA 00", 1,
         "x.example.com. ATMA: this type has no text form here; write \\# LENGTH HEX (RFC 3597 "
         "§5)"},
    };
    REFUSED(cases);
}

static void what_zonebox_makes_itself_is_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"@ SOA a. b. 1 2 3 4 5", 1,
         "example.com. SOA: zonebox keeps the SOA itself; its times are in `ttl:`"},
        {"@ NS ns.example.net.", 1,
         "example.com. NS: the zone's own name servers are written as `nameservers:`, which makes "
         "their addresses and what the registrar needs, too"},
        {"@ DS 1 13 2 " SHA256, 1,
         "example.com. DS: stands in the zone above, at the registrar's; `zonegen --ds` prints it"},
        {"@ DNSKEY 257 3 13 AAAA", 1,
         "example.com. DNSKEY: keys are published from the key files of the state"},
        {"@ RRSIG x", 1, "example.com. RRSIG: signing makes it"},
        {"@ NSEC a. A", 1, "example.com. NSEC: signing makes it"},
        {"@ NSEC3 x", 1, "example.com. NSEC3: signing makes it"},
        {"@ NSEC3PARAM x", 1, "example.com. NSEC3PARAM: signing makes it"},
        {"@ CDS 0 0 0 00", 1, "example.com. CDS: zonebox publishes it itself, while keys change"},
        {"@ CDNSKEY 0 3 0 AAAA", 1,
         "example.com. CDNSKEY: zonebox publishes it itself, while keys change"},
        {"@ ZONEMD 1 1 1 00", 1,
         "example.com. ZONEMD: it is a digest over the whole zone, which changes with every "
         "signature"},
        {"@ SPF x", 1, "example.com. SPF: obsolete (RFC 7208 §3.1); an SPF record is a TXT"},
        {"x MD a.", 1, "x.example.com. MD: obsolete (RFC 1035 §3.3.4); MX is what mail goes by"},
        {"x NXT x", 1, "x.example.com. NXT: obsolete (RFC 3755 §3); signing makes NSEC"},
        {"x NULL \\# 0", 1, "x.example.com. NULL: not for zones (RFC 1035 §3.3.10)"},
        {"x OPT \\# 0", 1, "x.example.com. OPT: a type that only messages have"},
        {"x AXFR \\# 0", 1,
         "x.example.com.: \"AXFR\" is no record type; one that has no name here is written as "
         "TYPE65280 \\# LENGTH HEX (RFC 3597 §5)"},
        {"box A 192.0.2.9", 1,
         "box.example.com. A: the addresses of this machine are written as box: addresses:"},
        {"box CNAME x", 1,
         "box.example.com. CNAME: the addresses of this machine are written as box: addresses:"},
        {"ns1.box AAAA 2001:db8::9", 1,
         "ns1.box.example.com. AAAA: the addresses of a name server are written there: "
         "nameservers: [{name: …, addresses: […]}]"},
        {"box NS a.example.net.", 1,
         "box.example.com. NS: this machine's own name would be delegated away with it"},
        {"x.example.net. A 192.0.2.1", 1,
         "x.example.net. A: lies outside of the zone example.com; does a name lack its last dot, "
         "or have one too many?"},
        {"on A 192.0.2.1", 1,
         "on.example.com. A: on.example.com is a zone of its own here, which is delegated by "
         "itself; write the record into its `records:`"},
        {"x.on A 192.0.2.1", 1,
         "x.on.example.com. A: on.example.com is a zone of its own here, which is delegated by "
         "itself; write the record into its `records:`"},
        {"on NS a.example.net.", 1,
         "on.example.com. NS: on.example.com is a zone of its own here, which is delegated by "
         "itself; write the record into its `records:`"},
        {"on.example.com. DS 1 13 2 " SHA256, 1,
         "on.example.com. DS: on.example.com is a zone of its own here, which is delegated by "
         "itself; write the record into its `records:`"},
    };
    REFUSED(cases);
}

static void zones_that_break_are_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"x CNAME a.\nx A 192.0.2.1", 1,
         "x.example.com. CNAME: an alias beside other records of the name (A); an alias has "
         "nothing else (RFC 1034 §3.6.2)"},
        {"x CNAME a.\nx CNAME b.", 2,
         "x.example.com. CNAME: more than one CNAME at a name (RFC 2181 §10.1)"},
        {"@ CNAME a.", 1,
         "example.com. CNAME: an alias beside other records of the name (NS, which zonebox makes); "
         "an alias has nothing else (RFC 1034 §3.6.2)"},
        {"x CNAME https://a.example.net/", 1,
         "x.example.com. CNAME: \"https://a.example.net/\" is no name: it is a URL; write the "
         "host's "
         "name alone"},
        {"x MX 10 a.\nx MX 0 .", 2,
         "x.example.com. MX: a null MX beside others; it says that the name has no mail (RFC 7505 "
         "§3)"},
        {"@ TXT v=spf1 mx -all", 1,
         "example.com. TXT: SPF without a blank behind \"v=spf1\": strings are joined without one "
         "(RFC 7208 §3.3), so put the whole text into one pair of quotes"},
        {"x DNAME a.\nx DNAME b.", 2,
         "x.example.com. DNAME: more than one DNAME at a name (RFC 6672 §2.4)"},
        {"x DNAME a.\nx NS b.example.net.", 1,
         "x.example.com. DNAME: the name is delegated, too; there is one of them (RFC 6672 §2.3)"},
        {"x DNAME a.\ny.x A 192.0.2.1", 2,
         "y.x.example.com. A: there are records below a DNAME, where none may be (RFC 6672 §2.4)"},
        {"x MX 10 alias\nalias CNAME a.", 1,
         "x.example.com. MX: points at alias.example.com., an alias; it takes the name that the "
         "alias stands for (RFC 2181 §10.3)"},
        {"x SRV 0 0 1 alias\nalias CNAME a.", 1,
         "x.example.com. SRV: points at alias.example.com., an alias; it takes the name that the "
         "alias stands for (RFC 2181 §10.3)"},
        {"x MX 10 y.d\nd DNAME a.", 1,
         "x.example.com. MX: points at y.d.example.com., an alias; it takes the name that the "
         "alias stands for (RFC 2181 §10.3)"},
        {"x MX 10 nowhere", 1,
         "x.example.com. MX: points at nowhere.example.com., which has no address in this zone; "
         "give it an A or AAAA, or does the name lack its last dot?"},
        {"x MX 10 mail.example.com", 1,
         "x.example.com. MX: points at mail.example.com.example.com., which has no address in this "
         "zone; give it an A or AAAA, or does the name lack its last dot?"},
        {"_x._tcp SRV 0 0 1 nowhere", 1,
         "_x._tcp.example.com. SRV: points at nowhere.example.com., which has no address in this "
         "zone; give it an A or AAAA, or does the name lack its last dot?"},
        {"x NS ns.x", 1,
         "x.example.com. NS: the name server ns.x.example.com. lies in what is delegated to it, "
         "and its address is not here; write its A or AAAA as glue (RFC 9471)"},
        {"x NS y", 1,
         "x.example.com. NS: points at y.example.com., which has no address in this zone; give it "
         "an A or AAAA, or does the name lack its last dot?"},
        {"x NS y\ny CNAME a.", 1,
         "x.example.com. NS: points at y.example.com., an alias; it takes the name that the alias "
         "stands for (RFC 2181 §10.3)"},
        {"x NS a.example.net.\ny.x A 192.0.2.1", 2,
         "y.x.example.com. A: x.example.com. is delegated to other servers, so nobody sees this "
         "record here; only the addresses of its name servers may be (RFC 1034 §4.2.1)"},
        {"x NS a.example.net.\nx TXT a", 2,
         "x.example.com. TXT: x.example.com. is delegated to other servers, so nobody sees this "
         "record here; only the addresses of its name servers may be (RFC 1034 §4.2.1)"},
        {"x DS 1 13 2 " SHA256, 1,
         "x.example.com. DS: a DS where nothing is delegated; write the NS records, too (RFC 4035 "
         "§2.4)"},
        {"@ TXT \"v=spf1 -all\"\n@ TXT \"V=SPF1 ~all\"", 1,
         "example.com. TXT: a second SPF record at this name, which makes both void; the other is "
         "in line 10"},
        {"_dmarc TXT \"v=DMARC1;p=none\"\n_dmarc TXT \"v=DMARC1 ; p=reject\"", 2,
         "_dmarc.example.com. TXT: a second DMARC record at this name, which makes both void; the "
         "other is in line 9"},
        {"@ TXT \"v=spf1 ip4:1.2.3 -all\"", 1,
         "example.com. TXT: SPF that every receiver refuses, and the mail with it: \"ip4:1.2.3\": "
         "not an IPv4 address (RFC 7208 §4.6)"},
        {"x 300 A 192.0.2.1\nx 60 A 192.0.2.2", 2,
         "x.example.com. A: the TTL differs from line 9 of the same set; a set has one (RFC 2181 "
         "§5.2)"},
    };
    REFUSED(cases);
}

// ── What stands in the place of what ─────────────────────────────────────────────────────────────

#define DMARC "_dmarc 3600 IN TXT \"v=DMARC1; p=quarantine; sp=quarantine; np=reject\""

static void custom_records_replace_ours_by_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        const char *there; // a line of the dump
        const char *gone;
    } cases[] = {
        {"www A 192.0.2.80", "www 3600 IN A 192.0.2.80", "www 3600 IN AAAA 2001:db8::10"},
        {"www AAAA 2001:db8::80", "www 3600 IN AAAA 2001:db8::80", "www 3600 IN A 192.0.2.10"},
        {"www CNAME a.example.net.", "www 3600 IN CNAME a.example.net.",
         "www 3600 IN A 192.0.2.10"},
        {"@ A 192.0.2.80", "box 3600 IN A 192.0.2.10", "@ 3600 IN A 192.0.2.10"},
        {"@ MX 20 a.example.net.", "@ 3600 IN MX 20 a.example.net.",
         "@ 3600 IN MX 10 box.example.com."},
        {"@ TXT \"V=SPF1 ~ALL\"", "@ 3600 IN TXT \"V=SPF1 ~ALL\"",
         "@ 3600 IN TXT \"v=spf1 mx -all\""},
        {"@ TXT \"v=spf1\" \" -all\"",
         "_dmarc 3600 IN TXT \"v=DMARC1; p=quarantine; "
         "sp=quarantine; np=reject\"",
         "@ 3600 IN TXT \"v=spf1 mx -all\""},
        {"@ TXT other", "@ 3600 IN TXT \"v=spf1 mx -all\"", "-none-"},
        {"_DMARC TXT \"v=DMARC1;p=none\"", "_dmarc 3600 IN TXT \"v=DMARC1;p=none\"", DMARC},
        {"_dmarc TXT \"v=DMARC1 ; p=none\"", "_dmarc 3600 IN TXT \"v=DMARC1 ; p=none\"", DMARC},
        {"_dmarc TXT \"V=dmarc1 ; P=none\"", "_dmarc 3600 IN TXT \"V=dmarc1 ; P=none\"", DMARC},
        {"_dmarc TXT \"p=none; v=DMARC1\"", "_dmarc 3600 IN TXT \"p=none; v=DMARC1\"", DMARC},
        {"_dmarc CNAME d.example.net.", "_dmarc 3600 IN CNAME d.example.net.", DMARC},
        {"_imaps._tcp CNAME i.example.net.", "_imaps._tcp 3600 IN CNAME i.example.net.",
         "_imaps._tcp 3600 IN SRV 0 1 993 box.example.com."},
        {"_25._tcp.box CNAME t.example.net.", "_25._tcp.box 3600 IN CNAME t.example.net.",
         "; missing: _25._tcp"},
        {"_dmarc 60 TXT other", "_dmarc 60 IN TXT \"other\"", "-none-"},
        {"www NS ns.example.net.", "www 3600 IN NS ns.example.net.", "www 3600 IN A 192.0.2.10"},
        {"_25._tcp.box TLSA 3 1 1 " SHA256, "_25._tcp.box 3600 IN TLSA 3 1 1 " SHA256,
         "; missing: _25._tcp"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text = dump_lines(cases[i].lines);
        if (strstr(cases[i].there, " NS ") == NULL)
            assert_line(text, cases[i].there);
        if (has_line(text, cases[i].gone))
            fail_msg("%s is in\n%s", cases[i].gone, text);
        free(text);
    }
}

static void what_is_hardly_meant_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *note;
    } cases[] = {
        {"_dmarc TXT \"v=dmarc1; p=none\"",
         "_dmarc.example.com. TXT: DMARC that its readers do not understand: it must begin with "
         "v=DMARC1"},
        {"@ TXT \"v=DMARC1; p=none\"",
         "example.com. TXT: a text of DMARC, which nobody looks for here; its name is "
         "_dmarc.DOMAIN"},
        {"s TXT \"v=DKIM1; p=\"",
         "s.example.com. TXT: a text of DKIM, which nobody looks for here; its name is "
         "SELECTOR._domainkey.DOMAIN"},
        {"s._domainkey TXT \"v=DKIM1; p=MIIBIjANBgkqhkiG\"",
         "s._domainkey.example.com. TXT: DKIM that its readers do not understand: p= has 12 octets "
         "of a key of 294; was it cut?"},
        {"www.example.com A 192.0.2.1",
         "www.example.com.example.com. A: www.example.com.example.com. has the zone's name twice; "
         "does it lack its last dot?"},
        {"x CNAME www.example.com",
         "x.example.com. CNAME: www.example.com.example.com. has the zone's name twice; does it "
         "lack its last dot?"},
        {"@ TXT \"v=spf1 mx +all\"",
         "example.com. TXT: SPF with \"+all\", which lets anybody send; write -all or ~all"},
        {"@ TXT \"v=spf1 -all exp=e.example.net mx\"",
         "example.com. TXT: SPF with \"mx\" behind \"all\", where nobody reads it (RFC 7208 §5.1)"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w = configure("", "", cases[i].line);
        struct zone_content *content = NULL;
        struct error err = {0};
        char *wanted = xasprintf("zonebox.yaml:%d:9: %s", FIRST_LINE, cases[i].note);
        assert_int_equal(make(&w, &content, &err), STATUS_OK);
        const struct zone_note *note = find_note(content, wanted);
        if (note == NULL || note->error)
            fail_msg("not told: %s", wanted);
        zone_content_free(content);
        free(wanted);
        world_done(&w);
    }
}

static void one_set_has_one_ttl(void **state)
{
    (void)state;
    char *text = dump_lines("@ 300 TXT other\n@ TXT third");
    assert_line(text, "@ 300 IN TXT \"other\"");
    assert_line(text, "@ 300 IN TXT \"third\"");
    assert_line(text, "@ 300 IN TXT \"v=spf1 mx -all\"");
    free(text);
}

static void the_same_record_twice_is_one(void **state)
{
    (void)state;
    char *text = dump_lines("x A 192.0.2.1\nX A 192.0.2.1");
    assert_line(text, "x 3600 IN A 192.0.2.1");
    assert_no(text, "zonebox.yaml:10");
    free(text);
}

static void delegations_with_glue_and_ds_work(void **state)
{
    (void)state;
    char *text = dump_lines("sub NS ns.sub\nsub NS sub\nsub A 192.0.2.8\nns.sub A 192.0.2.9\n"
                            "sub DS 1 13 2 " SHA256 "\nother NS ns.sub");
    assert_line(text, "ns.sub 3600 IN A 192.0.2.9");
    assert_line(text, "sub 3600 IN A 192.0.2.8");
    assert_line(text, "sub 3600 IN DS 1 13 2 " SHA256);
    free(text);
}

static void wildcards_give_hosts_addresses(void **state)
{
    (void)state;
    char *text = dump_lines("*.h A 192.0.2.1\nx MX 10 a.b.h\ny SRV 0 0 0 .");
    assert_line(text, "x 3600 IN MX 10 a.b.h.example.com.");
    free(text);
    assert_refused("*.h A 192.0.2.1\nc.h TXT a\nx MX 10 a.c.h", 3,
                   "x.example.com. MX: points at a.c.h.example.com., which has no address in this "
                   "zone; give it an A or AAAA, or does the name lack its last dot?");
}

static void tlsa_that_fits_no_certificate_is_told(void **state)
{
    (void)state;
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out "
        "cert.pem -days 30 -subj /CN=box.example.com -addext subjectAltName=DNS:box.example.com "
        "2>/dev/null");
    run("openssl pkey -in key.pem -pubout -outform DER | openssl dgst -sha256 -r | cut -c1-64 > d");
    struct buf digest = {0};
    struct error err = {0};
    assert_int_equal(file_read("d", 100, &digest, &err), STATUS_OK);
    const char *box = "  tls: [cert.pem]\n  ssh: []\n";
    struct world w = configure(box, "", "_25._tcp.box TLSA 3 1 1 " SHA256);
    struct zone_content *content = make_zone(&w, "example.com");
    const struct zone_note *note =
        find_note(content, "_25._tcp.box.example.com. TLSA: no record here fits the certificate");
    assert_non_null(note);
    assert_false(note->error);
    zone_content_free(content);
    world_done(&w);
    char *lines = xasprintf("_25._tcp.box TLSA 3 1 1 " SHA256 "\n_25._tcp.box TLSA 3 1 1 %.64s",
                            buf_text(&digest));
    w = configure(box, "", lines);
    content = make_zone(&w, "example.com");
    assert_null(find_note(content, "no record here fits"));
    zone_content_free(content);
    world_done(&w);
    free(lines);
    buf_done(&digest);
}

// ── Where they are written ───────────────────────────────────────────────────────────────────────

static void records_of_all_zones_are_in_each(void **state)
{
    (void)state;
    struct world w =
        configure("", "  - example.org\nrecords: [\"@ TXT everywhere\"]\n", "own TXT mine");
    char *text = dump_zone(&w, "example.com");
    char *other = dump_zone(&w, "example.org");
    assert_line(text, "@ 3600 IN TXT \"everywhere\"");
    assert_line(other, "@ 3600 IN TXT \"everywhere\"");
    assert_line(text, "own 3600 IN TXT \"mine\"");
    assert_no(other, "mine");
    free(other);
    free(text);
    world_done(&w);
    w = configure("", "records: [\"x.example.com. TXT a\"]\n", "own TXT mine");
    struct zone_content *content = NULL;
    struct error err = {0};
    assert_int_equal(make(&w, &content, &err), STATUS_SYNTAX);
    assert_has(err.text,
               "zonebox.yaml:10:11: x.example.com.: an absolute name in the `records:` of "
               "all zones");
    zone_content_free(content);
    world_done(&w);
}

static void a_records_file_is_a_fragment_of_a_master_file(void **state)
{
    (void)state;
    put_file(
        "r",
        "\xef\xbb\xbf; comment\n$TTL 5m\na A 192.0.2.1\n  TXT ( \"b\" ; c\n\"d\" )\n$ORIGIN sub\n"
        "x 60 A 192.0.2.2\n@ A 192.0.2.3\r\nb\303\274cher CNAME x.stra\303\237e.example.\n");
    struct world w = world("", "domains: [{name: example.com, records-file: r}]\n");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "a 300 IN A 192.0.2.1");
    assert_has(text, "\"d\" )");
    assert_line(text, "x.sub 60 IN A 192.0.2.2");
    assert_line(text, "sub 300 IN A 192.0.2.3");
    assert_has(text, "; custom record, r:7\n");
    assert_line(text, "xn--bcher-kva.sub 300 IN CNAME x.xn--strae-oqa.example.");
    free(text);
    world_done(&w);
}

static void errors_of_a_records_file_have_their_place_and_all_are_told(void **state)
{
    (void)state;
    put_file("r", "  A 192.0.2.1\na A 192.0.2\n\nb MX (\n10\n)\n$INCLUDE x\n$TTL\n$ORIGIN a..b\n"
                  "$GENERATE 1-2 a A 192.0.2.$\n$TTL 9999999w\nc TXT \"a\nd TXT (\n");
    static const char *const messages[] = {
        "r:1:3: begins with a blank, but no record is before it whose name it has",
        "r:2:5: a.example.com. A: \"192.0.2\" is no IPv4 address; one is like 192.0.2.1",
        "r:4:1: b.example.com. MX: a name is missing",
        "r:7:1: $INCLUDE is not followed; write the records into the file itself",
        "r:8:1: $TTL takes one duration: $TTL 1h",
        "r:9:9: $ORIGIN: an empty label",
        "r:10:1: no directive that is known here; $ORIGIN and $TTL are",
        "r:11:1: a TTL of more than 2147483647 seconds (RFC 2181 §8); a day is 86400 or 1d",
        "r:12:9: a quote is not closed in its line",
        "r:13:1: \"(\" is never closed",
    };
    size_t count = sizeof(messages) / sizeof(messages[0]);
    struct world w = world("", "domains: [{name: example.com, records-file: r}]\n");
    struct zone_content *content = NULL;
    struct error err = {0};
    assert_int_equal(make(&w, &content, &err), STATUS_SYNTAX);
    assert_has(err.text, "/r:1:3: begins with a blank");
    assert_has(err.text, " (and 9 more; `zonegen --check` tells them)");
    assert_int_equal(content->note_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(content->notes[i].error);
        assert_string_equal(strstr(content->notes[i].text, "/r:") + 1, messages[i]);
    }
    zone_content_free(content);
    world_done(&w);
    unlink("r");
    w = world("", "domains: [{name: example.com, records-file: r}]\n");
    assert_int_equal(make(&w, &content, &err), STATUS_SYNTAX);
    assert_has(err.text, "records-file: ");
    assert_has(err.text, "/r: cannot open");
    zone_content_free(content);
    world_done(&w);
}

static void domains_inside_of_a_zone_have_their_own(void **state)
{
    (void)state;
    struct world w =
        configure("", "  - {name: in.example.com, zone: parent, records: [\"x A 192.0.2.7\"]}\n",
                  "y A 192.0.2.8");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "x.in 3600 IN A 192.0.2.7");
    assert_line(text, "y 3600 IN A 192.0.2.8");
    free(text);
    world_done(&w);
}

static void wrong_data_of_a_mapping_is_told_at_its_own_place(void **state)
{
    (void)state;
    struct world w = configure("",
                               "      - {name: www, type: A, data: [192.0.2.4,\n"
                               "           192.0.2.5, 192.0.2.400]}\n",
                               "");
    struct zone_content *content = NULL;
    struct error err = {0};
    assert_int_equal(make(&w, &content, &err), STATUS_SYNTAX);
    assert_has(err.text, "zonebox.yaml:10:23: www.example.com. A: \"192.0.2.400\" is no IPv4");
    zone_content_free(content);
    world_done(&w);
}

static void a_dot_inside_of_a_label_leads_to_no_zone_below(void **state)
{
    (void)state;
    struct world w = configure("", "  - on.example.com\n", "x\\.on A 192.0.2.7");
    char *text = dump_zone(&w, "example.com");
    assert_line(text, "x\\.on 3600 IN A 192.0.2.7");
    free(text);
    world_done(&w);
}

// Looking at each of them for every record would take minutes.
static void many_zones_below_are_no_burden_for_many_records(void **state)
{
    (void)state;
    struct buf text = {0};
    for (unsigned i = 0; i < 5000; i++)
        buf_printf(&text, "  - z%u.example.com\n", i);
    buf_put_text(&text, "  - {name: more.example.com, zone: parent, records-file: many}\n");
    struct buf records = {0};
    for (unsigned i = 0; i < 5000; i++)
        buf_printf(&records, "r%u TXT x\n", i);
    put_file("many", buf_text(&records));
    struct world w = configure("", buf_text(&text), "y TXT x");
    const struct zone_target *target = zonegen_target_find(w.targets, w.count, "example.com");
    struct zone_maker maker = zone_maker(w.inputs, &keys, target);
    const int64_t before = seconds_used();
    assert_int_equal(custom_read(&maker), STATUS_OK);
    assert_int_equal(maker.custom->count, 5001);
    assert_true(seconds_used() - before < 4);
    zone_content_free(maker.content);
    maker_done(&maker);
    buf_done(&text);
    buf_done(&records);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_master_file_are_taken),
        cmocka_unit_test(every_type_is_taken),
        cmocka_unit_test(mappings_are_taken),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(data_that_is_not_of_its_type_is_refused),
        cmocka_unit_test(what_zonebox_makes_itself_is_refused),
        cmocka_unit_test(zones_that_break_are_refused),
        cmocka_unit_test(custom_records_replace_ours_by_meaning),
        cmocka_unit_test(what_is_hardly_meant_is_told),
        cmocka_unit_test(one_set_has_one_ttl),
        cmocka_unit_test(the_same_record_twice_is_one),
        cmocka_unit_test(delegations_with_glue_and_ds_work),
        cmocka_unit_test(wildcards_give_hosts_addresses),
        cmocka_unit_test(tlsa_that_fits_no_certificate_is_told),
        cmocka_unit_test(records_of_all_zones_are_in_each),
        cmocka_unit_test(a_records_file_is_a_fragment_of_a_master_file),
        cmocka_unit_test(errors_of_a_records_file_have_their_place_and_all_are_told),
        cmocka_unit_test(domains_inside_of_a_zone_have_their_own),
        cmocka_unit_test(wrong_data_of_a_mapping_is_told_at_its_own_place),
        cmocka_unit_test(a_dot_inside_of_a_label_leads_to_no_zone_below),
        cmocka_unit_test(many_zones_below_are_no_burden_for_many_records),
    };
    return cmocka_run_group_tests(tests, enter_scratch, remove_scratch);
}
