#include "trust/trust_held.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "input.h"

#define FILE_MODE 0644
#define FOLDER_MODE 0755

static enum status join(char out[PATH_MAX], const char *dir, const char *name, struct error *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
        return error_set(err, STATUS_USAGE, "%s: the path is too long", dir);
    return STATUS_OK;
}

static enum status path_of(const char *dir, uint64_t version, char out[PATH_MAX], struct error *err)
{
    char name[32];
    (void)snprintf(name, sizeof name, "held/%llu", (unsigned long long)version);
    return join(out, dir, name, err);
}

enum status trust_held_read(const char *dir, uint64_t version, const struct algorithms *algorithms, struct bundle_keys *out,
                            struct builder *note, struct error *err)
{
    char path[PATH_MAX];
    out->count = 0;
    enum status s = path_of(dir, version, path, err);
    if (s != STATUS_OK)
        return s;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return trust_keys_read(dir, algorithms, out, err);
    return trust_keys_read_file(path, algorithms, out, note, err);
}

enum status trust_held_write(const char *dir, uint64_t version, const struct bundle_keys *keys, int64_t now_s, struct bytes note,
                             struct error *err)
{
    char folder[PATH_MAX], path[PATH_MAX];
    enum status s = join(folder, dir, "held", err);
    if (s == STATUS_OK)
        s = path_of(dir, version, path, err);
    if (s == STATUS_OK && mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST)
        s = error_set(err, STATUS_IO, "%s: cannot make it: %s", folder, strerror(errno));
    return s == STATUS_OK ? trust_keys_write_file(path, keys, version, now_s, note, err) : s;
}

void trust_held_sweep(const char *dir, uint64_t version)
{
    char folder[PATH_MAX], path[PATH_MAX];
    const struct dirent *entry;
    if (join(folder, dir, "held", NULL) != STATUS_OK)
        return;
    DIR *stream = opendir(folder);
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        uint64_t other;
        if (text_parse_u64(bytes_of_text(entry->d_name), UINT64_MAX, &other) && other != version &&
            path_of(dir, other, path, NULL) == STATUS_OK)
            (void)unlink(path);
    }
    if (stream != NULL)
        (void)closedir(stream);
}

/* ---- where updates come from ---- */

static bool is_url(struct bytes url)
{
    size_t begin = url.len > 8 && memcmp(url.data, "https://", 8) == 0 ? 8 : url.len > 7 && memcmp(url.data, "http://", 7) == 0 ? 7 : 0;
    for (size_t i = 0; i < url.len; i++)
        if (url.data[i] <= ' ' || url.data[i] > '~' || url.data[i] == '?' || url.data[i] == '#')
            return false;
    return begin > 0;
}

enum status trust_held_read_url(const char *dir, struct builder *out, struct error *err)
{
    char path[PATH_MAX];
    enum status s = join(path, dir, "trust.url", err);
    if (s == STATUS_OK && !(access(path, F_OK) != 0 && errno == ENOENT))
        s = input_read(path, TRUST_HELD_URL_MAX, out, err);
    while (s == STATUS_OK && out->len > 0 && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == '/'))
        out->len--;
    if (s == STATUS_OK && out->len > 0 && !is_url(builder_view(out)))
        s = error_set(err, STATUS_MALFORMED, "%s: not an http: or https: URL", path);
    builder_u8(out, 0);
    return s == STATUS_OK ? builder_status(out, "URL", err) : s;
}

enum status trust_held_write_url(const char *dir, const char *url, bool *is_changed, struct error *err)
{
    char path[PATH_MAX], line[TRUST_HELD_URL_MAX + 1];
    struct builder there;
    if (!is_url(bytes_of_text(url)) || snprintf(line, sizeof line, "%s\n", url) >= (int)sizeof line)
        return error_set(err, STATUS_USAGE, "%s: not an http: or https: URL without query", url);
    builder_init(&there, TRUST_HELD_URL_MAX + 1);
    enum status s = join(path, dir, "trust.url", err);
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    /* One that cannot be read is replaced. */
    *is_changed = trust_held_read_url(dir, &there, NULL) != STATUS_OK || there.len != len + 1 || memcmp(there.data, url, len) != 0;
    if (s == STATUS_OK && *is_changed)
        s = input_write_file(path, bytes_of_text(line), FILE_MODE, err);
    builder_clear(&there);
    return s;
}
