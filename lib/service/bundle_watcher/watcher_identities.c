/* Section 8: one log of website identities, which only grows, and records and lists that are made of it [docs/website-identity.md]. Its
 * text is kept: it is asked for when it has grown, and before anybody is accused. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/identity_log.h"
#include "service/bundle_watcher/watcher_parts.h"

#define DAY_S 86400
/* Section 8 is made before the logs of all CAs are followed, and `issued` is after that: it may be of the day before. */
#define ROUND_S 3600
/* What is not there may be on its way through caches; in two rounds one after the other it is not. */
#define FAILURES_TOLD 2

/* What is known of one version's section. */
struct looked {
    struct website_identity_section section;
    uint8_t digest[HASH_SIZE];
};

/* ---- what it has to be ---- */

/* What the section depends on, beside the log: it is looked at again when any of this changes. */
static enum status digest_of(const struct trust_bundle *bundle, uint8_t out[HASH_SIZE], struct error *err)
{
    struct builder b;
    builder_init(&b, 2 * TRUST_BUNDLE_SIZE_MAX);
    builder_u64(&b, (uint64_t)(bundle->issued_s / DAY_S));
    builder_bytes(&b, bundle->identities);
    for (size_t i = 0; i < bundle->signers.count; i++) {
        const struct trust_bundle_signer *signer = array_at(&bundle->signers, i);
        builder_bytes(&b, signer->spki);
        builder_u8(&b, signer->level_max);
    }
    enum status s = builder_status(&b, "website identities", err);
    if (s == STATUS_OK)
        s = hash_message(&hash_sm3, builder_view(&b), out, err);
    builder_clear(&b);
    return s;
}

/* Is the section, byte for byte, what the whole log gives with this bundle's signers on that day? */
static enum status compare_publication(struct bundle_watcher *w, struct identity_log *log, const struct identity_signers *signers,
                                       int64_t at_s, struct error *err)
{
    static const struct identity_publication_settings settings = {IDENTITY_PUBLICATION_EMBED_SIZE, IDENTITY_PUBLICATION_LIST_COUNT};
    struct identity_publication *publication = NULL;
    enum status s = identity_publication_new(log, signers, at_s, &settings, &publication, err);
    if (s == STATUS_OK && !bytes_equal(identity_publication_section(publication), w->bundle.identities))
        s = error_set(err, STATUS_REFUSED, "the records or lists are not those that the log gives on that day");
    identity_publication_free(publication);
    return s;
}

static enum status check_publication(struct bundle_watcher *w, struct identity_log *log, struct error *err)
{
    struct identity_signers *signers = NULL;
    int64_t issued_s = w->bundle.issued_s;
    enum status s = identity_signers_new(&w->bundle, w->config.algorithms, &signers, err);
    if (s == STATUS_OK)
        s = compare_publication(w, log, signers, issued_s, err);
    if (s == STATUS_REFUSED && signers != NULL && issued_s / DAY_S != (issued_s - ROUND_S) / DAY_S)
        s = compare_publication(w, log, signers, issued_s - ROUND_S, err);
    identity_signers_free(signers);
    return s == STATUS_OK || s == STATUS_NO_MEMORY ? s : STATUS_REFUSED;
}

/* The log that was held is a beginning of this one. */
static enum status check_growth(const struct bundle_watcher *w, struct identity_log *log, struct error *err)
{
    uint8_t root[HASH_SIZE];
    if (w->identities.log_size == 0)
        return STATUS_OK;
    enum status s = identity_log_root(log, w->identities.log_size, root, err);
    if (s == STATUS_OK && memcmp(root, w->identities.log_root, HASH_SIZE) != 0)
        s = error_set(err, STATUS_CONFLICT, "its first %llu entries have another root than before",
                      (unsigned long long)w->identities.log_size);
    return s;
}

/* What stands behind the entries that the section speaks of is not signed yet. STATUS_NOT_FOUND: there are fewer. */
static enum status first_lines(struct bytes text, uint64_t count, struct bytes *out, struct error *err)
{
    struct bytes rest = text, line;
    for (uint64_t i = 0; i < count; i++)
        if (!text_next_line(&rest, &line))
            return error_set(err, STATUS_NOT_FOUND, "it has %llu of %llu entries", (unsigned long long)i, (unsigned long long)count);
    *out = bytes_of(text.data, text.len - rest.len);
    return STATUS_OK;
}

/* Whoever is between us and the distributor may have made the text: it is read when it leads to what is signed. */
static enum status check_text(const struct website_identity_section *section, struct bytes lines, struct error *err)
{
    uint8_t root[HASH_SIZE];
    enum status s = identity_log_text_root(lines, root, err);
    if (s == STATUS_OK && memcmp(root, section->log_root, HASH_SIZE) != 0)
        s = error_set(err, STATUS_REFUSED, "the published log's first %llu entries have another root than the version says",
                      (unsigned long long)section->log_size);
    return s == STATUS_USAGE ? STATUS_REFUSED : s;
}

/* STATUS_NOT_FOUND: the text is too short. STATUS_REFUSED: it does not give what the section says. STATUS_CONFLICT: it does, and is
 * not what has grown out of the log before. *out is the log, for STATUS_OK. */
static enum status judge(struct bundle_watcher *w, const struct website_identity_section *section, struct bytes text,
                         struct identity_log **out, struct error *err)
{
    struct identity_log *log = NULL;
    struct bytes lines;
    enum status s = first_lines(text, section->log_size, &lines, err);
    if (s == STATUS_OK)
        s = check_text(section, lines, err);
    if (s == STATUS_OK)
        s = identity_log_new(&log, err);
    if (s == STATUS_OK && (s = identity_log_read(log, lines, err)) == STATUS_USAGE)
        s = STATUS_REFUSED;
    if (s == STATUS_OK)
        s = identity_log_check_section(log, section, err);
    if (s == STATUS_OK)
        s = check_growth(w, log, err);
    if (s == STATUS_OK)
        s = check_publication(w, log, err);
    if (s == STATUS_OK)
        *out = log;
    else
        identity_log_free(log);
    return s;
}

/* ---- going on ---- */

static void go_on(struct bundle_watcher *w)
{
    trust_bundle_clear(&w->bundle);
    w->has_bundle = false;
    watcher_next_version(w);
}

/* This version was looked at, with whatever result. */
static void end_look(struct bundle_watcher *w, const struct looked *l)
{
    struct error err = {.status = STATUS_OK};
    struct watched_identities *ids = &w->identities;
    ids->version = w->bundle.version;
    memcpy(ids->digest, l->digest, HASH_SIZE);
    ids->is_waiting = false;
    ids->failures = 0;
    if (watcher_keep_identities(w, &err) != STATUS_OK)
        watcher_end_round(w, err.status, &err);
    else
        go_on(w);
}

static void tell_new(struct bundle_watcher *w, const struct identity_log *log)
{
    for (uint64_t i = w->identities.log_size; w->callbacks.identity != NULL && i < identity_log_size(log); i++) {
        const struct website_identity_entry *e = identity_log_at(log, i);
        if (!e->is_revocation)
            w->callbacks.identity(w->cookie, i, e);
    }
}

static void accept(struct bundle_watcher *w, const struct looked *l, const struct identity_log *log)
{
    tell_new(w, log);
    w->identities.log_size = l->section.log_size;
    memcpy(w->identities.log_root, l->section.log_root, HASH_SIZE);
    end_look(w, l);
}

static void accuse(struct bundle_watcher *w, const struct looked *l, enum finding_id id, const char *why)
{
    watcher_find(w, id, w->config.url, bytes_of(NULL, 0), "version %llu, website identities: %s", (unsigned long long)w->bundle.version,
                 why);
    end_look(w, l);
}

/* The text cannot be had: the version waits for it, and is asked about in each round until another one comes. */
static void wait_for_text(struct bundle_watcher *w, const char *why)
{
    w->identities.failures++;
    w->identities.has_failed = true;
    if (w->identities.failures >= FAILURES_TOLD)
        watcher_find(w, FINDING_IDENTITIES_MISSING, w->config.url, bytes_of(NULL, 0),
                     "the log of website identities that version %llu speaks of cannot be had: %s", (unsigned long long)w->bundle.version,
                     why);
    go_on(w);
}

/* ---- looking ---- */

static enum status begin_look(struct bundle_watcher *w, struct looked *l, struct error *err)
{
    website_identity_section_init(&l->section);
    enum status s = digest_of(&w->bundle, l->digest, err);
    if (s == STATUS_OK && w->bundle.identities.len > 0) {
        s = website_identity_section_parse(w->bundle.identities, &l->section, err);
        s = s == STATUS_OK || s == STATUS_NO_MEMORY ? s : STATUS_REFUSED;
    }
    return s;
}

static void end_judged(struct bundle_watcher *w, const struct looked *l, enum status s, const struct identity_log *log, struct error *err)
{
    if (s == STATUS_OK)
        accept(w, l, log);
    else if (s == STATUS_CONFLICT)
        accuse(w, l, FINDING_IDENTITIES_REWRITTEN, err->text);
    else if (s == STATUS_REFUSED)
        accuse(w, l, FINDING_VERSION_IDENTITIES, err->text);
    else if (s == STATUS_NOT_FOUND)
        wait_for_text(w, err->text);
    else
        watcher_end_round(w, s, err);
}

static void on_text(struct bundle_watcher *w, enum status status, struct bytes body, struct error *err)
{
    struct looked l;
    struct identity_log *log = NULL;
    enum status s = begin_look(w, &l, err);
    if (s != STATUS_OK) {
        watcher_end_round(w, s, err);
    } else if (w->is_cut) { /* not again before there is another version */
        watcher_find(w, FINDING_IDENTITIES_MISSING, w->config.url, bytes_of(NULL, 0),
                     "the log of website identities that version %llu speaks of is longer than %zu bytes, which are all that is looked at",
                     (unsigned long long)w->bundle.version, BUNDLE_WATCHER_IDENTITIES_MAX);
        end_look(w, &l);
    } else if (status != STATUS_OK) {
        wait_for_text(w, err->text);
    } else {
        s = judge(w, &l.section, body, &log, err);
        if (s == STATUS_OK)
            s = watcher_keep_identity_log(w, body, err);
        end_judged(w, &l, s, log, err);
    }
    identity_log_free(log);
    website_identity_section_clear(&l.section);
}

/* STATUS_AGAIN: the text has to be fetched. */
static enum status judge_held(struct bundle_watcher *w, const struct looked *l, struct identity_log **log, struct error *err)
{
    struct builder text;
    builder_init(&text, BUNDLE_WATCHER_IDENTITIES_MAX);
    enum status s = l->section.log_size > 0 ? watcher_read_identity_log(w, &text, err) : STATUS_OK;
    if (s == STATUS_OK)
        s = judge(w, &l->section, builder_view(&text), log, err);
    builder_clear(&text);
    return s == STATUS_NOT_FOUND || (l->section.log_size > 0 && (s == STATUS_REFUSED || s == STATUS_CONFLICT)) ? STATUS_AGAIN : s;
}

/* Without the log itself: is there a larger tree, or the same? */
static enum status compare_trees(const struct bundle_watcher *w, const struct website_identity_section *section, struct error *err)
{
    const struct watched_identities *ids = &w->identities;
    if (section->log_size < ids->log_size)
        return error_set(err, STATUS_CONFLICT, "the log has %llu entries, and had %llu before", (unsigned long long)section->log_size,
                         (unsigned long long)ids->log_size);
    if (section->log_size == ids->log_size && ids->log_size > 0 && memcmp(section->log_root, ids->log_root, HASH_SIZE) != 0)
        return error_set(err, STATUS_CONFLICT, "the log's %llu entries have another root than before", (unsigned long long)ids->log_size);
    return STATUS_OK;
}

static void look(struct bundle_watcher *w, struct looked *l)
{
    struct error err = {.status = STATUS_OK};
    struct identity_log *log = NULL;
    bool is_same = w->identities.version > 0;
    enum status s = begin_look(w, l, &err);
    is_same = is_same && s == STATUS_OK && memcmp(l->digest, w->identities.digest, HASH_SIZE) == 0;
    bool has_none = w->bundle.identities.len == 0 && w->identities.log_size == 0;
    if (s == STATUS_OK && (is_same || has_none)) {
        end_look(w, l);
        return;
    }
    if (s == STATUS_OK)
        s = compare_trees(w, &l->section, &err);
    if (s == STATUS_OK)
        s = judge_held(w, l, &log, &err);
    w->identities.is_waiting = s == STATUS_AGAIN;
    if (s == STATUS_AGAIN && w->identities.has_failed)
        go_on(w); /* once in a round */
    else if (s == STATUS_AGAIN)
        watcher_get(w, w->config.url, IDENTITY_LOG_PUBLISHED, "identity-log", BUNDLE_WATCHER_IDENTITIES_MAX, on_text);
    else
        end_judged(w, l, s, log, &err);
    identity_log_free(log);
}

void watcher_check_identities(struct bundle_watcher *w)
{
    struct error err = {.status = STATUS_OK};
    struct looked l;
    trust_bundle_init(&w->bundle);
    w->has_bundle = true;
    if (trust_bundle_parse(builder_view(&w->newest), &w->bundle, &err) != STATUS_OK) {
        watcher_end_round(w, err.status, &err);
        return;
    }
    /* The state of identities may be ahead of the other one: it is kept first. */
    if (w->bundle.version <= w->identities.version) {
        go_on(w);
        return;
    }
    look(w, &l);
    website_identity_section_clear(&l.section);
}
