/* Registries: "=== NAME" begins a file. Taken whole or refused with a reason; what was taken can be judged, compared with itself
 * (no change) and made into a bundle that can be read; and an edit of a statement changes nothing else. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "registry/registry_bundle.h"
#include "registry/registry_diff.h"
#include "registry/registry_edit.h"
#include "registry/registry_lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MAX 64
/* 2026-06-01 */
#define AT_S INT64_C(1780272000)

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static size_t split(struct bytes text, struct registry_file *files)
{
    struct bytes line;
    size_t count = 0;
    const uint8_t *start = text.data;
    while (text_next_line(&text, &line)) {
        const uint8_t *end = line.data;
        if (line.len > 4 && memcmp(line.data, "=== ", 4) == 0) {
            if (count > 0)
                files[count - 1].content = bytes_of(start, (size_t)(end - start));
            if (count == FILES_MAX)
                return count;
            files[count++].name = bytes_of(line.data + 4, line.len - 4);
            start = text.data;
        }
    }
    if (count > 0)
        files[count - 1].content = bytes_of(start, (size_t)(text.data - start));
    return count;
}

static void check_bundle(const struct registry *r, const struct algorithms *algorithms)
{
    struct trust_bundle bundle, again;
    struct builder bytes;
    trust_bundle_init(&bundle);
    trust_bundle_init(&again);
    builder_init(&bytes, TRUST_BUNDLE_SIZE_MAX);
    if (registry_to_bundle(r, algorithms, AT_S, &bundle, NULL, NULL) == STATUS_OK) {
        bundle.version = 1;
        bundle.issued_s = AT_S;
        if (trust_bundle_write(&bundle, &bytes, NULL) == STATUS_OK)
            require(trust_bundle_parse(builder_view(&bytes), &again, NULL) == STATUS_OK);
    }
    builder_clear(&bytes);
    trust_bundle_clear(&again);
    trust_bundle_clear(&bundle);
}

static void check_registry(const struct registry *r, const struct algorithms *algorithms)
{
    struct registry_report report;
    struct registry_changes changes;
    struct error err = {.status = STATUS_OK};
    enum status s = registry_lint(r, AT_S, &report, &err);
    require(s == STATUS_OK || s == STATUS_LIMIT);
    registry_report_clear(&report);
    require(registry_diff(r, r, &changes, &err) == STATUS_OK && changes.changes.count == 0);
    registry_changes_clear(&changes);
    check_bundle(r, algorithms);
}

/* A statement that is added and taken out again leaves the lines that were there. */
static void check_edit(struct bytes text)
{
    static const char *const words[] = {"zz-fuzz", "a b", "\"\\"};
    struct builder added, removed;
    builder_init(&added, REGISTRY_FILE_SIZE_MAX);
    builder_init(&removed, REGISTRY_FILE_SIZE_MAX);
    if (registry_edit_add(text, words, 3, &added, NULL) == STATUS_OK) {
        require(registry_edit_remove(builder_view(&added), words, 3, &removed, NULL) == STATUS_OK);
        require(removed.len >= text.len && memcmp(removed.data, text.data, text.len) == 0 && removed.len <= text.len + 1);
    }
    builder_clear(&added);
    builder_clear(&removed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct algorithms *algorithms;
    struct registry_file files[FILES_MAX] = {{{NULL, 0}, {NULL, 0}}};
    struct registry *r;
    struct error err = {.status = STATUS_OK};
    if (algorithms == NULL)
        require(algorithms_new(&algorithms, NULL) == STATUS_OK);
    size_t count = split(bytes_of(data, size), files);
    for (size_t i = 0; i < count; i++)
        if (files[i].content.len > 0)
            check_edit(files[i].content);
    enum status s = registry_read(files, count, algorithms, &r, &err);
    if (s != STATUS_OK) {
        require(r == NULL && (s == STATUS_USAGE || s == STATUS_LIMIT) && err.text[0] != '\0');
        return 0;
    }
    check_registry(r, algorithms);
    registry_free(r);
    return 0;
}
