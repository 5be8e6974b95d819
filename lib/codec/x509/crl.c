#include "codec/x509/crl.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"
#include "codec/x509/name.h"
#include "codec/x509/signed.h"

static const uint8_t oid_reason[] = {0x55, 0x1d, 0x15};
static const uint8_t oid_number[] = {0x55, 0x1d, 0x14};
static const uint8_t oid_point[] = {0x55, 0x1d, 0x1c};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 0x23};

#define ENUMERATED 0x0a
#define GENERAL_NAME_URI DER_CONTEXT(6)
#define ONLY_USER_CERTS DER_CONTEXT(1)
#define POINT_SIZE_MAX 1024
/* CRLReason ends at aACompromise(10) [RFC5280 5.3.1]. */
#define REASON_MAX 10

unsigned crl_shard_of(struct bytes serial)
{
    return serial.len > 0 ? serial.data[serial.len - 1] % CRL_SHARDS : 0;
}

/* ---- writing ---- */

static void write_entry(const struct crl_entry *entry, struct builder *b)
{
    size_t sequence = der_open(b, DER_SEQUENCE);
    der_write(b, DER_INTEGER, entry->serial);
    der_write_time(b, entry->revoked_s);
    if (entry->reason != 0) {
        const uint8_t value[] = {ENUMERATED, 1, (uint8_t)entry->reason};
        size_t list = der_open(b, DER_SEQUENCE);
        extensions_write(b, BYTES_OF(oid_reason), false, BYTES_OF(value));
        der_close(b, list);
    }
    der_close(b, sequence);
}

/* [RFC5280 5.2.5]: distributionPoint, and onlyContainsUserCerts. */
static void write_point(struct bytes url, struct builder *b)
{
    static const uint8_t yes[] = {0xff};
    uint8_t memory[POINT_SIZE_MAX];
    struct builder value;
    builder_init_fixed(&value, memory, sizeof memory);
    size_t sequence = der_open(&value, DER_SEQUENCE), point = der_open(&value, DER_CONTEXT_CONSTRUCTED(0));
    size_t full = der_open(&value, DER_CONTEXT_CONSTRUCTED(0));
    der_write(&value, GENERAL_NAME_URI, url);
    der_close(&value, full);
    der_close(&value, point);
    der_write(&value, ONLY_USER_CERTS, BYTES_OF(yes));
    der_close(&value, sequence);
    if (!builder_is_good(&value) && builder_is_good(b))
        b->failure = value.failure;
    extensions_write(b, BYTES_OF(oid_point), true, builder_view(&value));
}

static void write_extensions(const struct crl *crl, struct builder *b)
{
    uint8_t memory[16];
    struct builder number;
    builder_init_fixed(&number, memory, sizeof memory);
    der_write_u64(&number, crl->number);
    size_t wrapper = der_open(b, DER_CONTEXT_CONSTRUCTED(0)), list = der_open(b, DER_SEQUENCE);
    extensions_write_authority_key_id(b, crl->key_id);
    extensions_write(b, BYTES_OF(oid_number), false, builder_view(&number));
    if (crl->url.len > 0)
        write_point(crl->url, b);
    der_close(b, list);
    der_close(b, wrapper);
}

void crl_write_tbs(const struct crl *crl, const struct crl_entry *entries, size_t count,
                   struct builder *out)
{
    size_t sequence = der_open(out, DER_SEQUENCE);
    der_write_u64(out, 1); /* v2 */
    builder_bytes(out, crl->algorithm);
    builder_bytes(out, crl->issuer);
    der_write_time(out, crl->this_update_s);
    der_write_time(out, crl->next_update_s);
    if (count > 0) { /* an empty one must not be there [RFC5280 5.1.2.6] */
        size_t list = der_open(out, DER_SEQUENCE);
        for (size_t i = 0; i < count; i++)
            write_entry(&entries[i], out);
        der_close(out, list);
    }
    write_extensions(crl, out);
    der_close(out, sequence);
}

/* ---- reading ---- */

static bool read_reason(struct reader *r, int *reason)
{
    struct reader list, value;
    struct extension e;
    uint8_t tag, len, number;
    *reason = 0;
    if (reader_is_at_end(r))
        return true;
    if (!der_enter(r, DER_SEQUENCE, &list) || !extensions_next(&list, &e) || !reader_is_at_end(&list) ||
        !bytes_equal(e.oid, BYTES_OF(oid_reason)) || e.is_critical)
        return false;
    reader_init(&value, e.value);
    bool ok = reader_u8(&value, &tag) && tag == ENUMERATED && reader_u8(&value, &len) && len == 1 &&
              reader_u8(&value, &number) && number > 0 && number <= REASON_MAX && reader_is_at_end(&value);
    *reason = ok ? number : 0;
    return ok && reader_is_at_end(r);
}

bool crl_next(struct reader *entries, struct crl_entry *out)
{
    struct reader r;
    struct der_element serial;
    if (!der_enter(entries, DER_SEQUENCE, &r) || !der_tagged(&r, DER_INTEGER, &serial) ||
        !der_is_integer(serial.contents) || serial.contents.len > CRL_SERIAL_MAX ||
        !der_read_time(&r, &out->revoked_s) || !read_reason(&r, &out->reason))
        return false;
    out->serial = serial.contents;
    return true;
}

static bool read_key_id(struct bytes value, struct crl *crl)
{
    struct reader r, sequence;
    struct der_element id;
    reader_init(&r, value);
    if (!der_enter(&r, DER_SEQUENCE, &sequence) || !reader_is_at_end(&r) ||
        !der_tagged(&sequence, DER_CONTEXT(0), &id) || !reader_is_at_end(&sequence))
        return false;
    crl->key_id = id.contents;
    return true;
}

static bool read_point(struct bytes value, struct crl *crl)
{
    struct reader r, sequence, point, full;
    struct der_element uri, only;
    reader_init(&r, value);
    bool ok = der_enter(&r, DER_SEQUENCE, &sequence) && reader_is_at_end(&r) &&
              der_enter(&sequence, DER_CONTEXT_CONSTRUCTED(0), &point) &&
              der_enter(&point, DER_CONTEXT_CONSTRUCTED(0), &full) && reader_is_at_end(&point) &&
              der_tagged(&full, GENERAL_NAME_URI, &uri) && reader_is_at_end(&full) &&
              der_tagged(&sequence, ONLY_USER_CERTS, &only) && reader_is_at_end(&sequence) &&
              only.contents.len == 1 && only.contents.data[0] == 0xff;
    if (ok)
        crl->url = uri.contents;
    return ok && uri.contents.len > 0;
}

/* The three that we write, in our order; the last one may be missing. */
static bool read_extensions(struct reader *r, struct crl *crl)
{
    struct reader wrapper, list, number;
    struct extension e;
    if (!der_enter(r, DER_CONTEXT_CONSTRUCTED(0), &wrapper) || !der_enter(&wrapper, DER_SEQUENCE, &list) ||
        !reader_is_at_end(&wrapper))
        return false;
    if (!extensions_next(&list, &e) || !bytes_equal(e.oid, BYTES_OF(oid_authority_key_id)) || e.is_critical ||
        !read_key_id(e.value, crl))
        return false;
    if (!extensions_next(&list, &e) || !bytes_equal(e.oid, BYTES_OF(oid_number)) || e.is_critical)
        return false;
    reader_init(&number, e.value);
    if (!der_read_u64(&number, &crl->number) || !reader_is_at_end(&number))
        return false;
    if (reader_is_at_end(&list))
        return true;
    return extensions_next(&list, &e) && bytes_equal(e.oid, BYTES_OF(oid_point)) && e.is_critical &&
           read_point(e.value, crl) && reader_is_at_end(&list);
}

static bool read_tbs(struct reader *r, struct crl_parsed *out)
{
    uint64_t version;
    struct reader entries;
    struct crl_entry entry;
    if (!der_read_u64(r, &version) || version != 1 || !der_whole(r, DER_SEQUENCE, &out->crl.algorithm) ||
        !name_read(r, &out->crl.issuer) || !der_read_time(r, &out->crl.this_update_s) ||
        !der_read_time(r, &out->crl.next_update_s) || out->crl.next_update_s < out->crl.this_update_s)
        return false;
    if (der_next_is(r, DER_SEQUENCE)) {
        if (!der_enter(r, DER_SEQUENCE, &entries) || reader_is_at_end(&entries))
            return false;
        out->entries = reader_rest(&entries);
        for (; !reader_is_at_end(&entries); out->count++)
            if (!crl_next(&entries, &entry))
                return false;
    }
    return read_extensions(r, &out->crl) && reader_is_at_end(r);
}

enum status crl_parse(struct bytes der, struct crl_parsed *out, struct error *err)
{
    struct signed_object object;
    *out = (struct crl_parsed){.count = 0};
    enum status s = signed_parse(der, CRL_SIZE_MAX, "CRL", "TBSCertList", &object, err);
    if (s != STATUS_OK)
        return s;
    if (!read_tbs(&object.contents, out))
        return error_at(err, STATUS_MALFORMED, reader_offset(&object.contents), "CRL: not one of version 2 as CAs here write them");
    if (!bytes_equal(object.algorithm, out->crl.algorithm))
        return error_set(err, STATUS_MALFORMED, "CRL: signed with another algorithm than it says");
    out->tbs = object.body;
    out->signature = object.signature_value;
    return STATUS_OK;
}

bool crl_is_tbs(struct bytes document)
{
    struct reader r, contents;
    struct crl_parsed parsed = {.count = 0};
    reader_init(&r, document);
    return der_enter(&r, DER_SEQUENCE, &contents) && reader_is_at_end(&r) && read_tbs(&contents, &parsed);
}
