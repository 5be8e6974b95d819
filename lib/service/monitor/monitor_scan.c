#include "service/monitor/monitor_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/ct/leaf.h"
#include "codec/mtc/tbs_entry.h"
#include "rules/certificate_names.h"
#include "service/monitor/monitor_found.h"

/* Entries that are there in each issuance log and hold nothing. */
#define MTC_NULL_ENTRY 0
#define MTC_TBS_CERT 1

/* What keeps names from being found, or clients from agreeing on them. Characters that no name has are in half of all common
 * names ("Example Ltd") and hide nothing from a watch list. */
#define ODD_NAMES (~CERTIFICATE_NAMES_CHARACTERS)

struct scan {
    const struct monitor_scan_input *input;
    const struct watch_list *list;
    struct certificate_names names;
    struct hasher_set hashers;
    bool has_spki;
    struct monitor_found *found;
};

void monitor_found_free(struct monitor_found *found)
{
    if (found == NULL)
        return;
    for (size_t i = 0; i < found->notifications.count; i++)
        notification_free(*(struct notification **)array_at(&found->notifications, i));
    array_clear(&found->notifications);
    array_clear(&found->indices);
    array_clear(&found->rows);
    array_clear(&found->row_names);
    builder_clear(&found->memory);
    free(found);
}

/* ---- what an entry is ---- */

/* Reads the names of an entry; STATUS_NOT_FOUND when it holds nothing, STATUS_REFUSED when it is of a type that nobody knows. */
static enum status read_names(struct scan *s, const struct followed_entry *e, struct monitor_subject *what, struct error *err)
{
    bool is_mtc = s->input->is_mtc || e->type == LEAF_TBS_CERT;
    if (e->is_malformed)
        return STATUS_MALFORMED;
    if (s->input->is_mtc && e->type == MTC_NULL_ENTRY)
        return STATUS_NOT_FOUND;
    if (s->input->is_mtc ? e->type != MTC_TBS_CERT : e->type > LEAF_PRECERT && e->type != LEAF_TBS_CERT)
        return STATUS_REFUSED;
    what->kind = is_mtc ? DOMAIN_INDEX_TBS_CERT_ENTRY
                        : e->type == LEAF_PRECERT ? DOMAIN_INDEX_PRECERTIFICATE : DOMAIN_INDEX_CERTIFICATE;
    if (is_mtc) /* also one that holds nothing: an entry that says that it is a certificate's */
        return certificate_names_read_mtc_entry(&s->names, e->tbs, err);
    if (e->type == LEAF_PRECERT)
        return certificate_names_read_tbs(&s->names, e->tbs, err);
    return certificate_names_read(&s->names, e->certificate, err);
}

/* ---- matching ---- */

static void match_names(struct scan *s, struct watch_hits *hits)
{
    for (size_t i = 0; i < certificate_names_count(&s->names); i++) {
        const struct certificate_name *name = certificate_names_at(&s->names, i);
        if (name->kind == CERTIFICATE_NAME_IP)
            watch_list_match_address(s->list, bytes_of(name->ip, name->ip_len), hits);
        else if (name->kind == CERTIFICATE_NAME_ORGANISATION)
            watch_list_match_organisation(s->list, name->value, hits);
        else
            watch_list_match_name(s->list, name->value, hits);
    }
}

/* Of the key, or (MTC) what stands for it: its hash by the CA's hash. */
static void match_key(struct scan *s, const struct monitor_subject *what, struct watch_hits *hits)
{
    uint8_t hash[HASH_SIZE];
    struct tbs_entry entry;
    for (size_t i = 0; i < HASH_ROWS; i++)
        if (certificate_names_spki_hash(&s->names, &s->hashers.hashers[i], hash))
            watch_list_match_spki(s->list, hash, hits);
    if (what->kind == DOMAIN_INDEX_TBS_CERT_ENTRY && tbs_entry_parse(what->entry->tbs, &entry, NULL) == STATUS_OK &&
        entry.spki_hash.len == HASH_SIZE)
        watch_list_match_spki(s->list, entry.spki_hash.data, hits);
}

static void look_at(struct scan *s, const struct followed_entry *e, struct monitor_subject *what)
{
    struct monitor_found *found = s->found;
    match_names(s, &what->hits);
    if (s->has_spki)
        match_key(s, what, &what->hits);
    found->ca_count += s->names.is_ca;
    if (what->hits.count > 0)
        what->event = NOTIFICATION_CERTIFICATE;
    else if ((s->names.malformed & ODD_NAMES) != 0)
        what->event = NOTIFICATION_UNREADABLE;
    else if (s->names.is_ca)
        what->event = NOTIFICATION_CA_CERTIFICATE;
    else
        return;
    found->hit_count += what->hits.count > 0;
    found->broken_count += (s->names.malformed & ODD_NAMES) != 0;
    what->is_told = true;
    what->entry = e;
}

static enum status scan_entry(struct scan *s, const struct followed_entry *e, struct error *err)
{
    struct monitor_subject what = {.names = &s->names, .entry = e, .hashers = &s->hashers};
    enum status status = read_names(s, e, &what, err);
    if (status == STATUS_NO_MEMORY)
        return status;
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK) {
        look_at(s, e, &what);
    } else { /* no names to look at */
        what.names = NULL;
        what.is_told = true;
        what.event = status == STATUS_REFUSED ? NOTIFICATION_UNKNOWN_ENTRY : NOTIFICATION_UNREADABLE;
        s->found->unknown_count += status == STATUS_REFUSED;
        s->found->broken_count += status != STATUS_REFUSED;
    }
    status = STATUS_OK;
    if (s->input->wants_index && what.names != NULL)
        status = monitor_found_add_row(s->found, s->input, &what, err);
    return status == STATUS_OK && what.is_told ? monitor_found_tell(s->found, s->input, &what, err) : status;
}

/* ---- a batch ---- */

static enum status begin(struct scan *s, struct error *err)
{
    s->found = calloc(1, sizeof *s->found);
    if (s->found == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a batch");
    s->found->notifications = array_of(sizeof(struct notification *), LOG_FEED_BATCH_MAX);
    s->found->indices = array_of(sizeof(uint64_t), LOG_FEED_BATCH_MAX);
    s->found->rows = array_of(sizeof(struct domain_index_entry), LOG_FEED_BATCH_MAX);
    s->found->row_names = array_of(sizeof(struct bytes), (size_t)LOG_FEED_BATCH_MAX * DOMAIN_INDEX_NAMES_MAX);
    builder_init(&s->found->memory, MONITOR_FOUND_MEMORY_MAX);
    return hasher_set_init(&s->hashers, err);
}

enum status monitor_scan(const struct monitor_scan_input *input, struct monitor_found **out, struct error *err)
{
    struct scan s = {.input = input, .list = monitor_watch_list(input->watch)};
    *out = NULL;
    certificate_names_init(&s.names);
    s.has_spki = watch_list_count(s.list, WATCH_SPKI) > 0;
    enum status status = begin(&s, err);
    for (size_t i = 0; i < input->batch->count && status == STATUS_OK; i++)
        status = scan_entry(&s, &input->batch->entries[i], err);
    if (status == STATUS_OK)
        status = monitor_found_end(s.found, err);
    certificate_names_clear(&s.names);
    hasher_set_clear(&s.hashers);
    if (status != STATUS_OK) {
        monitor_found_free(s.found);
        return status;
    }
    s.found->entry_count = input->batch->count;
    *out = s.found;
    return STATUS_OK;
}
