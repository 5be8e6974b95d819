/* ct_vectors check FILE: all that a file of CT vectors (docs/vectors/ct) says, by the library's functions.
 * ct_vectors resign FILE: the same entries in a log with a new key, everything signed and written by the library, as such a file
 * on standard output: for the second reading. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/asn1/der.h"
#include "ct_json/ct_json.h"
#include "ct_json/json_value.h"
#include "merkle/node.h"
#include "rules/ct_chain.h"
#include "rules/precert.h"
#include "rules/sct_check.h"

#define FILE_MAX ((size_t)1 << 20)
#define ENTRIES 3

static struct error err;

static void require(bool is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "ct_vectors: %s: %s\n", what, err.text);
    exit(1);
}

#define REQUIRE(expression) require((expression), #expression)
#define GOOD(expression) require((expression) == STATUS_OK, #expression)

/* ---- the file ---- */

static struct bytes text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    require(json_is_string(value), name);
    return bytes_of(json_string_value(value), json_string_length(value));
}

/* Kept until the end of the program. */
static struct bytes hex_of(const json_t *object, const char *name)
{
    static uint8_t memory[FILE_MAX];
    static size_t used;
    struct bytes text = text_of(object, name);
    size_t len = text.len / 2;
    uint8_t *out = memory + used;
    require(text.len % 2 == 0 && len <= sizeof memory - used && text_parse_hex(text, out, len), name);
    used += len;
    return bytes_of(out, len);
}

static json_t *read_file(const char *path)
{
    static char text[FILE_MAX];
    json_error_t reason;
    FILE *file = fopen(path, "rb");
    require(file != NULL, path);
    size_t len = fread(text, 1, sizeof text, file);
    require(fclose(file) == 0 && len < sizeof text, path);
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &reason);
    require(root != NULL, reason.text);
    return root;
}

struct vector {
    json_t *json;
    const struct ct_suite *suite;
    struct algorithms *algorithms;
    struct log_list_log log;
    struct public_key *key;
    struct hasher hasher;
    struct bytes issuer, mtc_ca, tbs;
    struct certificate issuer_parsed, pre, final, mtc_ca_parsed;
    struct leaf_tile entries[ENTRIES];
    uint8_t leaves[ENTRIES][HASH_SIZE];
};

static void load(struct vector *v, const char *path)
{
    *v = (struct vector){.json = read_file(path)};
    v->suite = ct_suite_by_name(text_of(v->json, "suite"));
    REQUIRE(v->suite != NULL);
    v->log.suite = v->suite;
    GOOD(log_list_set_key(&v->log, hex_of(v->json, "log_key"), &err));
    GOOD(algorithms_new(&v->algorithms, &err));
    const struct signature_alg *alg = algorithms_by_name(v->algorithms, bytes_of_text(v->suite->algorithm));
    GOOD(public_key_new(alg, log_list_key(&v->log), &v->key, &err));
    GOOD(hasher_init(&v->hasher, v->suite->hash, &err));
    v->issuer = hex_of(v->json, "issuer");
    v->mtc_ca = hex_of(v->json, "mtc_ca");
    v->tbs = hex_of(v->json, "tbs");
    GOOD(certificate_parse(v->issuer, &v->issuer_parsed, &err));
    GOOD(certificate_parse(v->mtc_ca, &v->mtc_ca_parsed, &err));
    GOOD(certificate_parse(hex_of(v->json, "precertificate"), &v->pre, &err));
    GOOD(certificate_parse(hex_of(v->json, "certificate"), &v->final, &err));
}

static void clear(struct vector *v)
{
    hasher_clear(&v->hasher);
    public_key_free(v->key);
    algorithms_free(v->algorithms);
    json_decref(v->json);
}

/* ---- check ---- */

typedef enum status writer(const struct certificate *, struct builder *, struct error *);

static void check_tbs(const struct vector *v)
{
    static const struct {
        writer *write;
        bool is_final;
    } rows[] = {{precert_write_tbs, false}, {precert_write_final_tbs, true}, {precert_identity, false}, {precert_identity, true}};
    struct builder b;
    builder_init(&b, CERTIFICATE_SIZE_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        builder_reset(&b);
        GOOD(rows[i].write(rows[i].is_final ? &v->final : &v->pre, &b, &err));
        REQUIRE(bytes_equal(builder_view(&b), v->tbs));
    }
    builder_clear(&b);
    GOOD(precert_check_pair(&v->pre, &v->final, &err));
}

static void check_chain(struct vector *v)
{
    struct ct_chain_roots *roots;
    struct ct_chain chain;
    uint8_t fingerprint[HASH_SIZE];
    GOOD(ct_chain_roots_new(v->suite->hash, &roots, &err));
    GOOD(ct_chain_roots_add(roots, v->issuer, &err));
    const struct bytes leaves[] = {v->pre.der, v->final.der, hex_of(v->json, "plain")};
    for (size_t i = 0; i < 3; i++) {
        GOOD(ct_chain_build(roots, &leaves[i], 1, NULL, &chain, &err));
        REQUIRE(chain.issuer_count == 1 && bytes_equal(chain.issuer_spki, v->issuer_parsed.spki));
        hasher_one(&v->hasher, v->issuer, fingerprint);
        REQUIRE(memcmp(chain.fingerprints[0], fingerprint, HASH_SIZE) == 0);
    }
    ct_chain_roots_free(roots);
}

static struct sct_check_subject subject_of(const struct vector *v, size_t i)
{
    if (i == 0)
        return sct_check_certificate(hex_of(v->json, "plain"));
    if (i == 1)
        return sct_check_precert(v->tbs, v->issuer_parsed.spki);
    json_t *index = json_object_get(v->json, "mtc_index");
    return sct_check_mtc(hex_of(v->json, "mtc_log_id"), (uint64_t)json_integer_value(index), hex_of(v->json, "mtc_entry"),
                         v->mtc_ca_parsed.spki);
}

static void check_sct(const struct vector *v, size_t i, const struct sct *sct)
{
    const struct sct_check_subject subject = subject_of(v, i);
    const struct sct_check check = {.subject = &subject, .log = &v->log, .algorithms = v->algorithms,
                                    .at_s = (int64_t)(sct->timestamp_ms / 1000)};
    uint8_t hash[HASH_SIZE];
    uint64_t index = ENTRIES;
    GOOD(sct_check(&check, sct, &err));
    GOOD(sct_check_leaf_hash(&subject, v->suite, sct, hash, &err));
    REQUIRE(memcmp(hash, v->leaves[i], HASH_SIZE) == 0);
    GOOD(sct_leaf_index(sct, &index, &err));
    REQUIRE(index == i);
}

static void check_extra_data(struct vector *v, const struct leaf_tile *entry, struct bytes extra_data)
{
    struct leaf_extra extra;
    struct bytes certificate;
    struct reader r;
    uint8_t fingerprint[HASH_SIZE];
    GOOD(leaf_extra_parse(entry->leaf.type, extra_data, &extra, &err));
    REQUIRE(bytes_equal(extra.pre_certificate, entry->pre_certificate) && extra.chain_count * HASH_SIZE == entry->chain.len);
    reader_init(&r, extra.chain);
    for (size_t i = 0; leaf_chain_next(&r, &certificate); i++) {
        hasher_one(&v->hasher, certificate, fingerprint);
        REQUIRE(memcmp(entry->chain.data + i * HASH_SIZE, fingerprint, HASH_SIZE) == 0);
    }
}

static void check_entry(struct vector *v, size_t i)
{
    const json_t *row = json_array_get(json_object_get(v->json, "entries"), i);
    struct bytes merkle_leaf = hex_of(row, "merkle_leaf"), serialized = hex_of(row, "sct");
    struct bytes answer = bytes_of_text(json_string_value(json_array_get(json_object_get(v->json, "answers"), i)));
    struct leaf leaf;
    struct builder b;
    struct sct sct;
    builder_init(&b, FILE_MAX);
    GOOD(leaf_parse(merkle_leaf, &leaf, &err));
    GOOD(leaf_write_merkle(&v->entries[i].leaf, &b, &err));
    REQUIRE(bytes_equal(builder_view(&b), merkle_leaf));
    leaf_hash(&v->hasher, v->entries[i].timestamped, v->leaves[i]);
    REQUIRE(bytes_equal(BYTES_OF(v->leaves[i]), hex_of(row, "leaf_hash")));
    check_extra_data(v, &v->entries[i], hex_of(row, "extra_data"));
    GOOD(ct_json_parse_sct(answer, &b, &sct, &err));
    REQUIRE(bytes_equal(builder_view(&b), serialized));
    check_sct(v, i, &sct);
    builder_clear(&b);
}

static void check_embedded(const struct vector *v)
{
    static struct sct_list scts;
    struct bytes list;
    GOOD(precert_sct_list(&v->final, &list, &err));
    GOOD(sct_list_parse(list, &scts, &err));
    REQUIRE(scts.count == 1);
    check_sct(v, 1, &scts.scts[0]);
}

static void root_of(struct vector *v, uint8_t root[HASH_SIZE])
{
    node_hash(&v->hasher, v->leaves[0], v->leaves[1], root);
    node_hash(&v->hasher, root, v->leaves[2], root);
}

static void check_heads(struct vector *v)
{
    uint8_t root[HASH_SIZE];
    struct tree_head sth, in_note;
    struct builder signature, again;
    struct digitally_signed value;
    struct note note;
    struct checkpoint checkpoint;
    root_of(v, root);
    builder_init(&signature, 4096);
    builder_init(&again, 4096);
    GOOD(ct_json_parse_sth(v->suite, text_of(v->json, "get_sth"), &sth, &signature, &err));
    GOOD(digitally_signed_parse(builder_view(&signature), &value, &err));
    GOOD(tree_head_verify(v->key, &sth, &value, &err));
    REQUIRE(sth.size == ENTRIES && memcmp(sth.root, root, HASH_SIZE) == 0);
    GOOD(note_parse(text_of(v->json, "checkpoint"), &note, &err));
    GOOD(checkpoint_parse(note.text, &checkpoint, &err));
    GOOD(tree_head_from_note(&note, &checkpoint, text_of(v->json, "origin"), v->key, &in_note, &again, &err));
    REQUIRE(in_note.timestamp_ms == sth.timestamp_ms && bytes_equal(builder_view(&again), builder_view(&signature)));
    REQUIRE(in_note.size == ENTRIES && memcmp(in_note.root, root, HASH_SIZE) == 0);
    builder_clear(&signature);
    builder_clear(&again);
}

static void read_tile(struct vector *v, struct bytes tile)
{
    struct reader r;
    struct leaf_tile none;
    struct builder again;
    reader_init(&r, tile);
    builder_init(&again, FILE_MAX);
    for (size_t i = 0; i < ENTRIES; i++) {
        GOOD(leaf_tile_next(&r, &v->entries[i], &err));
        GOOD(leaf_tile_write(&v->entries[i], &again, &err));
    }
    REQUIRE(leaf_tile_next(&r, &none, &err) == STATUS_NOT_FOUND);
    REQUIRE(bytes_equal(builder_view(&again), tile));
    builder_clear(&again);
}

static void check(struct vector *v)
{
    REQUIRE(bytes_equal(BYTES_OF(v->log.log_id), hex_of(v->json, "log_id")));
    check_tbs(v);
    check_chain(v);
    read_tile(v, hex_of(v->json, "data_tile"));
    for (size_t i = 0; i < ENTRIES; i++)
        check_entry(v, i);
    check_embedded(v);
    check_heads(v);
}

/* ---- resign ---- */

static void set_hex(json_t *object, const char *name, struct bytes value)
{
    struct builder b;
    builder_init(&b, 4 * FILE_MAX);
    text_write_hex(&b, value);
    REQUIRE(json_object_set_new(object, name, json_stringn((const char *)b.data, b.len)) == 0);
    builder_clear(&b);
}

static void set_text(json_t *object, const char *name, const struct builder *b)
{
    REQUIRE(json_object_set_new(object, name, json_stringn((const char *)b->data, b->len)) == 0);
}

/* A new SCT over the entry, at another time. */
static void resign_entry(struct vector *v, const struct private_key *key, size_t i, struct builder *serialized)
{
    json_t *row = json_array_get(json_object_get(v->json, "entries"), i);
    struct leaf *leaf = &v->entries[i].leaf;
    struct builder b, signature, timestamped, answer;
    builder_init(&b, FILE_MAX);
    builder_init(&signature, 256);
    builder_init(&timestamped, FILE_MAX);
    builder_init(&answer, FILE_MAX);
    leaf->timestamp_ms += 12345;
    GOOD(sct_input_write(leaf, &b, &err));
    GOOD(private_key_sign(key, builder_view(&b), &signature, &err));
    const struct sct sct = {.version = SCT_V1, .log_id = BYTES_OF(v->log.log_id), .timestamp_ms = leaf->timestamp_ms,
                            .extensions = leaf->extensions, .algorithm = v->suite->signature,
                            .signature = builder_view(&signature)};
    builder_reset(serialized);
    GOOD(sct_write(&sct, serialized, &err));
    set_hex(row, "sct", builder_view(serialized));
    set_hex(row, "merkle_leaf", builder_view(&b));
    GOOD(leaf_write(leaf, &timestamped, &err));
    leaf_hash(&v->hasher, builder_view(&timestamped), v->leaves[i]);
    set_hex(row, "leaf_hash", BYTES_OF(v->leaves[i]));
    GOOD(ct_json_write_sct(&sct, &answer, &err));
    REQUIRE(json_array_set_new(json_object_get(v->json, "answers"), i, json_stringn((const char *)answer.data, answer.len)) == 0);
    builder_clear(&b);
    builder_clear(&signature);
    builder_clear(&timestamped);
    builder_clear(&answer);
}

/* The final certificate with that SCT; its signature stays the old one. */
static void embed(struct vector *v, struct bytes serialized)
{
    struct builder list, extension, tbs, whole;
    builder_init(&list, 4096);
    builder_init(&extension, 4096);
    builder_init(&tbs, FILE_MAX);
    builder_init(&whole, FILE_MAX);
    GOOD(sct_list_write(&(struct sct){.serialized = serialized}, 1, &list, &err));
    precert_write_sct_list(&extension, builder_view(&list));
    GOOD(precert_append_extension(v->tbs, builder_view(&extension), &tbs, &err));
    size_t mark = der_open(&whole, DER_SEQUENCE);
    builder_bytes(&whole, builder_view(&tbs));
    builder_bytes(&whole, v->final.signature_algorithm);
    size_t bits = der_open(&whole, DER_BIT_STRING);
    builder_u8(&whole, 0);
    builder_bytes(&whole, v->final.signature_value);
    der_close(&whole, bits);
    der_close(&whole, mark);
    set_hex(v->json, "certificate", builder_view(&whole));
    builder_clear(&list);
    builder_clear(&extension);
    builder_clear(&tbs);
    builder_clear(&whole);
}

static void resign_head(struct vector *v, const struct private_key *key)
{
    struct tree_head head = {.timestamp_ms = v->entries[ENTRIES - 1].leaf.timestamp_ms + 1, .size = ENTRIES};
    struct checkpoint checkpoint = {.origin = text_of(v->json, "origin"), .size = ENTRIES};
    uint8_t input[TREE_HEAD_INPUT_SIZE], key_id[NOTE_KEY_ID_SIZE];
    struct builder signature, encoded, payload, text, out;
    root_of(v, head.root);
    memcpy(checkpoint.root, head.root, HASH_SIZE);
    builder_init(&signature, 256);
    builder_init(&encoded, 256);
    builder_init(&payload, 256);
    builder_init(&text, 4096);
    builder_init(&out, 4096);
    tree_head_write_input(&head, input);
    GOOD(private_key_sign(key, BYTES_OF(input), &signature, &err));
    const struct digitally_signed value = {v->suite->signature, builder_view(&signature)};
    digitally_signed_write(&value, &encoded);
    GOOD(ct_json_write_sth(v->suite, &head, builder_view(&encoded), &out, &err));
    set_text(v->json, "get_sth", &out);
    builder_reset(&out);
    tree_head_write_note_signature(head.timestamp_ms, &value, &payload);
    GOOD(tree_head_key_id(checkpoint.origin, v->log.log_id, key_id, &err));
    GOOD(checkpoint_write(&checkpoint, &text, &err));
    GOOD(note_write_text(builder_view(&text), &out, &err));
    GOOD(note_write_signature(checkpoint.origin, key_id, builder_view(&payload), &out, &err));
    set_text(v->json, "checkpoint", &out);
    builder_clear(&signature);
    builder_clear(&encoded);
    builder_clear(&payload);
    builder_clear(&text);
    builder_clear(&out);
}

static void resign(struct vector *v)
{
    struct private_key *key;
    struct builder tile, serialized;
    read_tile(v, hex_of(v->json, "data_tile"));
    GOOD(private_key_generate(public_key_alg(v->key), &key, &err));
    GOOD(log_list_set_key(&v->log, public_key_spki(private_key_public(key)), &err));
    set_hex(v->json, "log_key", log_list_key(&v->log));
    set_hex(v->json, "log_id", BYTES_OF(v->log.log_id));
    builder_init(&tile, FILE_MAX);
    builder_init(&serialized, 4096);
    for (size_t i = 0; i < ENTRIES; i++) {
        resign_entry(v, key, i, &serialized);
        GOOD(leaf_tile_write(&v->entries[i], &tile, &err));
        if (i == 1)
            embed(v, builder_view(&serialized));
    }
    set_hex(v->json, "data_tile", builder_view(&tile));
    resign_head(v, key);
    REQUIRE(json_dumpf(v->json, stdout, JSON_INDENT(1)) == 0);
    builder_clear(&tile);
    builder_clear(&serialized);
    private_key_free(key);
}

int main(int argc, char **argv)
{
    static struct vector v;
    if (argc != 3 || (strcmp(argv[1], "check") != 0 && strcmp(argv[1], "resign") != 0)) {
        fputs("usage: ct_vectors check|resign FILE\n", stderr);
        return 2;
    }
    load(&v, argv[2]);
    if (argv[1][0] == 'c')
        check(&v);
    else
        resign(&v);
    clear(&v);
    return 0;
}
