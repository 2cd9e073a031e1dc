// SPDX-License-Identifier: ISC
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"

char *scratch;

int make_scratch(void **state)
{
    (void)state;
    scratch = make_directory();
    return 0;
}

int enter_scratch(void **state)
{
    umask(0);
    return make_scratch(state) != 0 || chdir(scratch) != 0;
}

int remove_scratch(void **state)
{
    (void)state;
    remove_directory(scratch);
    scratch = NULL;
    return 0;
}

char *in_scratch(const char *name)
{
    return path_join(scratch, name);
}

void put_file(const char *name, const char *text)
{
    char *path = in_scratch(name);
    char *directory = path_directory(path);
    struct error err = {0};
    if (directory_make(directory, 0755, &err) != STATUS_OK ||
        file_write(path, text, strlen(text), 0644, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    free(directory);
    free(path);
}

void run(const char *command)
{
    char *line = xasprintf("cd '%s' && %s", scratch, command);
    if (system(line) != 0)
        fail_msg("failed: %s", command);
    free(line);
}

void runf(const char *format, ...)
{
    char *command = NULL;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&command, format, args) >= 0);
    va_end(args);
    run(command);
    free(command);
}

mode_t mode_of(const char *name)
{
    char *path = in_scratch(name);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    free(path);
    return info.st_mode & 07777;
}

char *make_directory(void)
{
    char *path = xstrdup("/tmp/zonebox-test-XXXXXX");
    assert_non_null(mkdtemp(path));
    return path;
}

void remove_directory(char *path)
{
    // A test may have taken rights away.
    char *command = xasprintf("chmod -R u+rwx '%s'; rm -rf '%s'", path, path);
    assert_int_equal(system(command), 0);
    free(command);
    free(path);
}
