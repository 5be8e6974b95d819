/* What the store of a CA holds, by order and by serial number. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/reader.h"
#include "base/text.h"
#include "codec/x509/certificate.h"
#include "service/classic_issuer/classic_internal.h"

/* Of one CA, whose certificates from before the index are listed at once. */
#define INDEXED_MAX ((size_t)1 << 22)
#define INDEXED "index/issued"

void classic_order_name(const char *kind, const uint8_t instance[CLASSIC_INSTANCE_SIZE], acme_id order,
                        char out[OBJECT_NAME_MAX + 1])
{
    char hex[2 * CLASSIC_INSTANCE_SIZE + 1];
    text_hex(bytes_of(instance, CLASSIC_INSTANCE_SIZE), hex);
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "%.16s/%s/%" PRIu64, kind, hex, order);
}

void classic_issued_name(const char *kind, struct bytes serial, char out[OBJECT_NAME_MAX + 1])
{
    char hex[2 * ACME_SERIAL_MAX + 1];
    text_hex(serial, hex);
    (void)snprintf(out, OBJECT_NAME_MAX + 1, "%.16s/%s", kind, hex);
}

enum status classic_issued_parse(struct bytes value, struct classic_issued *out, struct error *err)
{
    struct reader r;
    uint64_t not_after_s, issued_s;
    struct bytes instance;
    uint8_t has_precert;
    reader_init(&r, value);
    if (!reader_u64(&r, &not_after_s) || !reader_u64(&r, &issued_s) || !reader_u64(&r, &out->order) ||
        !reader_bytes(&r, CLASSIC_INSTANCE_SIZE, &instance) || !reader_u8(&r, &has_precert) || has_precert > 1 ||
        !reader_is_at_end(&r))
        return error_set(err, STATUS_MALFORMED, "no record of an issued certificate");
    out->not_after_s = (int64_t)not_after_s;
    out->issued_s = (int64_t)issued_s;
    out->has_precert = has_precert == 1;
    memcpy(out->instance, instance.data, CLASSIC_INSTANCE_SIZE);
    return STATUS_OK;
}

enum status classic_objects_get(const struct classic_issuer *issuer, const char *kind, acme_id order, struct builder *out,
                                struct error *err)
{
    const struct object_store *store = &issuer->config.store;
    char name[OBJECT_NAME_MAX + 1];
    classic_order_name(kind, issuer->config.instance, order, name);
    return store->get(store->context, name, out, err);
}

enum status classic_objects_get_signed(const struct classic_issuer *issuer, struct bytes serial, acme_id order,
                                       struct builder *out, struct error *err)
{
    const struct object_store *store = &issuer->config.store;
    struct classic_issued issued;
    char name[OBJECT_NAME_MAX + 1];
    uint8_t memory[64];
    struct builder record;
    builder_init_fixed(&record, memory, sizeof memory);
    classic_issued_name("issued", serial, name);
    enum status s = store->get(store->context, name, &record, err);
    if (s == STATUS_NOT_FOUND) /* from before there was issued/ */
        return classic_objects_get(issuer, "signed", order, out, err);
    if (s == STATUS_OK)
        s = classic_issued_parse(builder_view(&record), &issued, err);
    if (s != STATUS_OK)
        return s;
    classic_order_name("signed", issued.instance, issued.order, name);
    return store->get(store->context, name, out, err);
}

enum status classic_objects_put(const struct classic_issuer *issuer, const char *kind, acme_id order, struct bytes value,
                                struct error *err)
{
    const struct object_store *store = &issuer->config.store;
    char name[OBJECT_NAME_MAX + 1];
    classic_order_name(kind, issuer->config.instance, order, name);
    return store->put(store->context, name, value, err);
}

enum status classic_objects_sync(const struct object_store *store, enum status so_far, struct error *err)
{
    if (so_far == STATUS_OK)
        return store->sync(store->context, err);
    (void)!store->sync(store->context, NULL);
    return so_far;
}

static enum status put_issued(const struct object_store *store, const struct classic_issued *issued, struct bytes serial,
                              struct error *err)
{
    uint8_t memory[64];
    char name[OBJECT_NAME_MAX + 1];
    struct builder b;
    if (serial.len > ACME_SERIAL_MAX)
        return error_set(err, STATUS_MALFORMED, "a serial number of %zu bytes", serial.len);
    builder_init_fixed(&b, memory, sizeof memory);
    builder_u64(&b, (uint64_t)issued->not_after_s);
    builder_u64(&b, (uint64_t)issued->issued_s);
    builder_u64(&b, issued->order);
    builder_bytes(&b, BYTES_OF(issued->instance));
    builder_u8(&b, issued->has_precert);
    classic_issued_name("issued", serial, name);
    return store->put(store->context, name, builder_view(&b), err);
}

enum status classic_objects_put_issued(const struct classic_issuer *issuer, acme_id order, struct bytes der, bool is_precert,
                                       struct error *err)
{
    struct certificate c;
    struct classic_issued issued = {.issued_s = classic_now_s(issuer), .order = order, .has_precert = is_precert};
    enum status s = certificate_parse(der, &c, err);
    if (s != STATUS_OK)
        return s;
    issued.not_after_s = c.not_after_s;
    memcpy(issued.instance, issuer->config.instance, sizeof issued.instance);
    return put_issued(&issuer->config.store, &issued, c.serial, err);
}

/* ---- certificates from before ---- */

struct old_name {
    char name[OBJECT_NAME_MAX + 1];
};

static enum status collect(void *context, const char *name, struct error *err)
{
    struct array *names = context;
    struct old_name one;
    (void)snprintf(one.name, sizeof one.name, "%s", name);
    return array_insert(names, names->count, &one, "certificates of a CA", err);
}

/* "signed/<instance>/<order>" */
static bool read_name(const char *name, struct classic_issued *out)
{
    static const size_t at = sizeof "signed/" - 1, digits = 2 * (size_t)CLASSIC_INSTANCE_SIZE;
    return strlen(name) > at + digits + 1 && name[at + digits] == '/' &&
           text_parse_hex(bytes_of(name + at, digits), out->instance, CLASSIC_INSTANCE_SIZE) &&
           text_parse_u64(bytes_of_text(name + at + digits + 1), UINT64_MAX, &out->order);
}

static enum status index_one(const struct object_store *store, const char *name, struct error *err)
{
    struct classic_issued issued = {.order = 0};
    struct certificate c;
    struct builder der;
    builder_init(&der, CLASSIC_LEAF_MAX);
    enum status s = store->get(store->context, name, &der, err);
    if (s == STATUS_OK && (!read_name(name, &issued) || certificate_parse(builder_view(&der), &c, err) != STATUS_OK))
        s = error_set(err, STATUS_IO, "%s is damaged", name);
    if (s == STATUS_OK) {
        issued.issued_s = c.not_before_s;
        issued.not_after_s = c.not_after_s;
        s = put_issued(store, &issued, c.serial, err);
    }
    builder_clear(&der);
    return s;
}

enum status classic_objects_index(const struct classic_issuer *issuer, struct error *err)
{
    const struct object_store *store = &issuer->config.store;
    struct array names = array_of(sizeof(struct old_name), INDEXED_MAX);
    struct builder done;
    builder_init(&done, 16);
    enum status s = store->get(store->context, INDEXED, &done, err);
    builder_clear(&done);
    if (s != STATUS_NOT_FOUND)
        return s;
    s = store->list(store->context, "signed/", collect, &names, err);
    for (size_t i = 0; s == STATUS_OK && i < names.count; i++)
        s = index_one(store, ((const struct old_name *)array_at(&names, i))->name, err);
    array_clear(&names);
    s = classic_objects_sync(store, s, err);
    if (s == STATUS_OK)
        s = store->put(store->context, INDEXED, bytes_of_text("1"), err);
    return classic_objects_sync(store, s, err);
}
