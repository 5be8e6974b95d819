#include "unit/codec/der_parts.h"

#include "codec/asn1/der.h"
#include "codec/mtc/tbs_entry.h"
#include "merkle/node.h"

static struct error err;

enum part { VERSION, ISSUER, VALIDITY, SUBJECT, ALGORITHM, HASH, AFTER, PART_COUNT };

#define HASH_HEX "b3aea0f0a50538874f2b4c912f2676bd25ccc3dae700e20dcad42d3d5c074ca5"

static const char *const good_parts[PART_COUNT] = {
    [VERSION] = "a003020102",
    [ISSUER] = "30143112301006082b060105050719030d0481fd5901",
    [VALIDITY] = "301e 170d3230303130313030303030305a 170d3230313233313233353935395a",
    [SUBJECT] = "3000",
    [ALGORITHM] = "300506032b6570",
    [HASH] = ("0420" HASH_HEX),
    [AFTER] = "a30e 300c 300a 0603551d11 0403 300102",
};

static struct bytes build(const char *const *parts)
{
    struct builder b;
    builder_init(&b, PARTS_SIZE_MAX);
    for (size_t i = 0; i < PART_COUNT; i++)
        parts_hex(&b, parts[i]);
    struct bytes out = heap_copy(builder_view(&b));
    builder_clear(&b);
    return out;
}

static struct bytes build_with(size_t part, const char *hex)
{
    return parts_with(good_parts, PART_COUNT, part, hex, build);
}

static void round_trip(struct bytes contents)
{
    struct tbs_entry e;
    struct builder b;
    OK(tbs_entry_parse(contents, &e, &err));
    builder_init(&b, PARTS_SIZE_MAX);
    tbs_entry_write(&e, &b);
    assert_bytes(builder_view(&b), contents);
    builder_clear(&b);
}

static void fields(void **state)
{
    (void)state;
    struct bytes contents = build(good_parts);
    struct tbs_entry e;
    OK(tbs_entry_parse(contents, &e, &err));
    assert_hex(e.version, good_parts[VERSION]);
    assert_hex(e.issuer, good_parts[ISSUER]);
    assert_hex(e.validity, good_parts[VALIDITY]);
    assert_hex(e.subject, good_parts[SUBJECT]);
    assert_hex(e.spki_algorithm, good_parts[ALGORITHM]);
    assert_hex(e.spki_hash, HASH_HEX);
    assert_hex(e.after_spki, good_parts[AFTER]);
    assert_hex(e.extensions, "300a0603551d110403300102");
    assert_int_equal(e.not_before_s, 1577836800);
    assert_int_equal(e.not_after_s, 1609459199);
    round_trip(contents);
    heap_free(contents);
}

static void variants(void **state)
{
    (void)state;
    static const struct parts_case cases[] = {
        {AFTER, "", STATUS_OK, ""},
        {AFTER, "8102 00aa 8202 00bb a30e300c300a0603551d110403300102", STATUS_OK, ""},
        {VALIDITY, "3020 170d3230303130313030303030305a 180f32303530303130313030303030305a", STATUS_OK, ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes contents = build_with(cases[i].part, cases[i].hex);
        round_trip(contents);
        heap_free(contents);
    }
    const char *parts[PART_COUNT];
    memcpy(parts, good_parts, sizeof parts);
    parts[VERSION] = parts[AFTER] = "";
    struct bytes contents = build(parts);
    round_trip(contents);
    heap_free(contents);
}

static void refusals(void **state)
{
    (void)state;
    static const struct parts_case cases[] = {
        {VERSION, "a003020100", STATUS_MALFORMED, "TBSCertificateLogEntry: certificate: bad version"},
        {VERSION, "", STATUS_MALFORMED, "extensions need version 3"},
        {VERSION, "a003020101", STATUS_MALFORMED, "extensions need version 3"},
        {ISSUER, "0500", STATUS_MALFORMED, "bad issuer"},
        {VALIDITY, "3000", STATUS_MALFORMED, "TBSCertificateLogEntry: certificate: bad validity"},
        {SUBJECT, "0500", STATUS_MALFORMED, "bad subject ("},
        {SUBJECT, "3002 3100", STATUS_MALFORMED, "bad subject ("},
        {ISSUER, "3003 020105", STATUS_MALFORMED, "bad issuer"},
        {ALGORITHM, "0500", STATUS_MALFORMED, "bad subjectPublicKeyAlgorithm"},
        {HASH, "041f b3aea0f0a50538874f2b4c912f2676bd25ccc3dae700e20dcad42d3d5c074c", STATUS_MALFORMED,
         "bad subjectPublicKeyInfoHash"},
        {HASH, "0421" HASH_HEX "00", STATUS_MALFORMED, "bad subjectPublicKeyInfoHash"},
        {HASH, "0320" HASH_HEX, STATUS_MALFORMED, "bad subjectPublicKeyInfoHash"},
        {HASH, "", STATUS_MALFORMED, "bad subjectPublicKeyInfoHash"},
        {AFTER, "0500", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "a302 3000", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "a30e300c300a0603551d110403300102 0500", STATUS_MALFORMED, "bad extensions"},
        {AFTER, "00", STATUS_MALFORMED, "not DER"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct bytes contents = build_with(cases[i].part, cases[i].hex);
        struct tbs_entry e;
        assert_says(tbs_entry_parse(contents, &e, &err), &err, cases[i].status, cases[i].fragment);
        heap_free(contents);
    }
    struct bytes contents = build(good_parts);
    for (size_t len = 0; len < contents.len; len++) {
        struct tbs_entry e;
        struct bytes cut = heap_copy(bytes_of(contents.data, len));
        /* all that follows the hash is optional, but not with this version */
        if (tbs_entry_parse(cut, &e, &err) == STATUS_OK)
            assert_int_equal(len, contents.len - 16);
        heap_free(cut);
    }
    heap_free(contents);
}

#define SPKI "302a 3005 06032b6570 0321 00 b3aea0f0a50538874f2b4c912f2676bd25ccc3dae700e20dcad42d3d5c074ca5"

static void certificate_of_entry(const struct draft *draft, const char *const parts[PART_COUNT], const char *extensions)
{
    struct bytes spki = heap_hex(SPKI), entry_extensions = heap_hex(extensions), proof = heap_hex("aabbcc");
    struct hasher h;
    OK(hasher_init(&h, draft->hash, &err));
    uint8_t spki_hash[HASH_SIZE], fast[HASH_SIZE], slow[HASH_SIZE];
    hasher_one(&h, spki, spki_hash);
    struct bytes contents = build(parts);
    struct tbs_entry e, back;
    OK(tbs_entry_parse(contents, &e, &err));
    e.spki_hash = BYTES_OF(spki_hash);

    struct builder der, entry;
    builder_init(&der, PARTS_SIZE_MAX);
    OK(tbs_entry_write_certificate(&e, draft, 0x1000000000849, spki, proof, &der, &err));
    struct bytes whole = heap_copy(builder_view(&der));
    struct certificate cert;
    OK(certificate_parse(whole, &cert, &err));
    assert_hex(cert.serial, "01000000000849");
    assert_bytes(cert.signature, draft->proof_identifier);
    assert_bytes(cert.signature_algorithm, draft->proof_identifier);
    assert_bytes(cert.signature_value, proof);
    assert_bytes(cert.spki, spki);
    assert_bytes(cert.version, e.version);
    assert_bytes(cert.issuer, e.issuer);
    assert_bytes(cert.validity, e.validity);
    assert_bytes(cert.subject, e.subject);
    assert_bytes(cert.after_spki, e.after_spki);

    /* the hash in one pass is that of the entry, written out */
    builder_init(&entry, PARTS_SIZE_MAX);
    builder_bytes(&entry, entry_extensions);
    builder_u16(&entry, LOG_ENTRY_TBS_CERT);
    tbs_entry_write(&e, &entry);
    node_leaf_hash(&h, builder_view(&entry), slow);
    tbs_entry_leaf_hash(&h, &cert, entry_extensions, fast);
    assert_memory_equal(fast, slow, HASH_SIZE);
    struct log_entry parsed;
    OK(log_entry_parse(builder_view(&entry), &parsed, &err));
    OK(tbs_entry_parse(parsed.data, &back, &err));
    assert_bytes(back.spki_hash, BYTES_OF(spki_hash));
    /* and depends on the key, and on the entry extensions */
    ((uint8_t *)(uintptr_t)cert.spki.data)[cert.spki.len - 1] ^= 1;
    tbs_entry_leaf_hash(&h, &cert, entry_extensions, fast);
    assert_memory_not_equal(fast, slow, HASH_SIZE);

    builder_clear(&entry);
    builder_clear(&der);
    heap_free(whole);
    heap_free(contents);
    heap_free(spki);
    heap_free(entry_extensions);
    heap_free(proof);
    hasher_clear(&h);
}

static void certificates(void **state)
{
    (void)state;
    const char *parts[PART_COUNT];
    memcpy(parts, good_parts, sizeof parts);
    certificate_of_entry(&draft_07, parts, "0000");
    certificate_of_entry(&draft_gm, parts, "0000");
    certificate_of_entry(&draft_gm, parts, "0006 f0000002aabb");
    parts[AFTER] = "8102 00aa a30e300c300a0603551d110403300102";
    parts[SUBJECT] = "300e 310c 300a 0603550403 0c0361 2e62";
    certificate_of_entry(&draft_07, parts, "0000");
    parts[VERSION] = parts[AFTER] = "";
    certificate_of_entry(&draft_gm, parts, "0000");
}

static void no_room(void **state)
{
    (void)state;
    struct bytes contents = build(good_parts), spki = heap_hex(SPKI);
    struct tbs_entry e;
    struct builder b;
    OK(tbs_entry_parse(contents, &e, &err));
    builder_init(&b, 100);
    assert_says(tbs_entry_write_certificate(&e, &draft_07, 1, spki, spki, &b, &err), &err, STATUS_LIMIT, "certificate");
    builder_clear(&b);
    heap_free(contents);
    heap_free(spki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),       cmocka_unit_test(variants), cmocka_unit_test(refusals),
        cmocka_unit_test(certificates), cmocka_unit_test(no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
