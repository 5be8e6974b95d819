#include "service/site_certificates/site_leaf.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/mtc/draft.h"
#include "codec/pem/pem.h"
#include "codec/x509/extensions.h"
#include "crypto/hash.h"
#include "crypto/subject_key.h"
#include "rules/dns_name.h"

/* As many as tls/tls_credential.h takes. */
#define CHAIN_MAX 10
/* The index has 48 bits below the log number [MTC 5.2]. */
#define INDEX_BITS 48

/* 1.3.6.1.5.5.7.1.1 and 1.3.6.1.5.5.7.48.1 */
static const uint8_t oid_authority_info[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};
static const uint8_t oid_ocsp[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01};

void site_leaf_init(struct site_leaf *leaf)
{
    memset(leaf, 0, sizeof *leaf);
    builder_init(&leaf->chain, SITE_CHAIN_MAX);
    builder_init(&leaf->properties, PROPERTIES_SIZE_MAX);
    builder_init(&leaf->der, CERTIFICATE_SIZE_MAX);
}

void site_leaf_clear(struct site_leaf *leaf)
{
    builder_clear(&leaf->chain);
    builder_clear(&leaf->properties);
    builder_clear(&leaf->der);
    memset(leaf, 0, sizeof *leaf);
}

/* ---- PEM ---- */

static enum status take_block(struct site_leaf *leaf, const struct pem_block *block, struct bytes der, size_t *count, struct error *err)
{
    if (*count == 0 && leaf->properties.len == 0 && bytes_is_text(block->label, PROPERTIES_PEM_LABEL)) {
        builder_bytes(&leaf->properties, der);
        return builder_status(&leaf->properties, "properties", err);
    }
    if (!bytes_is_text(block->label, PEM_CERTIFICATE))
        return error_set(err, STATUS_MALFORMED, "a block that is no certificate: %.*s", (int)block->label.len, (const char *)block->label.data);
    if (++*count > CHAIN_MAX)
        return error_set(err, STATUS_MALFORMED, "more than %d certificates", CHAIN_MAX);
    if (*count == 1)
        builder_bytes(&leaf->der, der);
    return pem_write(PEM_CERTIFICATE, der, &leaf->chain, err);
}

static enum status read_blocks(struct bytes pem, struct site_leaf *leaf, struct error *err)
{
    struct pem_reader r;
    struct pem_block block;
    struct builder der;
    size_t count = 0;
    enum status s = STATUS_OK;
    builder_init(&der, SITE_CHAIN_MAX);
    pem_reader_init(&r, pem, PEM_LAX);
    while (s == STATUS_OK) {
        builder_reset(&der);
        s = pem_next(&r, &block, &der, err);
        if (s == STATUS_OK)
            s = take_block(leaf, &block, builder_view(&der), &count, err);
    }
    builder_clear(&der);
    if (s != STATUS_NOT_FOUND)
        return s;
    if (count == 0)
        return error_set(err, STATUS_MALFORMED, "no certificate");
    s = builder_status(&leaf->der, "leaf", err);
    return s == STATUS_OK ? builder_status(&leaf->chain, "chain", err) : s;
}

/* ---- the leaf ---- */

static bool is_mtc_proof(struct bytes algorithm)
{
    return bytes_equal(algorithm, draft_07.proof_identifier) || bytes_equal(algorithm, draft_gm.proof_identifier);
}

/* ARI names a certificate by the contents of keyIdentifier and serialNumber [RFC9773 4.1]. */
static void write_id(struct bytes key_id, struct bytes serial, char out[SITE_LEAF_ID_SIZE])
{
    struct builder b;
    builder_init_fixed(&b, out, SITE_LEAF_ID_SIZE);
    text_write_base64url(&b, key_id);
    builder_text(&b, ".");
    text_write_base64url(&b, serial);
    builder_u8(&b, 0);
    if (!builder_is_good(&b) || key_id.len == 0)
        out[0] = '\0';
}

static void write_serial(struct bytes serial, bool is_mtc, char out[SITE_LEAF_SERIAL_SIZE])
{
    uint64_t number = 0;
    for (size_t i = 0; i < serial.len && i < 9; i++)
        number = number << 8 | serial.data[i];
    if (is_mtc && serial.len <= 9)
        (void)snprintf(out, SITE_LEAF_SERIAL_SIZE, "%llu/%llu", (unsigned long long)(number >> INDEX_BITS),
                       (unsigned long long)(number & ((UINT64_C(1) << INDEX_BITS) - 1)));
    else if (2 * serial.len < SITE_LEAF_SERIAL_SIZE)
        text_hex(serial, out);
}

/* The first http URL of an OCSP responder [RFC5280 4.2.2.1]; malformed ones are as none. */
static void find_ocsp(struct bytes list, char out[SITE_URL_SIZE])
{
    struct reader r, value, sequence, description;
    struct extension extension;
    struct der_element oid, location;
    reader_init(&r, list);
    while (extensions_next(&r, &extension)) {
        if (!bytes_equal(extension.oid, BYTES_OF(oid_authority_info)))
            continue;
        reader_init(&value, extension.value);
        if (!der_enter(&value, DER_SEQUENCE, &sequence))
            return;
        while (der_enter(&sequence, DER_SEQUENCE, &description)) {
            if (!der_tagged(&description, DER_OID, &oid) || !der_tagged(&description, DER_CONTEXT(6), &location))
                return;
            struct bytes url = location.contents;
            bool is_http = url.len > 7 && url.len < SITE_URL_SIZE && memcmp(url.data, "http://", 7) == 0;
            if (!bytes_equal(oid.contents, BYTES_OF(oid_ocsp)) || !is_http || !text_is_printable_utf8(url))
                continue;
            memcpy(out, url.data, url.len);
            out[url.len] = '\0';
            return;
        }
    }
}

/* A landmark-relative one has the ID CA.1.LOG.LANDMARK [MTC 8.2]. */
static enum status read_properties(struct site_leaf *leaf, struct error *err)
{
    static struct properties properties; /* 9 KiB; one thread */
    if (leaf->properties.len == 0)
        return STATUS_OK;
    enum status s = properties_parse(builder_view(&leaf->properties), PROPERTIES_WITH_PATTERNS, &properties, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "properties");
    leaf->has_negotiation = properties.has_negotiation;
    leaf->has_scts = properties.has_sct_list;
    struct reader r;
    uint64_t component;
    reader_init(&r, tai_bytes(&properties.trust_anchor_id));
    while (leaf->has_negotiation && tai_read_component(&r, &component))
        leaf->landmark = component;
    return STATUS_OK;
}

static enum status read_leaf(struct site_leaf *leaf, struct error *err)
{
    struct certificate c;
    struct extensions extensions;
    char key[SUBJECT_KEY_TEXT_SIZE];
    enum status s = certificate_parse(builder_view(&leaf->der), &c, err);
    if (s == STATUS_OK)
        s = extensions_parse(c.extensions, &extensions, err);
    if (s != STATUS_OK)
        return s;
    leaf->not_before_s = c.not_before_s;
    leaf->not_after_s = c.not_after_s;
    leaf->is_mtc = is_mtc_proof(c.signature_algorithm);
    subject_key_describe(c.spki, key, sizeof key);
    leaf->is_gm = strcmp(key, "SM2") == 0;
    write_id(extensions.authority_key_id, c.serial, leaf->id);
    write_serial(c.serial, leaf->is_mtc, leaf->serial);
    find_ocsp(c.extensions, leaf->ocsp_url);
    return STATUS_OK;
}

enum status site_leaf_read(struct bytes pem, struct site_leaf *leaf, struct error *err)
{
    site_leaf_init(leaf);
    enum status s = read_blocks(pem, leaf, err);
    if (s == STATUS_OK)
        s = read_leaf(leaf, err);
    if (s == STATUS_OK)
        s = read_properties(leaf, err);
    const struct bytes parts[] = {builder_view(&leaf->chain), builder_view(&leaf->properties)};
    leaf->has_hash = s == STATUS_OK && hash_label_sha256(parts, 2, leaf->hash);
    return s == STATUS_OK || s == STATUS_NO_MEMORY ? s : error_prefix(err, STATUS_MALFORMED, "chain");
}

/* ---- checks ---- */

static struct certificate parsed(const struct site_leaf *leaf)
{
    struct certificate c;
    if (certificate_parse(builder_view(&leaf->der), &c, NULL) != STATUS_OK)
        memset(&c, 0, sizeof c);
    return c;
}

static enum status check_key(const struct site_leaf *leaf, struct bytes key_pem, struct error *err)
{
    struct builder spki;
    builder_init(&spki, SUBJECT_KEY_SPKI_MAX);
    enum status s = subject_key_of_private(key_pem, &spki, err);
    if (s == STATUS_OK && !bytes_equal(builder_view(&spki), parsed(leaf).spki))
        s = error_set(err, STATUS_REFUSED, "the certificate is for another key");
    builder_clear(&spki);
    return s;
}

enum status site_leaf_check(const struct site_leaf *leaf, enum site_kind kind, struct bytes key_pem, int64_t now_s, struct error *err)
{
    if (leaf->is_mtc != site_kind_is_mtc(kind))
        return error_set(err, STATUS_REFUSED, "%s is wanted, and this is %s Merkle Tree Certificate", site_kind_name(kind),
                         leaf->is_mtc ? "a" : "no");
    if (leaf->is_gm != site_kind_is_gm(kind))
        return error_set(err, STATUS_REFUSED, "%s is wanted, and the certificate's key is %s", site_kind_name(kind),
                         leaf->is_gm ? "an SM2 key" : "no SM2 key");
    if (leaf->not_after_s < now_s)
        return error_set(err, STATUS_REFUSED, "the certificate has expired, by the clock of this machine");
    return key_pem.len > 0 ? check_key(leaf, key_pem, err) : STATUS_OK;
}

bool site_leaf_is_same_entry(const struct site_leaf *a, const struct site_leaf *b)
{
    const struct certificate x = parsed(a), y = parsed(b);
    return x.spki.len > 0 && bytes_equal(x.spki, y.spki) && bytes_equal(x.serial, y.serial) && bytes_equal(x.issuer, y.issuer) &&
           bytes_equal(x.validity, y.validity) && bytes_equal(x.subject, y.subject) && bytes_equal(x.extensions, y.extensions);
}

static bool equal_name(struct bytes got, const char *want)
{
    size_t i = 0;
    for (; i < got.len && want[i] != '\0'; i++) {
        uint8_t a = got.data[i], b = (uint8_t)want[i];
        a = a >= 'A' && a <= 'Z' ? (uint8_t)(a + 32) : a;
        b = b >= 'A' && b <= 'Z' ? (uint8_t)(b + 32) : b;
        if (a != b)
            return false;
    }
    return i == got.len && want[i] == '\0';
}

bool site_leaf_covers(const struct site_leaf *leaf, const char *name)
{
    const struct certificate c = parsed(leaf);
    struct extensions extensions;
    struct san_name san;
    struct reader r;
    uint8_t address[16];
    size_t len = 0;
    bool is_ip = ip_address_parse(bytes_of_text(name), address, &len);
    if (extensions_parse(c.extensions, &extensions, NULL) != STATUS_OK)
        return false;
    reader_init(&r, extensions.subject_alt_name);
    while (san_next(&r, &san)) {
        if (is_ip && san.tag == SAN_IP_ADDRESS && bytes_equal(san.value, bytes_of(address, len)))
            return true;
        if (!is_ip && san.tag == SAN_DNS_NAME && (equal_name(san.value, name) || dns_name_matches(san.value, bytes_of_text(name))))
            return true;
    }
    return false;
}
