#include "rules/identity_lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/identity_check.h"
#include "rules/identity_tree.h"

/* Lists that one view holds: a browser makes a new view each hour. */
#define LISTS_MAX 256

struct held_list {
    uint8_t *memory;
    struct website_identity_list list;
};

struct identity_view {
    bool is_there; /* the bundle has section 8 */
    struct identity_signers *signers;
    struct website_identity_section section;
    struct array lists; /* struct held_list */
    struct hasher hasher;
};

static struct held_list *held_at(const struct identity_view *view, size_t i)
{
    return (struct held_list *)array_at(&view->lists, i);
}

static enum status read_section(struct identity_view *view, const struct trust_bundle *bundle,
                                const struct algorithms *algorithms, struct error *err)
{
    enum status s = hasher_init(&view->hasher, &hash_sm3, err);
    if (s == STATUS_OK)
        s = identity_signers_new(bundle, algorithms, &view->signers, err);
    if (s != STATUS_OK || bundle->identities.len == 0)
        return s;
    view->is_there = true;
    return website_identity_section_parse(bundle->identities, &view->section, err);
}

enum status identity_view_new(const struct trust_bundle *bundle, const struct algorithms *algorithms, struct identity_view **out,
                              struct error *err)
{
    struct identity_view *view = (struct identity_view *)calloc(1, sizeof *view);
    if (view == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    website_identity_section_init(&view->section);
    view->lists = array_of(sizeof(struct held_list), LISTS_MAX);
    enum status s = read_section(view, bundle, algorithms, err);
    if (s == STATUS_OK)
        *out = view;
    else
        identity_view_free(view);
    return s;
}

static void clear_held(struct held_list *held)
{
    website_identity_list_clear(&held->list);
    free(held->memory);
}

void identity_view_free(struct identity_view *view)
{
    if (view == NULL)
        return;
    for (size_t i = 0; i < view->lists.count; i++)
        clear_held(held_at(view, i));
    array_clear(&view->lists);
    website_identity_section_clear(&view->section);
    identity_signers_free(view->signers);
    if (view->hasher.alg != NULL)
        hasher_clear(&view->hasher);
    free(view);
}

/* ---- the names that can cover a host ---- */

struct names {
    uint8_t host[WEBSITE_IDENTITY_DOMAIN_MAX];
    size_t host_len;
    size_t count;
    struct bytes at[IDENTITY_LOOKUP_NAMES_MAX]; /* the longest first */
};

/* False for what has no identity: addresses, single labels, names that are none. */
static bool read_host(struct bytes host, struct names *out)
{
    if (host.len > 0 && host.data[host.len - 1] == '.')
        host.len--;
    out->host_len = host.len;
    if (host.len > sizeof out->host)
        return false;
    for (size_t i = 0; i < host.len; i++)
        out->host[i] = text_lower(host.data[i]);
    return website_identity_is_domain(bytes_of(out->host, host.len));
}

/* From the right: the last two labels, then one more each time. */
static void read_names(struct names *out)
{
    struct bytes found[IDENTITY_LOOKUP_NAMES_MAX];
    size_t count = 0, dots = 0;
    for (size_t i = out->host_len; i-- > 0 && count < IDENTITY_LOOKUP_NAMES_MAX;) {
        if (out->host[i] == '.' && ++dots >= 2)
            found[count++] = bytes_of(out->host + i + 1, out->host_len - i - 1);
        else if (i == 0 && dots >= 1)
            found[count++] = bytes_of(out->host, out->host_len);
    }
    out->count = count;
    for (size_t i = 0; i < count; i++)
        out->at[i] = found[count - 1 - i];
}

/* ---- lists ---- */

static const struct website_identity_list *find_list(const struct identity_view *view, uint32_t prefix)
{
    for (size_t i = 0; i < view->lists.count; i++)
        if (held_at(view, i)->list.prefix == prefix)
            return &held_at(view, i)->list;
    return NULL;
}

enum status identity_lookup_prefixes(const struct identity_view *view, struct bytes host,
                                     char out[IDENTITY_LOOKUP_NAMES_MAX][WEBSITE_IDENTITY_PATH_MAX], size_t *count,
                                     struct error *err)
{
    struct names names;
    uint32_t prefixes[IDENTITY_LOOKUP_NAMES_MAX];
    *count = 0;
    if (!view->is_there || view->section.coverage != WEBSITE_IDENTITY_ASKED || !read_host(host, &names))
        return STATUS_OK;
    read_names(&names);
    for (size_t i = 0; i < names.count; i++) {
        uint32_t prefix;
        bool is_new = true;
        if (!website_identity_prefix(names.at[i], view->section.digits, &prefix))
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
        for (size_t k = 0; k < *count; k++)
            is_new = is_new && prefixes[k] != prefix;
        if (!is_new || find_list(view, prefix) != NULL)
            continue;
        prefixes[*count] = prefix;
        website_identity_list_path(view->section.lists_root, view->section.digits, prefix, out[(*count)++]);
    }
    return STATUS_OK;
}

/* Is it what the bundle commits to? */
static enum status check_list(struct identity_view *view, const struct website_identity_answer *answer,
                              const struct website_identity_list *list, struct error *err)
{
    if (list->log_size != view->section.log_size || list->digits != view->section.digits)
        return error_set(err, STATUS_REFUSED, "identity list: it is not of this bundle's identities");
    enum status s = identity_tree_check(&view->hasher, list->prefix, (uint64_t)1 << (4 * list->digits), answer->list,
                                        answer->path, view->section.lists_root, err);
    return s == STATUS_OK ? s : error_prefix(err, s, "identity list");
}

static enum status take_list(struct identity_view *view, struct bytes answer, struct held_list *held, struct error *err)
{
    struct website_identity_answer parts;
    held->memory = (uint8_t *)malloc(answer.len + 1);
    if (held->memory == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (answer.len > 0)
        memcpy(held->memory, answer.data, answer.len);
    enum status s = website_identity_answer_parse(bytes_of(held->memory, answer.len), &parts, err);
    if (s == STATUS_OK)
        s = website_identity_list_parse(parts.list, &held->list, err);
    if (s == STATUS_OK)
        s = check_list(view, &parts, &held->list, err);
    if (s == STATUS_OK && find_list(view, held->list.prefix) != NULL)
        s = error_set(err, STATUS_CONFLICT, "identity list: it is here already");
    return s == STATUS_OK ? array_insert(&view->lists, view->lists.count, held, "identity lists", err) : s;
}

enum status identity_view_add(struct identity_view *view, struct bytes answer, struct error *err)
{
    struct held_list held = {.memory = NULL};
    if (!view->is_there || view->section.coverage != WEBSITE_IDENTITY_ASKED)
        return error_set(err, STATUS_REFUSED, "identity list: the bundle has all records itself, or none");
    website_identity_list_init(&held.list);
    enum status s = take_list(view, answer, &held, err);
    if (s != STATUS_OK)
        clear_held(&held);
    return s;
}

/* ---- one record ---- */

static enum status check_record(struct identity_view *view, const struct website_identity_logged *l, int64_t now_s,
                                struct error *err)
{
    const struct website_identity *r = &l->entry.record;
    if (now_s < r->issued_s)
        return error_set(err, STATUS_REFUSED, "it is not good yet");
    if (now_s > r->until_s)
        return error_set(err, STATUS_REFUSED, "it is expired");
    enum status s = identity_tree_check(&view->hasher, l->index, view->section.log_size, l->entry.whole, l->path,
                                        view->section.log_root, err);
    return s == STATUS_OK ? identity_check_entry(view->signers, &l->entry, err) : s;
}

static bool is_newer(const struct website_identity *a, const struct website_identity *b)
{
    return a->issued_s != b->issued_s ? a->issued_s > b->issued_s : a->serial > b->serial;
}

/* Of each signer the newest, the newest of all first; more than SHOWN_MAX signers are not shown. */
static void keep(struct identity_answer *out, const struct identity_record *record)
{
    size_t at = 0;
    for (size_t i = 0; i < out->count; i++) {
        if (memcmp(out->records[i].identity.signer, record->identity.signer, WEBSITE_IDENTITY_SIGNER_SIZE) != 0)
            continue;
        if (!is_newer(&record->identity, &out->records[i].identity))
            return;
        memmove(out->records + i, out->records + i + 1, (out->count - i - 1) * sizeof out->records[0]);
        out->count--;
        break;
    }
    while (at < out->count && !is_newer(&record->identity, &out->records[at].identity))
        at++;
    if (at == IDENTITY_LOOKUP_SHOWN_MAX)
        return;
    if (out->count == IDENTITY_LOOKUP_SHOWN_MAX)
        out->count--;
    memmove(out->records + at + 1, out->records + at, (out->count - at) * sizeof out->records[0]);
    out->records[at] = *record;
    out->count++;
}

static enum status take_record(struct identity_view *view, const struct website_identity_logged *l, struct bytes host,
                               int64_t now_s, struct identity_answer *out, struct error *err)
{
    struct error why;
    if (!website_identity_covers(&l->entry.record, host))
        return STATUS_OK;
    enum status s = check_record(view, l, now_s, &why);
    if (s == STATUS_NO_MEMORY)
        return error_set(err, s, "%s", why.text);
    if (s != STATUS_OK) {
        if (out->refused_count++ == 0)
            memcpy(out->refused, why.text, sizeof out->refused);
        return STATUS_OK;
    }
    struct identity_record record = {.identity = l->entry.record, .index = l->index};
    record.operator_name = identity_signers_find(view->signers, record.identity.signer)->operator_name;
    size_t before = out->count > 0 ? out->records[0].identity.domain.len : 0;
    if (record.identity.domain.len < before)
        return STATUS_OK;
    if (record.identity.domain.len > before)
        out->count = 0;
    keep(out, &record);
    return STATUS_OK;
}

static enum status take_records(struct identity_view *view, const struct array *records, struct bytes host, int64_t now_s,
                                struct identity_answer *out, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < records->count; i++)
        s = take_record(view, (const struct website_identity_logged *)array_at(records, i), host, now_s, out, err);
    return s;
}

/* ---- the answer ---- */

static bool is_same_organisation(const struct website_identity *a, const struct website_identity *b)
{
    return memcmp(a->country, b->country, sizeof a->country) == 0 && bytes_equal(a->registration, b->registration);
}

static void conclude(struct identity_answer *out)
{
    out->verdict = out->count > 0 ? IDENTITY_KNOWN : IDENTITY_NONE;
    for (size_t i = 1; i < out->count; i++)
        if (!is_same_organisation(&out->records[0].identity, &out->records[i].identity))
            out->verdict = IDENTITY_CONFLICT;
    out->level = out->verdict == IDENTITY_KNOWN ? out->records[0].identity.level : 0;
}

/* Each list once: two names may be in the same one. */
static enum status take_lists(struct identity_view *view, const struct names *names, int64_t now_s, struct identity_answer *out,
                              struct error *err)
{
    const struct website_identity_list *taken[IDENTITY_LOOKUP_NAMES_MAX];
    size_t taken_count = 0;
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < names->count; i++) {
        uint32_t prefix;
        bool is_new = true;
        if (!website_identity_prefix(names->at[i], view->section.digits, &prefix))
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
        const struct website_identity_list *list = find_list(view, prefix);
        if (list == NULL) {
            *out = (struct identity_answer){.verdict = IDENTITY_ASK};
            return STATUS_OK;
        }
        for (size_t k = 0; k < taken_count; k++)
            is_new = is_new && taken[k] != list;
        if (!is_new)
            continue;
        taken[taken_count++] = list;
        s = take_records(view, &list->records, bytes_of(names->host, names->host_len), now_s, out, err);
    }
    if (s == STATUS_OK)
        conclude(out);
    return s;
}

enum status identity_lookup(struct identity_view *view, struct bytes host, int64_t now_s, struct identity_answer *out,
                            struct error *err)
{
    struct names names;
    *out = (struct identity_answer){.verdict = IDENTITY_NONE};
    if (!view->is_there || !read_host(host, &names))
        return STATUS_OK;
    read_names(&names);
    if (view->section.coverage == WEBSITE_IDENTITY_ASKED)
        return take_lists(view, &names, now_s, out, err);
    enum status s = take_records(view, &view->section.records, bytes_of(names.host, names.host_len), now_s, out, err);
    if (s == STATUS_OK)
        conclude(out);
    return s;
}
