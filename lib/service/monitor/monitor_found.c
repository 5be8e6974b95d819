#include "service/monitor/monitor_found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "codec/ct/leaf.h"
#include "rules/precert.h"
#include "service/monitor/dn_text.h"

/* Nobody's certificate has a serial number above 20 bytes [RFC5280 4.1.2.2]; broken ones are cut. */
#define SERIAL_SHOWN_MAX 40
#define LARGEST_TBS ((size_t)32 << 20)

/* ---- rows ---- */

static bool is_indexed(const struct certificate_name *name)
{
    return name->kind == CERTIFICATE_NAME_DNS || name->kind == CERTIFICATE_NAME_IP ||
           (name->kind == CERTIFICATE_NAME_COMMON_NAME && memchr(name->value.data, '.', name->value.len) != NULL &&
            memchr(name->value.data, ' ', name->value.len) == NULL);
}

static enum status add_name(struct monitor_found *found, struct bytes name, struct error *err)
{
    struct bytes placed = {NULL, name.len};
    builder_bytes(&found->memory, name);
    return array_insert(&found->row_names, found->row_names.count, &placed, "names of a batch", err);
}

/* The certificate; for an MTC the entry, which is all that there is. What stands beside a leaf without being what it was made of says
 * nothing: a log could put an authorized certificate there, and hide another one behind it. */
static struct bytes der_of(const struct monitor_subject *what)
{
    return what->entry->certificate.len > 0 && !what->entry->is_other ? what->entry->certificate
           : what->entry->tbs.len > 0       ? what->entry->tbs
                                            : what->entry->leaf;
}

enum status monitor_found_add_row(struct monitor_found *found, const struct monitor_scan_input *input,
                                  const struct monitor_subject *what, struct error *err)
{
    const struct certificate_names *names = what->names;
    struct domain_index_entry row = {.log = input->log, .index = what->entry->index, .kind = what->kind,
                                     .not_before_s = names->not_before_s, .not_after_s = names->not_after_s};
    char issuer[DN_TEXT_MAX];
    enum status s = STATUS_OK;
    if ((names->malformed & CERTIFICATE_NAMES_STRUCTURE) != 0)
        row.kind = DOMAIN_INDEX_BROKEN;
    dn_text_write(names->issuer, issuer);
    row.issuer.len = strlen(issuer);
    builder_text(&found->memory, issuer);
    for (size_t i = 0; i < certificate_names_count(names) && s == STATUS_OK && row.name_count < DOMAIN_INDEX_NAMES_MAX; i++) {
        const struct certificate_name *name = certificate_names_at(names, i);
        if (!is_indexed(name))
            continue;
        s = add_name(found, name->value, err);
        row.name_count++;
    }
    if (s != STATUS_OK)
        return s;
    if (row.name_count == 0) {
        found->memory.len -= row.issuer.len;
        return STATUS_OK;
    }
    hasher_one(hasher_set_get(what->hashers, &hash_sha256), der_of(what), row.fingerprint);
    return array_insert(&found->rows, found->rows.count, &row, "rows of a batch", err);
}

/* Issuer and names stand in memory one after the other. */
enum status monitor_found_end(struct monitor_found *found, struct error *err)
{
    const uint8_t *at = found->memory.data;
    size_t name = 0;
    for (size_t i = 0; i < found->rows.count; i++) {
        struct domain_index_entry *row = array_at(&found->rows, i);
        row->issuer.data = at;
        at += row->issuer.len;
        row->names = array_at(&found->row_names, name);
        for (size_t k = 0; k < row->name_count; k++, name++) {
            struct bytes *value = array_at(&found->row_names, name);
            value->data = at;
            at += value->len;
        }
    }
    return builder_status(&found->memory, "names of a batch", err);
}

/* ---- what identifies a certificate ---- */

struct fingerprints {
    uint8_t der[HASH_ROWS][HASH_SIZE], tbs[HASH_ROWS][HASH_SIZE];
    char der_hex[2 * HASH_SIZE + 1], tbs_hex[2 * HASH_SIZE + 1];
};

/* The TBSCertificate without poison and SCTs: what a precertificate and its certificate have in common. */
static void write_identity(const struct monitor_subject *what, struct builder *out)
{
    struct certificate certificate;
    if (what->kind == DOMAIN_INDEX_CERTIFICATE && what->names != NULL &&
        certificate_parse(what->entry->certificate, &certificate, NULL) == STATUS_OK &&
        precert_identity(&certificate, out, NULL) == STATUS_OK)
        return;
    builder_reset(out);
    builder_bytes(out, what->entry->tbs.len > 0 ? what->entry->tbs : der_of(what));
}

static enum status make_fingerprints(const struct monitor_subject *what, struct fingerprints *out, struct error *err)
{
    struct builder identity;
    builder_init(&identity, LARGEST_TBS);
    write_identity(what, &identity);
    enum status s = builder_status(&identity, "TBSCertificate", err);
    for (size_t i = 0; i < HASH_ROWS && s == STATUS_OK; i++) {
        struct hasher *h = &what->hashers->hashers[i];
        hasher_one(h, der_of(what), out->der[i]);
        hasher_one(h, builder_view(&identity), out->tbs[i]);
        s = hasher_status(h, err);
        if (h->alg == &hash_sha256) {
            text_hex(BYTES_OF(out->der[i]), out->der_hex);
            text_hex(BYTES_OF(out->tbs[i]), out->tbs_hex);
        }
    }
    builder_clear(&identity);
    return s;
}

static bool is_authorized(const struct watch_list *list, const struct fingerprints *f)
{
    for (size_t i = 0; i < HASH_ROWS; i++)
        if (watch_list_is_authorized(list, f->der[i]) || watch_list_is_authorized(list, f->tbs[i]))
            return true;
    return false;
}

/* ---- notifications ---- */

struct shown {
    char text[1024], type[32], timestamp[CIVIL_TIME_TEXT_SIZE], subject[DN_TEXT_MAX], issuer[DN_TEXT_MAX];
    char serial[2 * SERIAL_SHOWN_MAX + 1], not_before[CIVIL_TIME_TEXT_SIZE], not_after[CIVIL_TIME_TEXT_SIZE];
    char malformed[512];
    struct bytes names[NOTIFICATION_NAMES_MAX];
    size_t name_count;
};

static void show_type(const struct monitor_scan_input *input, const struct followed_entry *e, char out[32])
{
    if (input->is_mtc)
        (void)snprintf(out, 32, e->type == 1 ? "mtc tbs_cert" : "mtc %u", e->type);
    else if (e->type > LEAF_PRECERT && e->type != LEAF_TBS_CERT)
        (void)snprintf(out, 32, "unknown %u", e->type);
    else
        (void)snprintf(out, 32, "%s", leaf_type_name(e->type));
}

static bool is_shown(const struct shown *out, struct bytes name)
{
    for (size_t i = 0; i < out->name_count; i++)
        if (bytes_equal(out->names[i], name))
            return true;
    return false;
}

static void show_names(const struct certificate_names *names, struct shown *out)
{
    for (size_t i = 0; i < certificate_names_count(names) && out->name_count < NOTIFICATION_NAMES_MAX; i++) {
        const struct certificate_name *name = certificate_names_at(names, i);
        if (name->kind != CERTIFICATE_NAME_ORGANISATION && !is_shown(out, name->value))
            out->names[out->name_count++] = name->value;
    }
}

static void show_certificate(const struct certificate_names *names, struct shown *out)
{
    struct builder malformed;
    builder_init(&malformed, sizeof out->malformed);
    dn_text_write(names->subject, out->subject);
    dn_text_write(names->issuer, out->issuer);
    text_hex(bytes_of(names->serial.data, names->serial.len < SERIAL_SHOWN_MAX ? names->serial.len : SERIAL_SHOWN_MAX), out->serial);
    if (names->has_validity) {
        civil_time_format(names->not_before_s, out->not_before);
        civil_time_format(names->not_after_s, out->not_after);
    }
    certificate_names_malformed(names, &malformed);
    if (builder_is_good(&malformed))
        (void)snprintf(out->malformed, sizeof out->malformed, "%.*s", (int)malformed.len,
                       malformed.len > 0 ? (const char *)malformed.data : "");
    builder_clear(&malformed);
    show_names(names, out);
}

static void show_text(const struct monitor_scan_input *input, const struct monitor_subject *what, struct shown *out)
{
    static const char *const words[NOTIFICATION_EVENTS] = {
        "a certificate that is watched for", "a CA's certificate", "an entry that cannot be read", "an entry of an unknown type"};
    struct bytes name = out->name_count > 0 ? out->names[0] : bytes_of_text(out->subject);
    (void)snprintf(out->text, sizeof out->text, "%s: %s in entry %llu%s%.*s%s%.200s%s%.200s%s%.200s", input->log,
                   words[what->event], (unsigned long long)what->entry->index, name.len > 0 ? ": " : "",
                   (int)(name.len < 253 ? name.len : 253), name.len > 0 ? (const char *)name.data : "",
                   out->issuer[0] != '\0' ? ", issued by " : "", out->issuer,
                   what->hits.count > 0 ? "; matches " : "", what->hits.count > 0 ? what->hits.items[0]->text : "",
                   out->malformed[0] != '\0' ? "; " : "", out->malformed);
}

static const char *or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static enum status make(const struct monitor_scan_input *input, const struct monitor_subject *what,
                        const struct fingerprints *f, struct shown *shown, struct notification **out, struct error *err)
{
    const struct bytes identity[] = {bytes_of_text("certificate"), BYTES_OF(f->tbs_hex)};
    struct notification_parts parts = {
        .event = what->event,
        .now_ms = input->now_ms,
        .expires_s = what->names != NULL && what->names->has_validity ? what->names->not_after_s : 0,
        .log = input->log,
        .url = input->url,
        .text = shown->text,
        .has_index = true,
        .index = what->entry->index,
        .fields = {{"entry_type", shown->type}, {"timestamp", or_null(shown->timestamp)}, {"subject", or_null(shown->subject)},
                   {"issuer", or_null(shown->issuer)}, {"serial", or_null(shown->serial)},
                   {"not_before", or_null(shown->not_before)}, {"not_after", or_null(shown->not_after)},
                   {"sha256", f->der_hex}, {"tbs_sha256", f->tbs_hex}, {"malformed", or_null(shown->malformed)},
                   {"ca", what->names != NULL && what->names->is_ca ? "yes" : NULL}},
        .names = shown->names,
        .name_count = shown->name_count,
        .identity = identity,
        .identity_count = 2,
        .attachment = der_of(what),
    };
    for (; parts.watch_count < what->hits.count; parts.watch_count++)
        parts.watch[parts.watch_count] = what->hits.items[parts.watch_count]->text;
    /* One that has expired already is remembered for a while all the same. */
    if (parts.expires_s < input->now_ms / 1000 + 86400 * 30)
        parts.expires_s = input->now_ms / 1000 + 86400 * 30;
    return notification_new(&parts, out, err);
}

enum status monitor_found_tell(struct monitor_found *found, const struct monitor_scan_input *input,
                               const struct monitor_subject *what, struct error *err)
{
    struct fingerprints f;
    struct shown *shown = calloc(1, sizeof *shown);
    struct notification *n = NULL;
    enum status s = shown == NULL ? error_set(err, STATUS_NO_MEMORY, "no memory for a notification")
                                  : make_fingerprints(what, &f, err);
    if (s == STATUS_OK && is_authorized(monitor_watch_list(input->watch), &f)) {
        found->authorized_count++;
        free(shown);
        return STATUS_OK;
    }
    if (s == STATUS_OK) {
        show_type(input, what->entry, shown->type);
        if (what->entry->timestamp_ms > 0)
            civil_time_format((int64_t)(what->entry->timestamp_ms / 1000), shown->timestamp);
        if (what->names != NULL)
            show_certificate(what->names, shown);
        show_text(input, what, shown);
        s = make(input, what, &f, shown, &n, err);
    }
    free(shown);
    if (s == STATUS_OK)
        s = array_insert(&found->notifications, found->notifications.count, &n, "notifications of a batch", err);
    if (s == STATUS_OK)
        s = array_insert(&found->indices, found->indices.count, &what->entry->index, "notifications of a batch", err);
    return s;
}
