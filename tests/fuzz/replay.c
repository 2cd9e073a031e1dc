// SPDX-License-Identifier: ISC
// Plays the files of a corpus directory (or single files) to a fuzz target, so that every build tests what a fuzzer
// once found, without clang. An empty corpus is an error: it would test nothing.
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/file.h"

#define INPUT_MAX (64U << 20)

static size_t played;

static int play(const char *path)
{
    struct buf content = {0};
    struct error err = {0};
    if (file_read(path, INPUT_MAX, &content, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    // A block of exactly that size, so that the sanitizer sees every read beyond.
    uint8_t *octets = xmemdup(content.data, content.len);
    fprintf(stderr, "%s\n", path); // the last line before a crash names the file
    LLVMFuzzerTestOneInput(octets, content.len);
    free(octets);
    buf_done(&content);
    played++;
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int play_directory(const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0) {
        perror(path);
        return 1;
    }
    int failed = 0;
    for (int i = 0; i < count; i++) {
        char *file = path_join(path, entries[i]->d_name);
        failed |= play(file);
        free(file);
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        bool is_directory = stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode);
        failed |= is_directory ? play_directory(argv[i]) : play(argv[i]);
    }
    fprintf(stderr, "%zu inputs played\n", played);
    return failed != 0 || played == 0;
}
