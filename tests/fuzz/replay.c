/* replay.c - runs a fuzz target over files, without a fuzzer: the corpus as an ordinary test.
 *
 * Arguments are files and directories (their files, not below). An empty or missing directory is a
 * failure: a corpus that got lost must not look like one that passed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* More than any limit of a parser. */
#define INPUT_MAX ((size_t)64 * 1024 * 1024)
#define PATH_SIZE 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool complain(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
    return false;
}

/* The input is a block of its own size, so that a sanitizer sees a read behind its end. */
static bool replay_open_file(FILE *file, const char *path)
{
    struct stat status;
    if (fstat(fileno(file), &status) != 0 || status.st_size < 0 ||
        (uintmax_t)status.st_size > INPUT_MAX)
        return complain(path, "cannot be read, or is too large");
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (data == NULL)
        return complain(path, "out of memory");
    bool is_whole = fread(data, 1, size, file) == size;
    if (is_whole)
        (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return is_whole ? true : complain(path, "cannot be read");
}

static bool replay_file(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return complain(path, strerror(errno));
    bool is_good = replay_open_file(file, path);
    (void)fclose(file);
    *count += is_good;
    return is_good;
}

static bool replay_entry(const char *directory, const char *name, size_t *count)
{
    char path[PATH_SIZE];
    int len = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return complain(directory, "path is too long");
    return replay_file(path, count);
}

static bool replay_directory(const char *path, DIR *directory, size_t *count)
{
    size_t before = *count;
    bool is_good = true;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            is_good = replay_entry(path, entry->d_name, count) && is_good;
    if (*count == before)
        return complain(path, "no input in this directory");
    return is_good;
}

static bool replay(const char *path, size_t *count)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return errno == ENOTDIR ? replay_file(path, count) : complain(path, strerror(errno));
    bool is_good = replay_directory(path, directory, count);
    (void)closedir(directory);
    return is_good;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    bool is_good = argc > 1;
    for (int i = 1; i < argc; i++)
        is_good = replay(argv[i], &count) && is_good;
    printf("%zu inputs replayed\n", count);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
