#include "unit/rules/mtc_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"

#define EXPERIMENTAL "2b0601040182da4b2f"
#define PKIX "2b0601050507"

const struct maker_draft maker_gm = {
    .name = "gm-0", .hash = &hash_sm3, .ca_extension = "2b0601040181fd59876801",
    .name_attribute = PKIX "1903", .proof_identifier = "300a0608" PKIX "0643",
    .has_max_serial = true, .signatures_prefix = 3,
};
const struct maker_draft maker_07 = {
    .name = "draft-07", .hash = &hash_sha256, .ca_extension = PKIX "0126",
    .name_attribute = PKIX "1903", .proof_identifier = "300a0608" PKIX "0643",
    .has_max_serial = true, .signatures_prefix = 3,
};
const struct maker_draft maker_06 = {
    .name = "draft-06", .hash = &hash_sha256, .ca_extension = EXPERIMENTAL "04",
    .name_attribute = EXPERIMENTAL "03", .proof_identifier = "300c060a" EXPERIMENTAL "00",
    .has_max_serial = true, .signatures_prefix = 3,
};
const struct maker_draft maker_05 = {
    .name = "draft-05", .hash = &hash_sha256, .ca_extension = EXPERIMENTAL "02",
    .name_attribute = EXPERIMENTAL "01", .proof_identifier = "300c060a" EXPERIMENTAL "00",
    .has_text_name = true, .has_log_hash = true, .has_max_serial = true, .signatures_prefix = 2,
};
const struct maker_draft maker_04 = {
    .name = "draft-04", .hash = &hash_sha256, .ca_extension = EXPERIMENTAL "02",
    .name_attribute = EXPERIMENTAL "01", .proof_identifier = "300c060a" EXPERIMENTAL "00",
    .has_text_name = true, .has_log_hash = true, .signatures_prefix = 2,
};

#define REQUIRE(condition) require((condition), #condition, __LINE__)

static void require(bool is_true, const char *what, int line)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "mtc_maker.c:%d: %s\n", line, what);
    abort();
}

static void put_hex(struct builder *b, const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *space = builder_space(b, len);
    REQUIRE(space != NULL && text_parse_hex(bytes_of_text(hex), space, len));
}

static void put_oid(struct builder *b, const char *hex)
{
    size_t mark = der_open(b, DER_OID);
    put_hex(b, hex);
    der_close(b, mark);
}

/* The builder's bytes in a block of their own size. */
static struct bytes take(struct builder *b)
{
    REQUIRE(builder_is_good(b) && b->len > 0);
    uint8_t *copy = malloc(b->len);
    REQUIRE(copy != NULL);
    memcpy(copy, b->data, b->len);
    struct bytes out = bytes_of(copy, b->len);
    builder_clear(b);
    return out;
}

struct algorithms *maker_algorithms(void)
{
    static struct algorithms *algorithms;
    if (algorithms == NULL)
        REQUIRE(algorithms_new(&algorithms, NULL) == STATUS_OK);
    return algorithms;
}

static const struct signature_alg *find_alg(const char *name)
{
    const struct signature_alg *alg = algorithms_by_name(maker_algorithms(), bytes_of_text(name));
    REQUIRE(alg != NULL);
    return alg;
}

struct private_key *maker_private_key(const char *alg)
{
    struct private_key *key = NULL;
    REQUIRE(private_key_generate(find_alg(alg), &key, NULL) == STATUS_OK);
    return key;
}

/* Base 128, the highest group first. */
static void put_component(struct builder *b, unsigned long long value)
{
    if (value >> 7 != 0) {
        unsigned shift = 0;
        while (shift < 56 && value >> (shift + 7) != 0)
            shift += 7;
        for (; shift > 0; shift -= 7)
            builder_u8(b, (uint8_t)(0x80 | (value >> shift & 0x7f)));
    }
    builder_u8(b, (uint8_t)(value & 0x7f));
}

size_t maker_id(const char *text, uint8_t out[64])
{
    struct builder b;
    builder_init_fixed(&b, out, 64);
    for (const char *at = text; *at != '\0';) {
        char *end;
        put_component(&b, strtoull(at, &end, 10));
        at = *end == '.' ? end + 1 : end;
    }
    REQUIRE(builder_is_good(&b));
    return b.len;
}

/* ---- CAs and cosigners ---- */

static void put_ca_name(struct builder *b, const struct maker_draft *draft, const char *id)
{
    uint8_t binary[64];
    size_t len = maker_id(id, binary);
    size_t name = der_open(b, DER_SEQUENCE), rdn = der_open(b, DER_SET), pair = der_open(b, DER_SEQUENCE);
    put_oid(b, draft->name_attribute);
    if (draft->has_text_name)
        der_write(b, DER_UTF8_STRING, bytes_of_text(id));
    else
        der_write(b, DER_RELATIVE_OID, bytes_of(binary, len));
    der_close(b, pair);
    der_close(b, rdn);
    der_close(b, name);
}

static void put_validity(struct builder *b, int64_t not_before_s, int64_t not_after_s)
{
    size_t mark = der_open(b, DER_SEQUENCE);
    der_write_time(b, not_before_s);
    der_write_time(b, not_after_s);
    der_close(b, mark);
}

static void put_ca_extension(struct builder *b, const struct maker_ca *ca)
{
    const struct signature_alg *alg = public_key_alg(private_key_public(ca->key));
    size_t extension = der_open(b, DER_SEQUENCE);
    put_oid(b, ca->draft->ca_extension);
    der_write_boolean_true(b);
    size_t value = der_open(b, DER_OCTET_STRING), fields = der_open(b, DER_SEQUENCE);
    if (ca->draft->has_log_hash)
        put_hex(b, "300b0609608648016503040201");
    builder_bytes(b, algorithm_identifier(alg));
    der_write_u64(b, ca->min_serial);
    if (ca->draft->has_max_serial)
        der_write_u64(b, ca->max_serial);
    der_close(b, fields);
    der_close(b, value);
    der_close(b, extension);
}

void maker_ca_write(struct maker_ca *ca)
{
    uint8_t id[64];
    struct bytes key_id = bytes_of(id, maker_id(ca->id, id));
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    size_t certificate = der_open(&b, DER_SEQUENCE), tbs = der_open(&b, DER_SEQUENCE);
    put_hex(&b, "a003020102" "020101" "300a06082b06010505070624"); /* v3, serial 1, id-alg-unsigned */
    put_hex(&b, "3010310e300c06082b060105050719010c00");
    put_validity(&b, ca->not_before_s, ca->not_after_s);
    put_ca_name(&b, ca->draft, ca->id);
    builder_bytes(&b, public_key_spki(private_key_public(ca->key)));
    size_t wrapper = der_open(&b, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(&b, DER_SEQUENCE);
    extensions_write_key_usage(&b, KEY_USAGE_KEY_CERT_SIGN);
    extensions_write_basic_constraints_ca(&b);
    extensions_write_subject_key_id(&b, key_id);
    put_ca_extension(&b, ca);
    der_close(&b, list);
    der_close(&b, wrapper);
    der_close(&b, tbs);
    put_hex(&b, "300a06082b06010505070624" "030100");
    der_close(&b, certificate);
    free((uint8_t *)(uintptr_t)ca->der.data);
    ca->der = take(&b);
}

void maker_ca_init(struct maker_ca *ca, const struct maker_draft *draft, const char *id, const char *alg)
{
    *ca = (struct maker_ca){
        .draft = draft,
        .id = id,
        .key = maker_private_key(alg),
        .min_serial = MAKER_SERIAL(1, 0),
        .max_serial = MAKER_SERIAL(9, 0xffffffffffff),
        .not_before_s = MAKER_NOW - MAKER_YEAR,
        .not_after_s = MAKER_NOW + MAKER_YEAR,
    };
    maker_ca_write(ca);
}

void maker_ca_clear(struct maker_ca *ca)
{
    private_key_free(ca->key);
    free((uint8_t *)(uintptr_t)ca->der.data);
    *ca = (struct maker_ca){.key = NULL};
}

void maker_cosigner_init(struct maker_cosigner *cosigner, const char *id, const char *alg)
{
    *cosigner = (struct maker_cosigner){id, alg, maker_private_key(alg)};
}

void maker_cosigner_clear(struct maker_cosigner *cosigner)
{
    private_key_free(cosigner->key);
    cosigner->key = NULL;
}

struct bytes maker_cosigner_spki(const struct maker_cosigner *cosigner)
{
    return public_key_spki(private_key_public(cosigner->key));
}

void maker_cosigner_line(const struct maker_cosigner *cosigner, struct builder *policy)
{
    builder_printf(policy, "cosigner %s %s ", cosigner->id, cosigner->alg);
    text_write_base64(policy, maker_cosigner_spki(cosigner));
    builder_text(policy, "\n");
}

/* ---- entries ---- */

/* An Ed25519 key that nobody has. */
#define EMPTY_SUBJECT "3000"
#define SUBJECT_ALGORITHM "300506032b6570"
#define SUBJECT_SPKI "302a" SUBJECT_ALGORITHM "032100" "1111111111111111111111111111111111111111111111111111111111111111"
/* www.example.com, *.wild.example, 192.0.2.1 */
#define SUBJECT_NAMES "820f7777772e6578616d706c652e636f6d" "820e2a2e77696c642e6578616d706c65" "8704c0000201"

void maker_cert_init(struct maker_cert *cert, const struct maker_ca *ca, uint16_t log_number,
                     uint64_t index, uint64_t start, uint64_t end)
{
    *cert = (struct maker_cert){
        .ca = ca,
        .log_number = log_number,
        .index = index,
        .start = start,
        .end = end,
        .not_before_s = MAKER_NOW,
        .not_after_s = MAKER_NOW + MAKER_WEEK,
        .hash = ca->draft->hash,
    };
}

static void put_issuer(struct builder *b, const struct maker_cert *cert)
{
    if (cert->issuer.len > 0)
        builder_bytes(b, cert->issuer);
    else
        put_ca_name(b, cert->ca->draft, cert->ca->id);
}

static void put_extensions(struct builder *b, const struct maker_cert *cert)
{
    if (cert->has_no_extensions)
        return;
    size_t wrapper = der_open(b, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(b, DER_SEQUENCE);
    if (cert->extensions.len > 0) {
        builder_bytes(b, cert->extensions);
    } else {
        uint8_t memory[64];
        struct builder names;
        builder_init_fixed(&names, memory, sizeof memory);
        put_hex(&names, SUBJECT_NAMES);
        extensions_write_subject_alt_name(b, builder_view(&names), true);
        extensions_write_key_usage(b, KEY_USAGE_DIGITAL_SIGNATURE);
        extensions_write_ext_key_usage(b, false);
    }
    der_close(b, list);
    der_close(b, wrapper);
}

static void start_hasher(struct hasher *h, const struct maker_cert *cert)
{
    REQUIRE(hasher_init(h, cert->hash, NULL) == STATUS_OK);
}

static void put_spki(struct builder *b, const struct maker_cert *cert)
{
    if (cert->spki.len > 0)
        builder_bytes(b, cert->spki);
    else
        put_hex(b, SUBJECT_SPKI);
}

/* SubjectPublicKeyInfo begins with it. */
static void put_subject_algorithm(struct builder *b, const struct maker_cert *cert)
{
    struct reader r, inner;
    struct der_element spki, algorithm;
    if (cert->spki.len == 0) {
        put_hex(b, SUBJECT_ALGORITHM);
        return;
    }
    reader_init(&r, cert->spki);
    REQUIRE(der_tagged(&r, DER_SEQUENCE, &spki));
    reader_init(&inner, spki.contents);
    REQUIRE(der_tagged(&inner, DER_SEQUENCE, &algorithm));
    der_write(b, DER_SEQUENCE, algorithm.contents);
}

/* The fields of TBSCertificateLogEntry in their order, hashed as an MTCLogEntry. */
static void entry_hash(const struct maker_cert *cert, struct hasher *h, uint8_t out[HASH_SIZE])
{
    struct builder b, spki;
    uint8_t spki_hash[HASH_SIZE];
    builder_init(&b, MAKER_SIZE_MAX);
    builder_init(&spki, MAKER_SIZE_MAX);
    put_spki(&spki, cert);
    hasher_one(h, builder_view(&spki), spki_hash);
    builder_clear(&spki);
    builder_u8(&b, 0x00);
    size_t mark = builder_open_vector(&b, 2);
    builder_bytes(&b, cert->logged_entry_extensions.len > 0 ? cert->logged_entry_extensions : cert->entry_extensions);
    builder_close_vector(&b, mark, 2);
    builder_u16(&b, 1);
    put_hex(&b, "a003020102");
    put_issuer(&b, cert);
    put_validity(&b, cert->not_before_s, cert->not_after_s);
    put_hex(&b, EMPTY_SUBJECT);
    put_subject_algorithm(&b, cert);
    der_write(&b, DER_OCTET_STRING, BYTES_OF(spki_hash));
    put_extensions(&b, cert);
    REQUIRE(builder_is_good(&b));
    hasher_one(h, builder_view(&b), out);
    builder_clear(&b);
}

/* ---- the tree [RFC9162 2.1] ---- */

static uint64_t split(uint64_t count)
{
    uint64_t k = 1;
    while (2 * k < count)
        k *= 2;
    return k;
}

static void tree_hash(const struct maker_cert *cert, struct hasher *h, uint64_t start, uint64_t end,
                      uint8_t out[HASH_SIZE])
{
    uint8_t node[1 + 2 * HASH_SIZE] = {0x01};
    if (start == end) {
        hasher_one(h, bytes_of(NULL, 0), out);
    } else if (end - start > 1) {
        uint64_t middle = start + split(end - start);
        tree_hash(cert, h, start, middle, node + 1);
        tree_hash(cert, h, middle, end, node + 1 + HASH_SIZE);
        hasher_one(h, BYTES_OF(node), out);
    } else if (start == cert->index) {
        entry_hash(cert, h, out);
    } else {
        hasher_one(h, bytes_of(&start, sizeof start), out);
    }
}

static void tree_path(const struct maker_cert *cert, struct hasher *h, uint64_t start, uint64_t end,
                      struct builder *out)
{
    uint8_t sibling[HASH_SIZE];
    if (end - start <= 1)
        return;
    uint64_t middle = start + split(end - start);
    bool is_left = cert->index < middle;
    tree_path(cert, h, is_left ? start : middle, is_left ? middle : end, out);
    tree_hash(cert, h, is_left ? middle : start, is_left ? end : middle, sibling);
    builder_bytes(out, BYTES_OF(sibling));
}

void maker_subtree_hash(const struct maker_cert *cert, uint8_t out[HASH_SIZE])
{
    struct hasher h;
    start_hasher(&h, cert);
    tree_hash(cert, &h, cert->start, cert->end, out);
    hasher_clear(&h);
}

/* ---- cosignatures ---- */

void maker_message(const struct maker_cert *cert, const char *cosigner_id, struct maker_message *out)
{
    *out = (struct maker_message){.start = cert->start, .end = cert->end};
    (void)snprintf(out->cosigner_name, sizeof out->cosigner_name, "oid/1.3.6.1.4.1.%s", cosigner_id);
    (void)snprintf(out->log_origin, sizeof out->log_origin, "oid/1.3.6.1.4.1.%s.0.%u", cert->ca->id,
                   cert->log_number);
    maker_subtree_hash(cert, out->hash);
}

void maker_add(struct maker_cert *cert, struct bytes id, struct bytes signature)
{
    REQUIRE(cert->signature_count < MAKER_SIGNATURES_MAX);
    struct maker_signature *s = &cert->signatures[cert->signature_count++];
    REQUIRE(id.len <= sizeof s->id && signature.len <= sizeof s->signature);
    memcpy(s->id, id.data, id.len);
    s->id_len = id.len;
    if (signature.len > 0)
        memcpy(s->signature, signature.data, signature.len);
    s->signature_len = signature.len;
}

void maker_sign(struct maker_cert *cert, const char *id, const struct private_key *key,
                const struct maker_message *message)
{
    struct builder m, signature;
    uint8_t binary[64];
    builder_init(&m, 1024);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_bytes(&m, bytes_of("subtree/v1\n\0", 12));
    size_t mark = builder_open_vector(&m, 1);
    builder_text(&m, message->cosigner_name);
    builder_close_vector(&m, mark, 1);
    builder_u64(&m, message->timestamp);
    mark = builder_open_vector(&m, 1);
    builder_text(&m, message->log_origin);
    builder_close_vector(&m, mark, 1);
    builder_u64(&m, message->start);
    builder_u64(&m, message->end);
    builder_bytes(&m, BYTES_OF(message->hash));
    REQUIRE(builder_is_good(&m));
    REQUIRE(private_key_sign(key, builder_view(&m), &signature, NULL) == STATUS_OK);
    maker_add(cert, bytes_of(binary, maker_id(id, binary)), builder_view(&signature));
    builder_clear(&m);
    builder_clear(&signature);
}

void maker_cosign(struct maker_cert *cert, const struct maker_cosigner *cosigner)
{
    struct maker_message message;
    maker_message(cert, cosigner->id, &message);
    maker_sign(cert, cosigner->id, cosigner->key, &message);
}

void maker_ca_sign(struct maker_cert *cert)
{
    struct maker_message message;
    maker_message(cert, cert->ca->id, &message);
    maker_sign(cert, cert->ca->id, cert->ca->key, &message);
}

void maker_grease(struct maker_cert *cert, size_t signature_len)
{
    uint8_t id[40], signature[8192];
    REQUIRE(signature_len <= sizeof signature);
    memset(id, 0xa5, sizeof id);
    memset(signature, 0x5a, sizeof signature);
    maker_add(cert, BYTES_OF(id), bytes_of(signature, signature_len));
}

static int compare_signatures(const void *a, const void *b)
{
    const struct maker_signature *x = a, *y = b;
    if (x->id_len != y->id_len)
        return x->id_len < y->id_len ? -1 : 1;
    return memcmp(x->id, y->id, x->id_len);
}

/* ---- the certificate ---- */

static void put_signatures(struct builder *b, const struct maker_cert *cert)
{
    static struct maker_signature sorted[MAKER_SIGNATURES_MAX];
    memcpy(sorted, cert->signatures, sizeof sorted);
    if (!cert->keep_order)
        qsort(sorted, cert->signature_count, sizeof sorted[0], compare_signatures);
    unsigned prefix = cert->signatures_prefix != 0 ? cert->signatures_prefix : cert->ca->draft->signatures_prefix;
    size_t list = builder_open_vector(b, prefix);
    for (size_t i = 0; i < cert->signature_count; i++) {
        size_t mark = builder_open_vector(b, 1);
        builder_bytes(b, bytes_of(sorted[i].id, sorted[i].id_len));
        builder_close_vector(b, mark, 1);
        mark = builder_open_vector(b, 2);
        builder_bytes(b, bytes_of(sorted[i].signature, sorted[i].signature_len));
        builder_close_vector(b, mark, 2);
    }
    builder_close_vector(b, list, prefix);
}

static void put_proof(struct builder *b, const struct maker_cert *cert)
{
    size_t mark = builder_open_vector(b, 2);
    builder_bytes(b, cert->entry_extensions);
    builder_close_vector(b, mark, 2);
    builder_u48(b, cert->start);
    builder_u48(b, cert->end);
    mark = builder_open_vector(b, 2);
    if (cert->inclusion_proof.len > 0) {
        builder_bytes(b, cert->inclusion_proof);
    } else {
        struct hasher h;
        start_hasher(&h, cert);
        tree_path(cert, &h, cert->start, cert->end, b);
        hasher_clear(&h);
    }
    builder_close_vector(b, mark, 2);
    put_signatures(b, cert);
    builder_bytes(b, cert->after_proof);
}

static void put_algorithm(struct builder *b, const struct maker_cert *cert, struct bytes instead)
{
    if (instead.len > 0)
        builder_bytes(b, instead);
    else
        put_hex(b, cert->ca->draft->proof_identifier);
}

struct bytes maker_write(const struct maker_cert *cert)
{
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    size_t certificate = der_open(&b, DER_SEQUENCE), tbs = der_open(&b, DER_SEQUENCE);
    put_hex(&b, "a003020102");
    if (cert->serial.len > 0)
        der_write(&b, DER_INTEGER, cert->serial);
    else
        der_write_u64(&b, MAKER_SERIAL(cert->log_number, cert->index));
    put_algorithm(&b, cert, cert->inner_algorithm);
    put_issuer(&b, cert);
    put_validity(&b, cert->not_before_s, cert->not_after_s);
    put_hex(&b, EMPTY_SUBJECT);
    put_spki(&b, cert);
    put_extensions(&b, cert);
    der_close(&b, tbs);
    put_algorithm(&b, cert, cert->outer_algorithm);
    size_t bits = der_open(&b, DER_BIT_STRING);
    builder_u8(&b, 0);
    put_proof(&b, cert);
    der_close(&b, bits);
    der_close(&b, certificate);
    return take(&b);
}

void maker_subtree_line(const struct maker_cert *cert, struct builder *policy)
{
    uint8_t hash[HASH_SIZE];
    maker_subtree_hash(cert, hash);
    builder_printf(policy, "trusted-subtree %s %u %llu %llu ", cert->ca->id, cert->log_number,
                   (unsigned long long)cert->start, (unsigned long long)cert->end);
    text_write_base64(policy, BYTES_OF(hash));
    builder_text(policy, "\n");
}
