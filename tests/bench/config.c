// SPDX-License-Identifier: ISC
// How long a configuration of many domains takes to read, and how much of it is YAML: bench_config [DOMAINS]
// (build/release/tests/bench_config 10000). Processor time of the best of ten.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "config/surroundings.h"
#include "config/tree.h"

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double parse(const struct config_file *file)
{
    static const struct surroundings nothing_found = {.directory = "/etc/zonebox"};
    struct config_errors errors = {0};
    struct config *config = NULL;
    double began = now_ms();
    if (config_parse_in(&nothing_found, file->path, file->text, file->len, &config, &errors) !=
        STATUS_OK) {
        fprintf(stderr, "%s\n", errors.list[0].text);
        exit(1);
    }
    double took = now_ms() - began;
    config_free(config);
    return took;
}

static double parse_yaml(const struct config_file *file)
{
    struct config_errors errors = {0};
    struct tree tree;
    double began = now_ms();
    (void)!tree_parse(file, 0, &tree, &errors);
    double took = now_ms() - began;
    tree_done(&tree);
    return took;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 10000;
    struct buf text = {0};
    buf_put_text(&text, "box: {hostname: box.example.com, dmarc: {reports: d@example.com}}\n"
                        "domains:\n");
    for (int i = 0; i < count; i++)
        buf_printf(&text,
                   "  - name: d%05d.example\n    dmarc: {policy: reject}\n    mail: yes\n"
                   "    ttl: {mx: 1h}\n    records:\n      - \"blog 300 CNAME web.example.org.\"\n",
                   i);
    const struct config_file file = {"bench.yaml", buf_text(&text), text.len};
    double all = 1e9, yaml = 1e9;
    for (int i = 0; i < 10; i++) {
        double one = parse(&file), other = parse_yaml(&file);
        all = one < all ? one : all;
        yaml = other < yaml ? other : yaml;
    }
    printf("%d domains, %zu octets: %.1f ms, of which YAML %.1f ms\n", count, text.len, all, yaml);
    buf_done(&text);
    return 0;
}
