#include "gateway/site_files.h"

#include <string.h>
#include <sys/stat.h>

#include "crypto/hash.h"
#include "input.h"
#include "key_file.h"

static enum status stamp(void *context, const char *path, uint64_t *out, struct error *err)
{
    struct stat info;
    uint8_t digest[HASH_SIZE];
    (void)context;
    if (stat(path, &info) != 0)
        return error_set(err, STATUS_NOT_FOUND, "%s: not there", path);
    const uint64_t values[] = {(uint64_t)info.st_dev, (uint64_t)info.st_ino, (uint64_t)info.st_size,
                               (uint64_t)info.st_mtim.tv_sec, (uint64_t)info.st_mtim.tv_nsec,
                               (uint64_t)info.st_ctim.tv_sec, (uint64_t)info.st_ctim.tv_nsec};
    struct bytes all = bytes_of(values, sizeof values);
    if (!hash_label_sha256(&all, 1, digest))
        return error_set(err, STATUS_NO_MEMORY, "the crypto library has no SHA-256");
    memcpy(out, digest, sizeof *out);
    return STATUS_OK;
}

static bool has_private_key(const struct builder *content, size_t from)
{
    static const char label[] = "PRIVATE KEY-----";
    return content->len > from &&
           memmem(content->data + from, content->len - from, label, sizeof label - 1) != NULL;
}

static enum status read_file(void *context, const char *path, struct builder *out, struct error *err)
{
    size_t from = out->len;
    (void)context;
    enum status s = input_read(path, SITE_CHAIN_MAX, out, err);
    return s == STATUS_OK && has_private_key(out, from) ? key_file_check_mode(path, err) : s;
}

struct site_files_port site_files_port(void)
{
    return (struct site_files_port){NULL, stamp, read_file};
}
