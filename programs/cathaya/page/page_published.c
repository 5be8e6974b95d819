#include "page/page_published.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "codec/trust_bundle/trust_envelope.h"
#include "input.h"

#define PATH_SIZE 4096

static size_t delta_size(const char *dir, uint64_t version)
{
    char path[PATH_SIZE];
    struct stat info;
    if (snprintf(path, sizeof path, "%s/delta/%llu", dir, (unsigned long long)version) >= (int)sizeof path ||
        stat(path, &info) != 0)
        return 0;
    return (size_t)info.st_size;
}

/* Reads an envelope into memory and its bundle; what was in both is dropped. */
static enum status read_bundle(const char *path, struct builder *memory, struct trust_bundle *bundle, struct error *err)
{
    struct trust_envelope envelope;
    builder_reset(memory);
    trust_bundle_clear(bundle);
    trust_bundle_init(bundle);
    enum status s = input_read(path, TRUST_ENVELOPE_SIZE_MAX, memory, err);
    if (s != STATUS_OK)
        return s;
    s = trust_envelope_parse(builder_view(memory), &envelope, err);
    if (s == STATUS_OK)
        s = trust_bundle_parse(envelope.contents, bundle, err);
    return error_prefix(err, s, "%s", path);
}

static enum status add_version(const char *dir, const char *path, struct page_published *out, struct error *err)
{
    struct builder memory;
    struct trust_bundle bundle;
    builder_init(&memory, TRUST_ENVELOPE_SIZE_MAX);
    trust_bundle_init(&bundle);
    enum status s = read_bundle(path, &memory, &bundle, err);
    struct registry_page_version row = {.version = bundle.version, .issued_s = bundle.issued_s, .expires_s = bundle.expires_s,
                                        .bundle_size = memory.len};
    row.delta_size = delta_size(dir, bundle.version);
    if (s == STATUS_OK)
        s = array_insert(&out->versions, out->versions.count, &row, "versions", err);
    trust_bundle_clear(&bundle);
    builder_clear(&memory);
    return s;
}

static enum status add_versions(const char *dir, struct page_published *out, struct error *err)
{
    char folder[PATH_SIZE], path[PATH_SIZE + 300];
    enum status s = STATUS_OK;
    if (snprintf(folder, sizeof folder, "%s/bundles", dir) >= (int)sizeof folder)
        return error_set(err, STATUS_USAGE, "%s: too long a path", dir);
    DIR *handle = opendir(folder);
    if (handle == NULL)
        return errno == ENOENT ? STATUS_OK : error_set(err, STATUS_IO, "%s: %s", folder, strerror(errno));
    for (struct dirent *entry; s == STATUS_OK && (entry = readdir(handle)) != NULL;) {
        uint64_t number;
        if (!text_parse_u64(bytes_of_text(entry->d_name), UINT64_MAX, &number))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        s = add_version(dir, path, out, err);
    }
    closedir(handle);
    return s;
}

static int compare_versions(const void *a, const void *b)
{
    uint64_t x = ((const struct registry_page_version *)a)->version, y = ((const struct registry_page_version *)b)->version;
    return x > y ? -1 : x < y;
}

enum status page_published_read(const char *dir, struct page_published *out, struct error *err)
{
    char path[PATH_SIZE];
    struct stat info;
    out->versions = array_of(sizeof(struct registry_page_version), PAGE_PUBLISHED_VERSIONS_MAX);
    builder_init(&out->memory, TRUST_ENVELOPE_SIZE_MAX);
    trust_bundle_init(&out->newest);
    if (snprintf(path, sizeof path, "%s/bundle", dir) >= (int)sizeof path)
        return error_set(err, STATUS_USAGE, "%s: too long a path", dir);
    if (stat(path, &info) != 0 && errno == ENOENT)
        return STATUS_OK;
    enum status s = read_bundle(path, &out->memory, &out->newest, err);
    if (s == STATUS_OK)
        s = add_versions(dir, out, err);
    if (out->versions.count > 1)
        qsort(out->versions.items, out->versions.count, sizeof(struct registry_page_version), compare_versions);
    return s;
}

void page_published_clear(struct page_published *published)
{
    array_clear(&published->versions);
    trust_bundle_clear(&published->newest);
    builder_clear(&published->memory);
}
