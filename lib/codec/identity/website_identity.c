#include "codec/identity/website_identity.h"

#include <string.h>

#include "codec/identity/website_identity_fields.h"

/* Seconds since the Epoch that fit a signed number. */
#define TIME_MAX ((uint64_t)INT64_MAX)

static enum status malformed(const struct reader *r, const char *what, struct error *err)
{
    return error_at(err, STATUS_MALFORMED, reader_offset(r), "website identity: %s", what);
}

static bool read_time(struct reader *r, int64_t *value)
{
    uint64_t v;
    if (!reader_u64(r, &v) || v > TIME_MAX)
        return false;
    *value = (int64_t)v;
    return true;
}

static bool read_short(struct reader *r, struct bytes *value)
{
    struct reader child;
    if (!reader_vector_u8(r, &child))
        return false;
    *value = reader_rest(&child);
    return true;
}

static void write_short(struct builder *b, struct bytes value)
{
    size_t mark = builder_open_vector(b, 1);
    builder_bytes(b, value);
    builder_close_vector(b, mark, 1);
}

static bool read_label(struct reader *r, const char *label)
{
    struct bytes value;
    return reader_bytes(r, WEBSITE_IDENTITY_LABEL_SIZE, &value) &&
           memcmp(value.data, label, WEBSITE_IDENTITY_LABEL_SIZE) == 0;
}

/* ---- what a record may say ---- */

static bool are_names_good(const struct website_identity *r)
{
    return r->name_zh.len + r->name_en.len > 0 && (r->name_zh.len == 0 || website_identity_is_name_zh(r->name_zh)) &&
           (r->name_en.len == 0 || website_identity_is_name_en(r->name_en));
}

static bool are_times_good(const struct website_identity *r)
{
    return r->issued_s >= 0 && r->until_s >= r->issued_s && r->until_s - r->issued_s <= WEBSITE_IDENTITY_LIFETIME_MAX_S;
}

static const char *what_is_wrong(const struct website_identity *r)
{
    if (r->serial == 0)
        return "serial numbers begin with 1";
    if (!website_identity_is_domain(r->domain))
        return "the domain is no name of two labels or more, in small letters, as it stands in the DNS (A-labels)";
    if (!are_names_good(r))
        return "names: one is needed; Chinese of Han characters, ASCII letters, digits and usual marks, English of Latin letters, "
               "digits and marks, no longer than 255 bytes, single blanks inside only";
    if (!website_identity_fields_is_country(r->country))
        return "the country is two capital letters";
    if (!website_identity_fields_is_registration(r->registration))
        return "the registration number has 1 to 64 letters, digits, '-', '.', '/'";
    if (r->level < WEBSITE_IDENTITY_LEVEL_MIN || r->level > WEBSITE_IDENTITY_LEVEL_MAX)
        return "the level is 2, 3 or 4";
    return are_times_good(r) ? NULL : "it ends before it begins, or is good for more than 1098 days";
}

/* ---- the record ---- */

enum status website_identity_write(const struct website_identity *record, struct builder *out, struct error *err)
{
    const char *wrong = what_is_wrong(record);
    if (wrong != NULL)
        return error_set(err, STATUS_USAGE, "website identity: %s", wrong);
    builder_text(out, WEBSITE_IDENTITY_LABEL);
    builder_bytes(out, BYTES_OF(record->signer));
    builder_u64(out, record->serial);
    write_short(out, record->domain);
    builder_u8(out, (uint8_t)record->scope);
    write_short(out, record->name_zh);
    write_short(out, record->name_en);
    builder_bytes(out, BYTES_OF(record->country));
    write_short(out, record->registration);
    builder_u8(out, (uint8_t)record->level);
    builder_u64(out, (uint64_t)record->issued_s);
    builder_u64(out, (uint64_t)record->until_s);
    return builder_status(out, "website identity", err);
}

enum status website_identity_parse(struct bytes statement, struct website_identity *out, struct error *err)
{
    struct reader r;
    uint8_t scope, level;
    reader_init(&r, statement);
    if (!read_label(&r, WEBSITE_IDENTITY_LABEL) || !reader_copy(&r, out->signer, sizeof out->signer) ||
        !reader_u64(&r, &out->serial) || !read_short(&r, &out->domain) || !reader_u8(&r, &scope))
        return malformed(&r, "signer, serial number, domain or scope", err);
    if (scope > WEBSITE_IDENTITY_SUBDOMAINS)
        return malformed(&r, "scope is neither exact nor with subdomains", err);
    if (!read_short(&r, &out->name_zh) || !read_short(&r, &out->name_en) ||
        !reader_copy(&r, out->country, sizeof out->country) || !read_short(&r, &out->registration) || !reader_u8(&r, &level) ||
        !read_time(&r, &out->issued_s) || !read_time(&r, &out->until_s) || !reader_is_at_end(&r))
        return malformed(&r, "names, registration, level or times", err);
    out->scope = (enum website_identity_scope)scope;
    out->level = level;
    const char *wrong = what_is_wrong(out);
    return wrong == NULL ? STATUS_OK : error_set(err, STATUS_REFUSED, "website identity: %s", wrong);
}

bool website_identity_covers(const struct website_identity *record, struct bytes host)
{
    if (bytes_equal(record->domain, host))
        return true;
    if (record->scope != WEBSITE_IDENTITY_SUBDOMAINS || host.len <= record->domain.len + 1)
        return false;
    size_t skipped = host.len - record->domain.len;
    return host.data[skipped - 1] == '.' && bytes_equal(bytes_of(host.data + skipped, record->domain.len), record->domain);
}

/* ---- the revocation ---- */

static const struct {
    enum website_identity_reason reason;
    const char *name;
} reasons[] = {
    {WEBSITE_IDENTITY_UNSPECIFIED, "unspecified"},   {WEBSITE_IDENTITY_KEY_LOST, "key-lost"},
    {WEBSITE_IDENTITY_CHANGED, "changed"},           {WEBSITE_IDENTITY_SUPERSEDED, "superseded"},
    {WEBSITE_IDENTITY_DOMAIN_GONE, "domain-gone"},   {WEBSITE_IDENTITY_WAS_WRONG, "was-wrong"},
};

const char *website_identity_reason_name(unsigned reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if ((unsigned)reasons[i].reason == reason)
            return reasons[i].name;
    return NULL;
}

bool website_identity_reason_by_name(struct bytes name, enum website_identity_reason *out)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (!bytes_is_text(name, reasons[i].name))
            continue;
        *out = reasons[i].reason;
        return true;
    }
    return false;
}

static bool is_revocation_good(const struct website_identity_revocation *r)
{
    return r->serial > 0 && r->time_s >= 0 && website_identity_reason_name((unsigned)r->reason) != NULL;
}

enum status website_identity_write_revocation(const struct website_identity_revocation *revocation, struct builder *out,
                                              struct error *err)
{
    if (!is_revocation_good(revocation))
        return error_set(err, STATUS_USAGE, "revocation of an identity: serial number, time or reason");
    builder_text(out, WEBSITE_IDENTITY_REVOCATION_LABEL);
    builder_bytes(out, BYTES_OF(revocation->signer));
    builder_u64(out, revocation->serial);
    builder_u64(out, (uint64_t)revocation->time_s);
    builder_u8(out, (uint8_t)revocation->reason);
    return builder_status(out, "revocation of an identity", err);
}

enum status website_identity_parse_revocation(struct bytes statement, struct website_identity_revocation *out,
                                              struct error *err)
{
    struct reader r;
    uint8_t reason;
    reader_init(&r, statement);
    if (!read_label(&r, WEBSITE_IDENTITY_REVOCATION_LABEL) || !reader_copy(&r, out->signer, sizeof out->signer) ||
        !reader_u64(&r, &out->serial) || !read_time(&r, &out->time_s) || !reader_u8(&r, &reason) || !reader_is_at_end(&r))
        return malformed(&r, "revocation", err);
    out->reason = (enum website_identity_reason)reason;
    return is_revocation_good(out) ? STATUS_OK : malformed(&r, "serial number or reason of a revocation", err);
}

/* ---- the entry ---- */

enum status website_identity_write_entry(struct bytes statement, struct bytes signature, struct builder *out,
                                         struct error *err)
{
    if (statement.len == 0 || signature.len == 0 ||
        statement.len + signature.len + 4 > WEBSITE_IDENTITY_ENTRY_SIZE_MAX)
        return error_set(err, STATUS_USAGE, "website identity: no statement, no signature, or together more than %d bytes",
                         WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    size_t mark = builder_open_vector(out, 2);
    builder_bytes(out, statement);
    builder_close_vector(out, mark, 2);
    mark = builder_open_vector(out, 2);
    builder_bytes(out, signature);
    builder_close_vector(out, mark, 2);
    return builder_status(out, "website identity", err);
}

enum status website_identity_parse_entry(struct bytes input, struct website_identity_entry *out, struct error *err)
{
    struct reader r, statement, signature, label;
    *out = (struct website_identity_entry){.whole = input};
    if (input.len > WEBSITE_IDENTITY_ENTRY_SIZE_MAX)
        return error_set(err, STATUS_LIMIT, "website identity: longer than %d bytes", WEBSITE_IDENTITY_ENTRY_SIZE_MAX);
    reader_init(&r, input);
    if (!reader_vector_u16(&r, &statement) || !reader_vector_u16(&r, &signature) || !reader_is_at_end(&r) ||
        reader_is_at_end(&signature))
        return malformed(&r, "statement and signature", err);
    out->statement = reader_rest(&statement);
    out->signature = reader_rest(&signature);
    label = statement;
    out->is_revocation = read_label(&label, WEBSITE_IDENTITY_REVOCATION_LABEL);
    return out->is_revocation ? website_identity_parse_revocation(out->statement, &out->revocation, err)
                              : website_identity_parse(out->statement, &out->record, err);
}
