#include "identity/identity_file.h"

#include <libpsl.h>
#include <string.h>

#include "algorithms_file.h"
#include "base/civil_time.h"
#include "base/text.h"
#include "input.h"

static enum status each_line(struct bytes text, identity_file_take *take, void *context, struct error *err)
{
    struct bytes line;
    struct builder entry;
    enum status s = STATUS_OK;
    builder_init(&entry, WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    for (size_t number = 1; s == STATUS_OK && text_next_line(&text, &line); number++) {
        builder_reset(&entry);
        if (!text_parse_base64(line, &entry) || entry.len == 0)
            s = error_set(err, STATUS_MALFORMED, "no base64 of an identity record");
        else
            s = take(context, builder_view(&entry), err);
        s = error_prefix(err, s, "line %zu", number);
    }
    builder_clear(&entry);
    return s;
}

enum status identity_file_each(const char *path, identity_file_take *take, void *context, struct error *err)
{
    struct builder content;
    builder_init(&content, IDENTITY_LOG_TEXT_MAX);
    enum status s = input_read(path, IDENTITY_LOG_TEXT_MAX, &content, err);
    if (s == STATUS_OK)
        s = error_prefix(err, each_line(builder_view(&content), take, context, err), "%s", path);
    builder_clear(&content);
    return s;
}

/* ---- signing ---- */

enum status identity_file_open_key(const struct options *options, struct algorithms **algorithms, struct service_key *key,
                                   uint8_t id[WEBSITE_IDENTITY_SIGNER_SIZE], struct error *err)
{
    const char *name = options_has(options, "alg") ? options_value(options, "alg") : "sm2_sm3";
    enum status s = algorithms_file_open(options_value(options, "algorithms"), algorithms, err);
    if (s != STATUS_OK)
        return s;
    const struct signature_alg *alg = algorithms_by_name(*algorithms, bytes_of_text(name));
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "--alg %s: no such algorithm", name);
    struct key_name key_name = {.key = options_value(options, "key")};
    s = key_file_open(&key_name, alg, key, err);
    if (s != STATUS_OK)
        return s;
    return identity_check_key_id(public_key_spki(key_file_public(key)), id) ? STATUS_OK
                                                                            : error_set(err, STATUS_NO_MEMORY, "out of memory");
}

static enum status write_out(const struct options *options, struct bytes line, struct error *err)
{
    const char *path = options_value(options, "out");
    if (path != NULL)
        return input_write_file(path, line, 0644, err);
    output_line("%.*s", (int)line.len - 1, (const char *)line.data);
    return STATUS_OK;
}

enum status identity_file_sign(const struct options *options, const struct service_key *key, struct bytes statement,
                               struct error *err)
{
    struct builder signature, entry, line;
    struct document_signer signer = key_file_document_signer(key);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&entry, WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    builder_init(&line, 2 * WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    enum status s = signer.sign(signer.context, statement, &signature, err);
    if (s == STATUS_OK)
        s = website_identity_write_entry(statement, builder_view(&signature), &entry, err);
    if (s == STATUS_OK) {
        identity_log_write_line(builder_view(&entry), &line);
        s = builder_status(&line, "identity record", err);
    }
    if (s == STATUS_OK)
        s = write_out(options, builder_view(&line), err);
    builder_clear(&line);
    builder_clear(&entry);
    builder_clear(&signature);
    return s;
}

/* The list that is built into libpsl: with its private part, other than the Baseline Requirements have it. */
enum status identity_file_check_suffix(const struct website_identity *record, struct error *err)
{
    char domain[WEBSITE_IDENTITY_DOMAIN_MAX + 1];
    if (record->scope != WEBSITE_IDENTITY_SUBDOMAINS || record->domain.len >= sizeof domain)
        return STATUS_OK;
    memcpy(domain, record->domain.data, record->domain.len);
    domain[record->domain.len] = '\0';
    return psl_is_public_suffix(psl_builtin(), domain) == 0
               ? STATUS_OK
               : error_set(err, STATUS_REFUSED, "%s is a public suffix: below it are websites of many organisations", domain);
}

/* ---- showing ---- */

static void set_text(json_t *o, const char *name, struct bytes text)
{
    json_object_set_new(o, name, json_stringn((const char *)text.data, text.len));
}

static void set_time(json_t *o, const char *name, int64_t at_s)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(at_s, text);
    json_object_set_new(o, name, json_string(text));
}

static void set_signer(json_t *o, const uint8_t signer[WEBSITE_IDENTITY_SIGNER_SIZE], uint64_t serial)
{
    char id[2 * WEBSITE_IDENTITY_SIGNER_SIZE + 1];
    text_hex(bytes_of(signer, WEBSITE_IDENTITY_SIGNER_SIZE), id);
    json_object_set_new(o, "signer", json_string(id));
    json_object_set_new(o, "serial", json_integer((json_int_t)serial));
}

json_t *identity_file_json(const struct website_identity_entry *entry)
{
    const struct website_identity *r = &entry->record;
    char level[4] = {'T', (char)('0' + r->level % 10), '\0'};
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(entry->is_revocation ? "revocation" : "record"));
    if (entry->is_revocation) {
        set_signer(o, entry->revocation.signer, entry->revocation.serial);
        set_time(o, "time", entry->revocation.time_s);
        json_object_set_new(o, "reason", json_string(website_identity_reason_name((unsigned)entry->revocation.reason)));
        return o;
    }
    set_signer(o, r->signer, r->serial);
    set_text(o, "domain", r->domain);
    json_object_set_new(o, "subdomains", json_boolean(r->scope == WEBSITE_IDENTITY_SUBDOMAINS));
    set_text(o, "name_zh", r->name_zh);
    set_text(o, "name_en", r->name_en);
    set_text(o, "country", BYTES_OF(r->country));
    set_text(o, "registration", r->registration);
    json_object_set_new(o, "level", json_string(level));
    set_time(o, "issued", r->issued_s);
    set_time(o, "until", r->until_s);
    return o;
}

void identity_file_words(const struct website_identity_entry *entry, struct builder *out)
{
    const struct website_identity *r = &entry->record;
    char from[CIVIL_TIME_TEXT_SIZE], until[CIVIL_TIME_TEXT_SIZE];
    if (entry->is_revocation) {
        civil_time_format(entry->revocation.time_s, from);
        builder_printf(out, "revocation of serial %llu: %s, %s", (unsigned long long)entry->revocation.serial,
                       website_identity_reason_name((unsigned)entry->revocation.reason), from);
        return;
    }
    civil_time_format(r->issued_s, from);
    civil_time_format(r->until_s, until);
    builder_printf(out, "%.*s%s is %.*s%s%.*s (%.2s %.*s), T%u, %s to %s, serial %llu", (int)r->domain.len,
                   (const char *)r->domain.data, r->scope == WEBSITE_IDENTITY_SUBDOMAINS ? " with subdomains" : "",
                   (int)r->name_zh.len, (const char *)r->name_zh.data, r->name_zh.len > 0 && r->name_en.len > 0 ? " / " : "",
                   (int)r->name_en.len, (const char *)r->name_en.data, (const char *)r->country, (int)r->registration.len,
                   (const char *)r->registration.data, r->level, from, until, (unsigned long long)r->serial);
}
