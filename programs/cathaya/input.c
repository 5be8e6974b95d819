#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)64 * 1024)

static enum status cannot(struct error *err, const char *path, const char *what, int number)
{
    bool is_wrong_path = number == ENOENT || number == ENOTDIR || number == EISDIR || number == ENAMETOOLONG;
    return error_set(err, is_wrong_path ? STATUS_USAGE : STATUS_IO, "%s: cannot %s: %s", path, what,
                     strerror(number));
}

static enum status read_all(int fd, const char *path, size_t max, struct builder *out,
                            struct error *err)
{
    static uint8_t chunk[CHUNK];
    size_t total = 0;
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannot(err, path, "read", errno);
        if (got == 0)
            return builder_status(out, path, err);
        total += (size_t)got;
        if (total > max)
            return error_set(err, STATUS_LIMIT, "%s: longer than %zu bytes", path, max);
        builder_bytes(out, bytes_of(chunk, (size_t)got));
    }
}

enum status input_read(const char *path, size_t max, struct builder *out, struct error *err)
{
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "stdin", max, out, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return cannot(err, path, "open", errno);
    enum status s = read_all(fd, path, max, out, err);
    (void)close(fd);
    return s;
}

bool input_is_pem(struct bytes content)
{
    static const char begin[] = "-----BEGIN ";
    /* A SEQUENCE of 128 bytes and more: every certificate and request. No text begins so. */
    if (content.len > 2 && content.data[0] == 0x30 && content.data[1] >= 0x80)
        return false;
    return content.len > 0 && memmem(content.data, content.len, begin, sizeof begin - 1) != NULL;
}

static enum status add_block(struct input_blocks *out, struct bytes label, size_t offset,
                             struct error *err)
{
    if (out->count == INPUT_BLOCKS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d PEM blocks", INPUT_BLOCKS_MAX);
    struct input_block *grown = realloc(out->blocks, (out->count + 1) * sizeof *grown);
    if (grown == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    out->blocks = grown;
    struct input_block *block = &grown[out->count++];
    *block = (struct input_block){.offset = offset, .len = out->der.len - offset};
    memcpy(block->label, label.data, label.len < PEM_LABEL_MAX ? label.len : PEM_LABEL_MAX);
    return STATUS_OK;
}

static enum status split_pem(struct bytes content, struct input_blocks *out, struct error *err)
{
    struct pem_reader reader;
    struct pem_block block;
    enum status s = STATUS_OK;
    pem_reader_init(&reader, content, PEM_LAX);
    while (s == STATUS_OK) {
        size_t offset = out->der.len;
        s = pem_next(&reader, &block, &out->der, err);
        if (s == STATUS_OK)
            s = add_block(out, block.label, offset, err);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status input_split(struct bytes content, struct input_blocks *out, struct error *err)
{
    *out = (struct input_blocks){.count = 0};
    builder_init(&out->der, INPUT_SIZE_MAX);
    out->is_pem = input_is_pem(content);
    if (out->is_pem)
        return split_pem(content, out, err);
    if (content.len < 2 || content.data[0] != 0x30)
        return error_set(err, STATUS_MALFORMED, "neither PEM nor DER: no \"-----BEGIN \", no SEQUENCE");
    builder_bytes(&out->der, content);
    enum status s = builder_status(&out->der, "DER", err);
    return s == STATUS_OK ? add_block(out, bytes_of_text(PEM_CERTIFICATE), 0, err) : s;
}

static enum status split_certificates(struct bytes content, struct input_blocks *out,
                                      struct error *err)
{
    enum status s = input_split(content, out, err);
    if (s != STATUS_OK)
        return s;
    for (size_t i = 0; i < out->count; i++)
        if (input_block_is(out, i, PEM_CERTIFICATE))
            return STATUS_OK;
    return error_set(err, STATUS_MALFORMED, "no CERTIFICATE block");
}

enum status input_read_certificates(const char *path, struct input_blocks *out, struct error *err)
{
    struct builder content;
    *out = (struct input_blocks){.count = 0};
    builder_init(&content, INPUT_SIZE_MAX);
    enum status s = input_read(path, INPUT_SIZE_MAX, &content, err);
    if (s == STATUS_OK) {
        s = split_certificates(builder_view(&content), out, err);
        if (s != STATUS_OK)
            s = error_prefix(err, s, "%s", strcmp(path, "-") == 0 ? "stdin" : path);
    }
    builder_clear(&content);
    return s;
}

void input_blocks_clear(struct input_blocks *blocks)
{
    builder_clear(&blocks->der);
    free(blocks->blocks);
    *blocks = (struct input_blocks){.count = 0};
}

struct bytes input_block_der(const struct input_blocks *blocks, size_t i)
{
    return bytes_of(blocks->der.data + blocks->blocks[i].offset, blocks->blocks[i].len);
}

bool input_block_is(const struct input_blocks *blocks, size_t i, const char *label)
{
    return strcmp(blocks->blocks[i].label, label) == 0;
}

static bool write_all(int fd, struct bytes content)
{
    while (content.len > 0) {
        ssize_t put = write(fd, content.data, content.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        content = bytes_of(content.data + put, content.len - (size_t)put);
    }
    return true;
}

/* The rename itself is durable only when the directory is. */
static bool sync_directory_of(const char *path)
{
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return false;
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_synced = fsync(fd) == 0;
    return close(fd) == 0 && is_synced;
}

enum status input_write_file(const char *path, struct bytes content, mode_t mode, struct error *err)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return cannot(err, path, "write", ENAMETOOLONG);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return error_set(err, STATUS_IO, "%s: cannot write: %s", path, strerror(errno));
    bool is_written = fchmod(fd, mode) == 0 && write_all(fd, content) && fsync(fd) == 0;
    int number = errno;
    if (close(fd) != 0 && is_written) {
        is_written = false;
        number = errno;
    }
    if (is_written && rename(temporary, path) == 0) {
        if (sync_directory_of(path))
            return STATUS_OK;
        return error_set(err, STATUS_IO, "%s: cannot sync its directory: %s", path, strerror(errno));
    }
    if (is_written)
        number = errno;
    (void)unlink(temporary);
    return error_set(err, STATUS_IO, "%s: cannot write: %s", path, strerror(number));
}
