/* What clients get of the identity log: section 8 of a bundle, and the lists. */
#include <stdlib.h>
#include <string.h>

#include "rules/identity_log_internal.h"

#define DAY_S 86400

/* A record in force, and the first four digits of its domain's hash. */
struct live {
    uint32_t four;
    uint32_t index;
};

struct identity_publication {
    struct identity_log *log;
    unsigned digits;
    struct array live; /* struct live, by four, then by index */
    struct identity_tree lists;
    uint8_t lists_root[HASH_SIZE];
    struct builder section;
};

static const struct live *live_at(const struct identity_publication *p, size_t i)
{
    return (const struct live *)array_at(&p->live, i);
}

/* ---- what is in force ---- */

static bool is_in_force(const struct identity_log *log, size_t i, const struct identity_signers *signers, int64_t day_s)
{
    const struct identity_log_item *item = identity_log_item_at(log, i);
    if (item->entry.is_revocation || item->revoked_by != UINT32_MAX || item->entry.record.until_s < day_s)
        return false;
    const struct identity_signer *signer = identity_signers_find(signers, item->entry.record.signer);
    return signer != NULL && item->entry.record.level <= signer->level_max;
}

static int compare_live(const void *a, const void *b)
{
    const struct live *x = (const struct live *)a, *y = (const struct live *)b;
    if (x->four != y->four)
        return x->four < y->four ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Whole days, so that lists change once a day at most because of time. */
static enum status find_live(struct identity_publication *p, const struct identity_signers *signers, int64_t at_s,
                             struct error *err)
{
    int64_t day_s = at_s - at_s % DAY_S;
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < p->log->items.count; i++) {
        struct live item = {.index = (uint32_t)i};
        if (!is_in_force(p->log, i, signers, day_s))
            continue;
        if (!website_identity_prefix(identity_log_at(p->log, i)->record.domain, WEBSITE_IDENTITY_DIGITS_MAX, &item.four))
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
        s = array_insert(&p->live, p->live.count, &item, "identity records", err);
    }
    if (p->live.count > 1)
        qsort(p->live.items, p->live.count, sizeof(struct live), compare_live);
    return s;
}

static unsigned choose_digits(size_t record_count, size_t per_list)
{
    unsigned digits = 0;
    while (digits < WEBSITE_IDENTITY_DIGITS_MAX && record_count > per_list << (4 * digits))
        digits++;
    return digits;
}

/* ---- lists ---- */

/* Adds entry number index, with its proof, which begins at its place in paths: the builder may still move. */
static enum status add_logged(const struct identity_publication *p, uint32_t index, struct array *records,
                              struct builder *paths, struct error *err)
{
    struct website_identity_logged l = {.index = index, .entry = *identity_log_at(p->log, index)};
    size_t before = paths->len;
    enum status s = identity_tree_path(&p->log->tree, index, paths, err);
    l.path = bytes_of(NULL, paths->len - before);
    return s == STATUS_OK ? array_insert(records, records->count, &l, "identity records of a list", err) : s;
}

static void set_paths(struct array *records, const struct builder *paths)
{
    size_t at = 0;
    for (size_t i = 0; i < records->count; i++) {
        struct website_identity_logged *l = (struct website_identity_logged *)array_at(records, i);
        l->path.data = paths->data + at;
        at += l->path.len;
    }
}

static size_t first_of(const struct identity_publication *p, uint32_t prefix)
{
    uint32_t four = prefix << (4 * (WEBSITE_IDENTITY_DIGITS_MAX - p->digits));
    size_t low = 0, high = p->live.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (live_at(p, middle)->four < four)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int compare_logged(const void *a, const void *b)
{
    uint64_t x = ((const struct website_identity_logged *)a)->index, y = ((const struct website_identity_logged *)b)->index;
    return x < y ? -1 : x > y;
}

/* The records of live [first, end) with their proofs, by index. */
static enum status gather(const struct identity_publication *p, size_t first, size_t end, struct array *records,
                          struct builder *paths, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = first; s == STATUS_OK && i < end; i++)
        s = add_logged(p, live_at(p, i)->index, records, paths, err);
    if (s == STATUS_OK)
        s = builder_status(paths, "proofs of identity records", err);
    if (s != STATUS_OK || records->count == 0)
        return s;
    set_paths(records, paths);
    qsort(records->items, records->count, sizeof(struct website_identity_logged), compare_logged);
    return STATUS_OK;
}

/* All that lists of one answer's size, or a section, may have of proofs. */
#define PATHS_SIZE_MAX ((size_t)WEBSITE_IDENTITY_RECORDS_MAX * IDENTITY_TREE_LEVELS * HASH_SIZE)

static enum status write_list(const struct identity_publication *p, uint32_t prefix, struct builder *out, struct error *err)
{
    struct website_identity_list list;
    struct builder paths;
    size_t first = first_of(p, prefix);
    size_t end = prefix + 1 == (uint32_t)1 << (4 * p->digits) ? p->live.count : first_of(p, prefix + 1);
    website_identity_list_init(&list);
    list.log_size = identity_log_size(p->log);
    list.digits = p->digits;
    list.prefix = prefix;
    builder_init(&paths, PATHS_SIZE_MAX);
    enum status s = gather(p, first, end, &list.records, &paths, err);
    if (s == STATUS_OK)
        s = website_identity_list_write(&list, out, err);
    builder_clear(&paths);
    website_identity_list_clear(&list);
    return s;
}

static enum status make_lists(struct identity_publication *p, struct error *err)
{
    struct builder list;
    enum status s = STATUS_OK;
    builder_init(&list, WEBSITE_IDENTITY_ANSWER_SIZE_MAX);
    for (uint32_t prefix = 0; s == STATUS_OK && prefix < (uint32_t)1 << (4 * p->digits); prefix++) {
        builder_reset(&list);
        s = write_list(p, prefix, &list, err);
        if (s == STATUS_OK)
            s = identity_tree_add(&p->lists, builder_view(&list), err);
    }
    builder_clear(&list);
    return s == STATUS_OK ? identity_tree_root(&p->lists, identity_tree_size(&p->lists), p->lists_root, err) : s;
}

/* ---- the section ---- */

static enum status write_section(struct identity_publication *p, struct website_identity_section *section, struct error *err)
{
    section->log_size = identity_log_size(p->log);
    section->digits = p->digits;
    memcpy(section->lists_root, p->lists_root, HASH_SIZE);
    enum status s = identity_log_root(p->log, section->log_size, section->log_root, err);
    return s == STATUS_OK ? website_identity_section_write(section, &p->section, err) : s;
}

static enum status make_section(struct identity_publication *p, size_t embed_size, struct error *err)
{
    struct website_identity_section section;
    struct builder paths;
    enum status s = STATUS_OK;
    website_identity_section_init(&section);
    builder_init(&paths, PATHS_SIZE_MAX);
    if (p->live.count <= WEBSITE_IDENTITY_RECORDS_MAX) {
        s = gather(p, 0, p->live.count, &section.records, &paths, err);
        section.coverage = WEBSITE_IDENTITY_ALL;
        if (s == STATUS_OK)
            s = write_section(p, &section, err);
    }
    if (s == STATUS_OK && (p->section.len > embed_size || p->section.len == 0)) {
        builder_reset(&p->section);
        section.records.count = 0;
        section.coverage = WEBSITE_IDENTITY_ASKED;
        s = write_section(p, &section, err);
    }
    builder_clear(&paths);
    website_identity_section_clear(&section);
    return s;
}

/* ---- the publication ---- */

enum status identity_publication_new(struct identity_log *log, const struct identity_signers *signers, int64_t at_s,
                                     const struct identity_publication_settings *settings, struct identity_publication **out,
                                     struct error *err)
{
    struct identity_publication *p = (struct identity_publication *)calloc(1, sizeof *p);
    if (p == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    p->log = log;
    p->live = array_of(sizeof(struct live), (size_t)WEBSITE_IDENTITY_LOG_MAX);
    builder_init(&p->section, TRUST_BUNDLE_SIZE_MAX);
    enum status s = identity_tree_init(&p->lists, err);
    if (s == STATUS_OK)
        s = find_live(p, signers, at_s, err);
    p->digits = choose_digits(p->live.count, settings->list_count);
    if (s == STATUS_OK)
        s = make_lists(p, err);
    if (s == STATUS_OK)
        s = make_section(p, settings->embed_size, err);
    if (s == STATUS_OK)
        *out = p;
    else
        identity_publication_free(p);
    return s;
}

void identity_publication_free(struct identity_publication *publication)
{
    if (publication == NULL)
        return;
    array_clear(&publication->live);
    identity_tree_clear(&publication->lists);
    builder_clear(&publication->section);
    free(publication);
}

struct bytes identity_publication_section(const struct identity_publication *publication)
{
    return builder_view(&publication->section);
}

size_t identity_publication_count(const struct identity_publication *publication)
{
    return (size_t)identity_tree_size(&publication->lists);
}

size_t identity_publication_records(const struct identity_publication *publication)
{
    return publication->live.count;
}

enum status identity_publication_file(struct identity_publication *publication, size_t i, char path[WEBSITE_IDENTITY_PATH_MAX],
                                      struct builder *content, struct error *err)
{
    struct builder list, proof;
    builder_init(&list, WEBSITE_IDENTITY_ANSWER_SIZE_MAX);
    builder_init(&proof, (size_t)IDENTITY_TREE_LEVELS * HASH_SIZE);
    website_identity_list_path(publication->lists_root, publication->digits, (uint32_t)i, path);
    enum status s = write_list(publication, (uint32_t)i, &list, err);
    if (s == STATUS_OK)
        s = identity_tree_path(&publication->lists, i, &proof, err);
    struct website_identity_answer answer = {.list = builder_view(&list), .path = builder_view(&proof)};
    if (s == STATUS_OK)
        s = website_identity_answer_write(&answer, content, err);
    builder_clear(&list);
    builder_clear(&proof);
    return s;
}
