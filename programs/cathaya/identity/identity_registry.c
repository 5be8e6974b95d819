#include "identity/identity_registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "identity/identity_file.h"
#include "input.h"
#include "registry/registry_bundle.h"

#define FOLDER_LEN (sizeof "identities" - 1)

static enum status make_path(const char *dir, struct identity_registry *r, struct error *err)
{
    struct builder path;
    builder_init(&path, 4096);
    builder_printf(&path, "%s/%s", dir, IDENTITY_FILE_LOG);
    enum status s = builder_status(&path, "path of the identity log", err);
    if (s == STATUS_OK) {
        r->path = text_dup(builder_view(&path));
        if (r->path == NULL)
            s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    builder_clear(&path);
    return s;
}

static enum status read_log(struct identity_registry *r, struct error *err)
{
    struct stat info;
    enum status s = identity_log_new(&r->log, err);
    if (s != STATUS_OK || (stat(r->path, &info) != 0 && errno == ENOENT))
        return s;
    s = input_read(r->path, IDENTITY_LOG_TEXT_MAX, &r->text, err);
    if (s == STATUS_OK && r->text.len > 0 && r->text.data[r->text.len - 1] != '\n')
        s = error_set(err, STATUS_USAGE, "%s: its last line has no end: it was cut short", r->path);
    return s == STATUS_OK ? error_prefix(err, identity_log_read(r->log, builder_view(&r->text), err), "%s", r->path) : s;
}

enum status identity_registry_open(const char *dir, const struct registry *registry, const struct algorithms *algorithms, int64_t at_s,
                                   struct identity_registry *out, struct error *err)
{
    *out = (struct identity_registry){.path = NULL};
    builder_init(&out->text, IDENTITY_LOG_TEXT_MAX);
    trust_bundle_init(&out->bundle);
    enum status s = make_path(dir, out, err);
    if (s == STATUS_OK)
        s = read_log(out, err);
    if (s == STATUS_OK)
        s = registry_to_bundle(registry, algorithms, at_s, &out->bundle, NULL, err);
    return s == STATUS_OK ? identity_signers_new(&out->bundle, algorithms, &out->signers, err) : s;
}

void identity_registry_close(struct identity_registry *registry)
{
    identity_signers_free(registry->signers);
    trust_bundle_clear(&registry->bundle);
    identity_log_free(registry->log);
    builder_clear(&registry->text);
    free(registry->path);
}

enum status identity_registry_append(struct identity_registry *registry, struct bytes entry, int64_t now_s, struct error *err)
{
    struct website_identity_entry parsed;
    enum status s = website_identity_parse_entry(entry, &parsed, err);
    if (s == STATUS_OK)
        s = identity_check_entry(registry->signers, &parsed, err);
    if (s == STATUS_OK && !parsed.is_revocation && parsed.record.until_s < now_s)
        s = error_set(err, STATUS_REFUSED, "it is expired");
    if (s == STATUS_OK && !parsed.is_revocation)
        s = identity_file_check_suffix(&parsed.record, err);
    if (s == STATUS_OK)
        s = identity_log_append(registry->log, entry, err);
    if (s != STATUS_OK)
        return s;
    identity_log_write_line(entry, &registry->text);
    return builder_status(&registry->text, "identity log", err);
}

enum status identity_registry_write(const struct identity_registry *registry, struct error *err)
{
    struct builder folder;
    builder_init(&folder, 4096);
    builder_bytes(&folder, bytes_of(registry->path, strlen(registry->path) - strlen(IDENTITY_FILE_LOG) + FOLDER_LEN));
    builder_u8(&folder, 0);
    enum status s = builder_status(&folder, "path of the identity log", err);
    if (s == STATUS_OK && mkdir((const char *)folder.data, 0755) != 0 && errno != EEXIST)
        s = error_set(err, STATUS_IO, "%s: %s", (const char *)folder.data, strerror(errno));
    builder_clear(&folder);
    return s == STATUS_OK ? input_write_file(registry->path, builder_view(&registry->text), 0644, err) : s;
}
