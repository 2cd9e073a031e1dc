// SPDX-License-Identifier: ISC
// Splits tag lists (RFC 6376 §3.2) and tells what they are.
#include "dns/tag_list.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dns/spf.h"

#define SHOWN_MAX 40 // octets of a stranger's text in words

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c)
{
    return is_alpha(c) || (c >= '0' && c <= '9');
}

static int shown(size_t len)
{
    return (int)(len < SHOWN_MAX ? len : SHOWN_MAX);
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && is_blank(**text)) {
        ++*text;
        --*len;
    }
    while (*len > 0 && is_blank((*text)[*len - 1]))
        --*len;
}

// "name = value", without blanks around it.
static enum status split(const char *text, size_t len, struct tag *ret, struct error *err)
{
    const char *equals = memchr(text, '=', len);
    if (equals == NULL)
        return error_set(err, STATUS_SYNTAX, "\"%.*s\" is no tag=value", shown(len), text);
    *ret = (struct tag){
        .name = text,
        .name_len = (size_t)(equals - text),
        .value = equals + 1,
        .value_len = len - (size_t)(equals + 1 - text),
    };
    trim(&ret->name, &ret->name_len);
    trim(&ret->value, &ret->value_len);
    bool good = ret->name_len > 0 && is_alpha(ret->name[0]);
    for (size_t i = 0; good && i < ret->name_len; i++)
        good = is_alnum(ret->name[i]) || ret->name[i] == '_';
    if (!good)
        return error_set(err, STATUS_SYNTAX, "\"%.*s\" cannot be the name of a tag",
                         shown(ret->name_len), ret->name);
    return STATUS_OK;
}

static bool same_name(const struct tag *a, const struct tag *b)
{
    return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

static enum status append(struct tag_list *list, const struct tag *tag, struct error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        if (same_name(&list->tags[i], tag)) // RFC 6376 §3.2: the whole list is invalid
            return error_set(err, STATUS_SYNTAX, "the tag %.*s= is there twice",
                             shown(tag->name_len), tag->name);
    }
    if (list->count == TAG_LIST_MAX)
        return error_set(err, STATUS_SYNTAX, "more than %d tags", TAG_LIST_MAX);
    list->tags[list->count++] = *tag;
    return STATUS_OK;
}

static bool is_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((text[i] < ' ' || text[i] > '~') && text[i] != '\t')
            return false;
    }
    return true;
}

enum status tag_list_parse(const char *text, size_t len, struct tag_list *ret, struct error *err)
{
    enum status status = STATUS_OK;
    ret->count = 0;
    for (const char *end = text + len; status == STATUS_OK && text < end;) {
        const char *semicolon = memchr(text, ';', (size_t)(end - text));
        const char *next = semicolon != NULL ? semicolon + 1 : end;
        const char *part = text;
        size_t part_len = (size_t)((semicolon != NULL ? semicolon : end) - text);
        struct tag tag;
        trim(&part, &part_len);
        if (part_len == 0 && semicolon == NULL)
            break; // blanks behind the last semicolon
        status = is_printable(part, part_len)
                     ? split(part, part_len, &tag, err)
                     : error_set(err, STATUS_SYNTAX, "an octet that is not printable ASCII");
        if (status == STATUS_OK)
            status = append(ret, &tag, err);
        text = next;
    }
    if (status == STATUS_OK && ret->count == 0)
        return error_set(err, STATUS_SYNTAX, "no tag=value at all");
    return status;
}

const struct tag *tag_list_find(const struct tag_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->tags[i].name_len == strlen(name) &&
            memcmp(list->tags[i].name, name, list->tags[i].name_len) == 0)
            return &list->tags[i];
    }
    return NULL;
}

bool tag_is(const struct tag *tag, const char *value)
{
    return tag->value_len == strlen(value) && memcmp(tag->value, value, tag->value_len) == 0;
}

// ── Which family ─────────────────────────────────────────────────────────────────────────────────

// Does the name begin with these labels ("_smtp._tls")?
static bool begins(const char *owner, const char *labels)
{
    size_t len = strlen(labels);
    return strncasecmp(owner, labels, len) == 0 && (owner[len] == '.' || owner[len] == '\0');
}

// Are these labels in the name, behind its first?
static bool has_behind(const char *owner, const char *labels)
{
    for (const char *dot = strchr(owner, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        if (begins(dot + 1, labels))
            return true;
    }
    return false;
}

// Is the text's first tag v= with this version? Case counts (RFC 9989 §4.8, RFC 8461 §3.1, RFC 8460 §3).
static bool is_version(const struct tag_list *list, const char *version)
{
    return list->count > 0 && list->tags[0].name_len == 1 &&
           (list->tags[0].name[0] == 'v' || list->tags[0].name[0] == 'V') &&
           tag_is(&list->tags[0], version);
}

enum txt_family txt_family(const char *owner, const char *text, size_t len)
{
    struct tag_list list;
    (void)tag_list_parse(text, len, &list, NULL); // up to the first mistake
    if (spf_is(text, len))
        return TXT_SPF;
    if (has_behind(owner, "_report._dmarc"))
        return is_version(&list, "DMARC1") ? TXT_REPORT : TXT_OTHER;
    if (begins(owner, "_dmarc"))
        return is_version(&list, "DMARC1") ? TXT_DMARC : TXT_OTHER;
    if (has_behind(owner, "_domainkey")) // RFC 6376 §3.6.1: v= may be left out
        return is_version(&list, "DKIM1") || tag_list_find(&list, "p") != NULL ? TXT_DKIM
                                                                               : TXT_OTHER;
    if (begins(owner, "_mta-sts"))
        return is_version(&list, "STSv1") ? TXT_MTA_STS : TXT_OTHER;
    if (begins(owner, "_smtp._tls"))
        return is_version(&list, "TLSRPTv1") ? TXT_TLS_RPT : TXT_OTHER;
    return TXT_OTHER;
}

// How each family says what it is.
static const char *const versions[] = {
    [TXT_SPF] = "spf1",      [TXT_DMARC] = "DMARC1",     [TXT_DKIM] = "DKIM1",
    [TXT_MTA_STS] = "STSv1", [TXT_TLS_RPT] = "TLSRPTv1",
};

static bool claims_spf(const char *text, size_t len)
{
    return len >= 6 && strncasecmp(text, "v=spf1", 6) == 0 &&
           !(len > 6 && text[6] >= '0' && text[6] <= '9');
}

enum txt_family txt_claim(const char *text, size_t len)
{
    struct tag_list list;
    (void)tag_list_parse(text, len, &list, NULL);
    const struct tag *tag = tag_list_find(&list, "v");
    if (tag == NULL)
        tag = tag_list_find(&list, "V");
    for (int family = TXT_DMARC; tag != NULL && family <= TXT_TLS_RPT; family++) {
        if (tag->value_len == strlen(versions[family]) &&
            strncasecmp(tag->value, versions[family], tag->value_len) == 0)
            return (enum txt_family)family;
    }
    return claims_spf(text, len) ? TXT_SPF : TXT_OTHER;
}

enum txt_family txt_meant(const char *owner, const char *text, size_t len)
{
    enum txt_family family = txt_family(owner, text, len);
    enum txt_family claim = family == TXT_OTHER ? txt_claim(text, len) : TXT_OTHER;
    char version[16];
    if (claim == TXT_OTHER)
        return family;
    int version_len = snprintf(version, sizeof(version), "v=%s", versions[claim]);
    return txt_family(owner, version, (size_t)version_len);
}

const char *txt_family_name(enum txt_family family)
{
    static const char *const names[] = {
        [TXT_OTHER] = "TXT",
        [TXT_SPF] = "SPF",
        [TXT_DMARC] = "DMARC",
        [TXT_DKIM] = "DKIM",
        [TXT_MTA_STS] = "MTA-STS",
        [TXT_TLS_RPT] = "TLS-RPT",
        [TXT_REPORT] = "DMARC report authorisation",
    };
    return names[family];
}

// ── What each family's readers insist on ─────────────────────────────────────────────────────────

static enum status need_version(const struct tag_list *list, const char *version, struct error *err)
{
    if (is_version(list, version))
        return STATUS_OK;
    return error_set(err, STATUS_SYNTAX, "it must begin with v=%s", version);
}

// RFC 8461 §3.1 and RFC 8460 §3 have no blanks inside of v=, and it is lower case.
static enum status need_exact_version(const char *text, const struct tag_list *list,
                                      const char *version, struct error *err)
{
    const struct tag *first = list->count > 0 ? &list->tags[0] : NULL;
    if (first != NULL && is_version(list, version) && first->name == text && text[0] == 'v' &&
        first->value == text + 2)
        return STATUS_OK;
    return error_set(err, STATUS_SYNTAX, "it must begin with v=%s, without blanks", version);
}

// The tag's value must be one of these words; a tag that is not there is fine.
static enum status need_word(const struct tag_list *list, const char *name,
                             const char *const words[], struct error *err)
{
    const struct tag *tag = tag_list_find(list, name);
    for (size_t i = 0; tag != NULL && words[i] != NULL; i++) {
        if (tag->value_len == strlen(words[i]) &&
            strncasecmp(tag->value, words[i], tag->value_len) == 0)
            return STATUS_OK;
    }
    if (tag == NULL)
        return STATUS_OK;
    return error_set(err, STATUS_SYNTAX, "%s=%.*s says nothing that is known", name,
                     shown(tag->value_len), tag->value);
}

// A list of URIs (RFC 3986 §3: a scheme, a colon, something), parted by commas.
static enum status need_uris(const struct tag *tag, struct error *err)
{
    const char *at = tag->value;
    const char *end = at + tag->value_len;
    for (;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *uri = at;
        size_t len = (size_t)((comma != NULL ? comma : end) - at);
        trim(&uri, &len);
        const char *colon = memchr(uri, ':', len);
        if (colon == NULL || colon == uri || colon + 1 == uri + len || !is_alpha(uri[0]))
            return error_set(err, STATUS_SYNTAX, "%.*s=: \"%.*s\" is no URI (mailto:…)",
                             shown(tag->name_len), tag->name, shown(len), uri);
        if (comma == NULL)
            return STATUS_OK;
        at = comma + 1;
    }
}

// RFC 9989 §4.7 has the tags. What is unknown is passed over there, as here.
static enum status check_dmarc(const struct tag_list *list, struct error *err)
{
    static const struct {
        const char *name;
        const char *words[4];
    } tags[] = {
        {"p", {"none", "quarantine", "reject"}},
        {"sp", {"none", "quarantine", "reject"}},
        {"np", {"none", "quarantine", "reject"}},
        {"adkim", {"r", "s"}},
        {"aspf", {"r", "s"}},
        {"t", {"y", "n"}},
        {"psd", {"y", "n", "u"}},
    };
    enum status status = need_version(list, "DMARC1", err);
    for (size_t i = 0; status == STATUS_OK && i < sizeof(tags) / sizeof(tags[0]); i++)
        status = need_word(list, tags[i].name, tags[i].words, err);
    const struct tag *reports = tag_list_find(list, "rua");
    const struct tag *failures = tag_list_find(list, "ruf");
    if (status == STATUS_OK && reports != NULL)
        status = need_uris(reports, err);
    if (status == STATUS_OK && failures != NULL)
        status = need_uris(failures, err);
    // §4.7: without p= the policy is none, and only with reports does the record do anything.
    if (status == STATUS_OK && tag_list_find(list, "p") == NULL && reports == NULL)
        return error_set(err, STATUS_SYNTAX, "neither p= nor rua=: it says nothing");
    return status;
}

// Base64 in any length that ends a group, blanks in it allowed (RFC 6376 §3.6.1, §2.10). Empty is a revoked key.
static bool is_base64(const struct tag *tag)
{
    size_t digits = 0;
    size_t pads = 0;
    for (size_t i = 0; i < tag->value_len; i++) {
        char c = tag->value[i];
        if (is_blank(c))
            continue;
        if (c == '=')
            pads++;
        else if (pads == 0 && (is_alnum(c) || c == '+' || c == '/'))
            digits++;
        else
            return false;
    }
    return pads <= 2 && (digits + pads) % 4 == 0;
}

static unsigned base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    return c == '+' ? 62 : c == '/' ? 63 : (unsigned)(c - '0') + 52;
}

// How many octets base64 stands for; the first ones go to head, which has four.
static size_t base64_octets(const struct tag *tag, uint8_t head[4])
{
    size_t octets = 0;
    uint32_t bits = 0;
    unsigned waiting = 0;
    memset(head, 0, 4);
    for (size_t i = 0; i < tag->value_len; i++) {
        if (is_blank(tag->value[i]) || tag->value[i] == '=')
            continue;
        bits = (bits << 6 | base64_digit(tag->value[i])) & 0xffff;
        waiting += 6;
        if (waiting < 8)
            continue;
        waiting -= 8;
        if (octets < 4)
            head[octets] = (uint8_t)(bits >> waiting);
        octets++;
    }
    return octets;
}

// An RSA key is a SEQUENCE (X.690 §8.1.3) as long as it says it is. The usual mistake is half a key: one that was cut
// where a form or a string ended.
static enum status check_rsa(const struct tag *key, struct error *err)
{
    uint8_t head[4];
    size_t len = base64_octets(key, head);
    size_t says = head[1] < 0x80    ? 2u + head[1]
                  : head[1] == 0x81 ? 3u + head[2]
                  : head[1] == 0x82 ? 4u + (size_t)head[2] * 256 + head[3]
                                    : 0;
    if (len < 4 || head[0] != 0x30 || says == 0)
        return error_set(err, STATUS_SYNTAX, "p= is no RSA key");
    if (len != says)
        return error_set(err, STATUS_SYNTAX, "p= has %zu octets of a key of %zu; was it cut?", len,
                         says);
    return STATUS_OK;
}

// RFC 8463 §4: the 32 octets of RFC 8032.
static enum status check_ed25519(const struct tag *key, struct error *err)
{
    uint8_t head[4];
    size_t len = base64_octets(key, head);
    if (len == 32)
        return STATUS_OK;
    return error_set(err, STATUS_SYNTAX, "p= has %zu octets; an Ed25519 key has 32", len);
}

static enum status check_dkim(const struct tag_list *list, struct error *err)
{
    static const char *const kinds[] = {"rsa", "ed25519", NULL}; // RFC 6376 §3.6.1, RFC 8463 §4.2
    const struct tag *version = tag_list_find(list, "v");
    const struct tag *key = tag_list_find(list, "p");
    if (version != NULL && (version != list->tags || !tag_is(version, "DKIM1")))
        return error_set(err, STATUS_SYNTAX, "v= must come first and be DKIM1");
    if (key == NULL)
        return error_set(err, STATUS_SYNTAX, "there is no p=, the key");
    if (!is_base64(key))
        return error_set(err, STATUS_SYNTAX, "p= is no base64");
    enum status status = need_word(list, "k", kinds, err);
    const struct tag *kind = tag_list_find(list, "k");
    if (status != STATUS_OK || key->value_len == 0)
        return status;
    return kind != NULL && strncasecmp(kind->value, "ed25519", 7) == 0 ? check_ed25519(key, err)
                                                                       : check_rsa(key, err);
}

#define STS_ID_MAX 32 // RFC 8461 §3.1

static enum status check_mta_sts(const char *text, const struct tag_list *list, struct error *err)
{
    const struct tag *id = tag_list_find(list, "id");
    enum status status = need_exact_version(text, list, "STSv1", err);
    if (status != STATUS_OK)
        return status;
    bool good = id != NULL && id->value_len >= 1 && id->value_len <= STS_ID_MAX;
    for (size_t i = 0; good && i < id->value_len; i++)
        good = is_alnum(id->value[i]);
    if (!good)
        return error_set(err, STATUS_SYNTAX, "id= must be 1 to %d letters and digits", STS_ID_MAX);
    return STATUS_OK;
}

static enum status check_tls_rpt(const char *text, const struct tag_list *list, struct error *err)
{
    const struct tag *reports = tag_list_find(list, "rua");
    enum status status = need_exact_version(text, list, "TLSRPTv1", err);
    if (status == STATUS_OK && reports == NULL)
        return error_set(err, STATUS_SYNTAX, "there is no rua=, where the reports go");
    return status != STATUS_OK ? status : need_uris(reports, err);
}

enum status txt_check(enum txt_family family, const char *text, size_t len, struct error *err)
{
    struct tag_list list;
    struct spf spf;
    if (family == TXT_OTHER)
        return STATUS_OK;
    if (family == TXT_SPF)
        return spf_parse(text, len, &spf, err);
    enum status status = tag_list_parse(text, len, &list, err);
    if (status != STATUS_OK)
        return status;
    switch (family) {
    case TXT_DMARC:
        return check_dmarc(&list, err);
    case TXT_DKIM:
        return check_dkim(&list, err);
    case TXT_MTA_STS:
        return check_mta_sts(text, &list, err);
    case TXT_TLS_RPT:
        return check_tls_rpt(text, &list, err);
    default:
        return need_version(&list, "DMARC1", err);
    }
}
