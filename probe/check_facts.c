// SPDX-License-Identifier: ISC
#include "probe/check_facts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

struct entry {
    ldns_rbnode_t node; // key: the text below
    char *key;
    struct fact fact;
};

struct facts {
    ldns_rbtree_t *tree;
    struct entry **list; // in the order in which they were wanted
    size_t count, cap;
    struct fact beyond; // what is asked past the limit
};

static int compare_keys(const void *a, const void *b)
{
    return strcmp(a, b);
}

struct facts *facts_new(void)
{
    struct facts *facts = xcalloc(1, sizeof(*facts));
    facts->tree = ldns_rbtree_create(compare_keys);
    facts->beyond.words = xstrdup("too much would have to be asked");
    facts->beyond.outcome = FACT_SILENT;
    facts->beyond.known = true;
    return facts;
}

static void fact_done(struct fact *fact)
{
    switch (fact->kind) {
    case FACT_DNS:
        free(fact->dns.name);
        break;
    case FACT_TLS:
        free(fact->tls.name);
        break;
    case FACT_POLICY:
        free(fact->policy.host);
        break;
    }
    for (size_t i = 0; i < fact->chain_count; i++) {
        free(fact->chain[i].der);
        free(fact->chain[i].spki);
    }
    free(fact->chain);
    free(fact->words);
    free(fact->body);
    ldns_pkt_free(fact->packet);
}

void facts_free(struct facts *facts)
{
    if (facts == NULL)
        return;
    for (size_t i = 0; i < facts->count; i++) {
        fact_done(&facts->list[i]->fact);
        free(facts->list[i]->key);
        free(facts->list[i]);
    }
    free(facts->list);
    free(facts->beyond.words);
    ldns_rbtree_free(facts->tree);
    free(facts);
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────

// Names in one spelling: without the last dot, in lower case.
static char *plain_name(const char *name)
{
    char *plain = xstrdup(name);
    size_t len = strlen(plain);
    if (len > 1 && plain[len - 1] == '.' && plain[len - 2] != '\\')
        plain[len - 1] = '\0';
    for (char *c = plain; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return plain;
}

// Takes key. *ret_new: the caller fills in what is asked.
static struct fact *find(struct facts *facts, char *key, bool *ret_new)
{
    ldns_rbnode_t *node = ldns_rbtree_search(facts->tree, key);
    *ret_new = false;
    if (node != NULL || facts->count == FACTS_MAX) {
        free(key);
        // The node is the first member of its entry.
        return node != NULL ? &((struct entry *)(void *)node)->fact : &facts->beyond;
    }
    struct entry *entry = xcalloc(1, sizeof(*entry));
    entry->key = key;
    entry->node.key = key;
    entry->node.data = entry;
    ldns_rbtree_insert(facts->tree, &entry->node);
    facts->list = array_grow(facts->list, &facts->cap, facts->count, sizeof(struct entry *));
    facts->list[facts->count++] = entry;
    *ret_new = true;
    return &entry->fact;
}

static const struct fact *known(const struct fact *fact)
{
    return fact->known ? fact : NULL;
}

static const struct fact *ask_dns(struct facts *facts, const struct fact_dns *question)
{
    char where[ADDRESS_TEXT_MAX];
    bool resolver = question->server.any.sa_family == AF_UNSPEC, is_new;
    char *name = plain_name(question->name);
    char *key = xasprintf("dns %s %d %d %u %s",
                          resolver ? "resolver" : address_text(&question->server, true, where),
                          question->tcp, question->recurse, question->type, name);
    struct fact *fact = find(facts, key, &is_new);
    if (is_new) {
        fact->kind = FACT_DNS;
        fact->dns = *question;
        fact->dns.name = name;
    } else {
        free(name);
    }
    return known(fact);
}

const struct fact *facts_dns(struct facts *facts, const struct address *server, bool tcp,
                             const char *name, ldns_rr_type type)
{
    struct fact_dns question = {
        .tcp = tcp, .recurse = server == NULL, .name = (char *)(uintptr_t)name, .type = type};
    if (server != NULL)
        question.server = *server;
    return ask_dns(facts, &question);
}

const struct fact *facts_recursion(struct facts *facts, const struct address *server,
                                   const char *name, ldns_rr_type type)
{
    struct fact_dns question = {
        .server = *server, .recurse = true, .name = (char *)(uintptr_t)name, .type = type};
    return ask_dns(facts, &question);
}

const struct fact *facts_tls(struct facts *facts, const struct address *server, enum fact_key key,
                             const char *name)
{
    char where[ADDRESS_TEXT_MAX];
    bool is_new;
    char *plain = plain_name(name);
    struct fact *fact =
        find(facts, xasprintf("tls %s %d %s", address_text(server, true, where), (int)key, plain),
             &is_new);
    if (is_new) {
        fact->kind = FACT_TLS;
        fact->tls = (struct fact_tls){.server = *server, .key = key, .name = plain};
    } else {
        free(plain);
    }
    return known(fact);
}

const struct fact *facts_policy(struct facts *facts, const char *host)
{
    bool is_new;
    struct fact *fact = find(facts, xasprintf("policy %s", host), &is_new);
    if (is_new) {
        fact->kind = FACT_POLICY;
        fact->policy.host = plain_name(host);
    }
    return known(fact);
}

// ── Gathering ────────────────────────────────────────────────────────────────────────────────────

struct fact *facts_wanted(struct facts *facts, size_t index)
{
    return index < facts->count ? &facts->list[index]->fact : NULL;
}

void fact_fail(struct fact *fact, enum fact_outcome outcome, const char *words)
{
    free(fact->words);
    fact->words = xstrdup(words);
    fact->outcome = outcome;
    fact->known = true;
}

void fact_answer_dns(struct fact *fact, ldns_pkt *packet)
{
    fact_fail(fact, FACT_ANSWERED, "");
    fact->packet = packet;
}

void fact_answer(struct fact *fact)
{
    fact_fail(fact, FACT_ANSWERED, "");
}

void fact_add_certificate(struct fact *fact, const uint8_t *der, size_t der_len,
                          const uint8_t *spki, size_t spki_len)
{
    fact->chain = xreallocarray(fact->chain, fact->chain_count + 1, sizeof(*fact->chain));
    fact->chain[fact->chain_count++] = (struct fact_certificate){
        .der = xmemdup(der, der_len),
        .der_len = der_len,
        .spki = xmemdup(spki, spki_len),
        .spki_len = spki_len,
    };
}

void fact_answer_policy(struct fact *fact, unsigned code, const void *body, size_t len)
{
    fact->code = code;
    fact->body = xmalloc(len + 1);
    memcpy(fact->body, body, len);
    fact->body[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (fact->body[i] == '\0')
            fact->body[i] = ' ';
    fact_answer(fact);
}
