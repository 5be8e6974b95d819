/* Entries of issuance logs: taken with a proof to a checkpoint of a Merkle Tree CA that is accepted, and with nothing less. */
#include "unit/service/ct_log/ct_checks.h"

#include "codec/asn1/der.h"
#include "codec/mtc/ca_certificate.h"
#include "codec/mtc/cosigned_message.h"
#include "codec/mtc/tbs_entry.h"
#include "codec/note/checkpoint.h"
#include "codec/note/note_key.h"
#include "codec/note/timestamped_signature.h"
#include "merkle/node.h"

#define ENTRIES 5 /* 0 is the null entry */
#define CA_ID "32473.9"

/* An issuance log in memory. */
static struct {
    struct private_key *key;
    struct builder ca, entries[ENTRIES], checkpoint;
    struct bytes ders[1];
    struct tai ca_id, log_id;
    struct hasher hasher;
    uint8_t hashes[ENTRIES][HASH_SIZE], root[HASH_SIZE];
} mtc;

static enum status read_leaf(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *error)
{
    (void)context, (void)error;
    if (level == 0) {
        memcpy(out, mtc.hashes[index], HASH_SIZE);
        return STATUS_OK;
    }
    uint8_t left[HASH_SIZE], right[HASH_SIZE];
    (void)read_leaf(NULL, level - 1, 2 * index, left, error);
    (void)read_leaf(NULL, level - 1, 2 * index + 1, right, error);
    node_hash(&mtc.hasher, left, right, out);
    return STATUS_OK;
}

static const struct node_source source = {.read = read_leaf};

static void write_entry(size_t i, int64_t not_after_s)
{
    struct builder *out = &mtc.entries[i], parts;
    static const uint8_t empty_name[] = {0x30, 0x00}, algorithm[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
    uint8_t key_hash[HASH_SIZE] = {(uint8_t)i};
    builder_init(out, 65536);
    log_entry_write_start(out, i == 0 ? LOG_ENTRY_NULL : LOG_ENTRY_TBS_CERT);
    if (i == 0)
        return;
    builder_init(&parts, 65536);
    draft_write_ca_name(w->suite == &ct_suite_gm ? &draft_gm : &draft_07, &mtc.ca_id, &parts);
    size_t name_len = parts.len;
    size_t validity = der_open(&parts, DER_SEQUENCE);
    der_write_time(&parts, CT_WORLD_NOW_S);
    der_write_time(&parts, not_after_s);
    der_close(&parts, validity);
    const uint8_t version[] = {0xa0, 0x03, 0x02, 0x01, 0x02};
    const struct tbs_entry entry = {.version = BYTES_OF(version),
                                    .issuer = bytes_of(parts.data, name_len),
                                    .validity = bytes_of(parts.data + name_len, parts.len - name_len),
                                    .subject = BYTES_OF(empty_name),
                                    .spki_algorithm = BYTES_OF(algorithm),
                                    .spki_hash = BYTES_OF(key_hash)};
    tbs_entry_write(&entry, out);
    builder_clear(&parts);
}

/* The checkpoint of the first `size` entries, signed by key as the CA. */
static void write_checkpoint(uint64_t size, const struct private_key *key)
{
    char origin[TAI_NAME_SIZE], name[TAI_NAME_SIZE];
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    struct builder text, message, signature, payload;
    struct builder *const all[] = {&text, &message, &signature, &payload};
    for (size_t i = 0; i < 4; i++)
        builder_init(all[i], 65536);
    builder_clear(&mtc.checkpoint);
    builder_init(&mtc.checkpoint, 65536);
    tai_name(&mtc.log_id, origin);
    tai_name(&mtc.ca_id, name);
    OK(proof_subtree_hash(&mtc.hasher, &source, (struct subtree){0, size}, mtc.root, &err));
    struct checkpoint checkpoint = {.origin = bytes_of_text(origin), .size = size};
    memcpy(checkpoint.root, mtc.root, HASH_SIZE);
    OK(checkpoint_write(&checkpoint, &text, &err));
    struct cosigned_message m = {.cosigner_name = bytes_of_text(name), .log_origin = bytes_of_text(origin), .timestamp = 1000, .subtree = {0, size}};
    memcpy(m.hash, mtc.root, HASH_SIZE);
    OK(cosigned_message_write(&m, &message, &err));
    OK(private_key_sign(key, builder_view(&message), &signature, &err));
    const struct timestamped_signature t = {.timestamp_s = 1000, .signature = builder_view(&signature)};
    OK(timestamped_signature_write(&t, &payload, &err));
    OK(note_key_id(bytes_of_text(name), private_key_public(mtc.key), key_id, &err));
    OK(note_write_text(builder_view(&text), &mtc.checkpoint, &err));
    OK(note_write_signature(bytes_of_text(name), key_id, builder_view(&payload), &mtc.checkpoint, &err));
    for (size_t i = 0; i < 4; i++)
        builder_clear(all[i]);
}

static void make_log(void)
{
    const struct signature_alg *alg = algorithms_by_name(w->algorithms, bytes_of_text(w->suite->algorithm));
    OK(private_key_generate(alg, &mtc.key, &err));
    OK(tai_parse_text(bytes_of_text(CA_ID), &mtc.ca_id, &err));
    OK(tai_log_id(&mtc.ca_id, 1, &mtc.log_id, &err));
    OK(hasher_init(&mtc.hasher, w->suite->hash, &err));
    builder_init(&mtc.ca, 65536);
    const struct ca_certificate ca = {.draft = w->suite == &ct_suite_gm ? &draft_gm : &draft_07,
                                      .id = mtc.ca_id,
                                      .spki = public_key_spki(private_key_public(mtc.key)),
                                      .sig_alg = algorithm_identifier(alg),
                                      .min_serial = CA_CERTIFICATE_SERIAL_MIN,
                                      .max_serial = CA_CERTIFICATE_SERIAL_MAX,
                                      .not_before_s = CT_WORLD_NOW_S - CT_WORLD_DAY_S,
                                      .not_after_s = CT_WORLD_NOW_S + 3650 * CT_WORLD_DAY_S};
    OK(ca_certificate_write(&ca, &mtc.ca, &err));
    mtc.ders[0] = builder_view(&mtc.ca);
    for (size_t i = 0; i < ENTRIES; i++) {
        write_entry(i, CT_WORLD_NOW_S + (int64_t)(7 + i) * CT_WORLD_DAY_S);
        node_leaf_hash(&mtc.hasher, builder_view(&mtc.entries[i]), mtc.hashes[i]);
    }
    write_checkpoint(ENTRIES, mtc.key);
}

static int set_up_mtc(const struct ct_suite *suite)
{
    memset(&mtc, 0, sizeof mtc);
    w = ct_world_new(suite);
    make_log();
    w->config.takes_mtc_entries = true;
    w->config.mtc_ca_certificates = mtc.ders;
    w->config.mtc_ca_count = 1;
    OK(ct_world_open(w, &err));
    return 0;
}

static int set_up_mtc_gm(void **state)
{
    (void)state;
    return set_up_mtc(&ct_suite_gm);
}

static int set_up_mtc_intl(void **state)
{
    (void)state;
    return set_up_mtc(&ct_suite_intl);
}

static int tear_down_mtc(void **state)
{
    private_key_free(mtc.key);
    builder_clear(&mtc.ca);
    builder_clear(&mtc.checkpoint);
    hasher_clear(&mtc.hasher);
    for (size_t i = 0; i < ENTRIES; i++)
        builder_clear(&mtc.entries[i]);
    return tear_down(state);
}

/* Submits the entries [start, end) with their proofs in the tree of the checkpoint; spoil changes them before. */
static struct ct_world_answer *submit(size_t start, size_t end, void (*spoil)(struct ct_json_mtc_entry *entries))
{
    struct ct_json_mtc_entry entries[ENTRIES];
    struct builder proofs[ENTRIES], body;
    builder_init(&body, (size_t)1 << 20);
    for (size_t i = start; i < end; i++) {
        builder_init(&proofs[i], 4096);
        OK(proof_make_inclusion(&mtc.hasher, &source, (struct subtree){0, ENTRIES}, i, &proofs[i], &err));
        entries[i - start] = (struct ct_json_mtc_entry){i, builder_view(&mtc.entries[i]), builder_view(&proofs[i])};
    }
    if (spoil != NULL)
        spoil(entries);
    OK(ct_json_write_mtc(builder_view(&mtc.checkpoint), entries, end - start, &body, &err));
    struct ct_world_answer *answer = ct_world_post(w, "add-mtc-entries", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    for (size_t i = start; i < end; i++)
        builder_clear(&proofs[i]);
    builder_clear(&body);
    return answer;
}

static struct leaf leaf_of(size_t i, uint8_t key_hash[HASH_SIZE])
{
    OK(ct_suite_hash(w->suite, public_key_spki(private_key_public(mtc.key)), key_hash, &err));
    return (struct leaf){.type = LEAF_TBS_CERT,
                         .mtc = {.ca_key_hash = bytes_of(key_hash, HASH_SIZE),
                                 .log_id = tai_bytes(&mtc.log_id),
                                 .index = i,
                                 .entry = builder_view(&mtc.entries[i])}};
}

static void check_scts(struct ct_world_answer *answer, size_t start, size_t count, uint64_t first_index)
{
    struct ct_json_blobs scts;
    assert_int_equal(answer->status, 200);
    OK(ct_json_parse_scts(builder_view(&answer->body), &scts, &err));
    assert_int_equal(scts.count, count);
    for (size_t i = 0; i < count; i++) {
        uint8_t key_hash[HASH_SIZE];
        struct builder list;
        struct sct_list parsed;
        uint64_t index;
        const struct sct one = {.serialized = scts.items[i]};
        struct leaf leaf = leaf_of(start + i, key_hash);
        builder_init(&list, 65536);
        OK(sct_list_write(&one, 1, &list, &err));
        OK(sct_list_parse(builder_view(&list), &parsed, &err));
        OK(sct_input_verify(private_key_public(w->log_key), &parsed.scts[0], &leaf, &err));
        OK(sct_leaf_index(&parsed.scts[0], &index, &err));
        assert_int_equal(index, first_index + i);
        leaf = sct_input_leaf(&parsed.scts[0], &leaf);
        assert_included(&leaf, index);
        builder_clear(&list);
    }
    ct_json_blobs_clear(&scts);
    ct_world_forget(answer);
}

static void entries_with_a_proof_get_scts(void **state)
{
    (void)state;
    check_scts(submit(1, ENTRIES, NULL), 1, ENTRIES - 1, 0);
    /* Again, in another bulk and another life: the same ones. */
    check_scts(submit(2, 4, NULL), 2, 2, 1);
    ct_world_restart(w);
    memory_ct_index_lose(&w->index, 0);
    ct_world_restart(w);
    check_scts(submit(1, 3, NULL), 1, 2, 0);
    assert_int_equal(head_size(), ENTRIES - 1);
    /* get-entries serves the CA's certificate with them. */
    struct ct_world_answer *answer = ct_world_get(w, "get-entries", "start=0&end=9");
    struct ct_json_entries entries;
    assert_int_equal(answer->status, 200);
    OK(ct_json_parse_entries(builder_view(&answer->body), &entries, &err));
    assert_int_equal(entries.count, ENTRIES - 1);
    for (size_t i = 0; i < entries.count; i++) {
        struct leaf leaf;
        struct leaf_extra extra;
        struct reader r;
        struct bytes certificate;
        OK(leaf_parse(entries.items[i].leaf_input, &leaf, &err));
        assert_int_equal(leaf.type, LEAF_TBS_CERT);
        assert_bytes(leaf.mtc.entry, builder_view(&mtc.entries[1 + i]));
        OK(leaf_extra_parse(leaf.type, entries.items[i].extra_data, &extra, &err));
        assert_int_equal(extra.chain_count, 1);
        reader_init(&r, extra.chain);
        assert_true(leaf_chain_next(&r, &certificate));
        assert_bytes(certificate, builder_view(&mtc.ca));
    }
    ct_json_entries_clear(&entries);
    ct_world_forget(answer);
    /* Beside certificates, in one log. */
    assert_int_equal(add_index(&(struct ct_world_certificate){.serial = 1}, NULL), ENTRIES - 1);
}

static uint8_t spoiled[4096];

static void spoil_entry(struct ct_json_mtc_entry *entries)
{
    memcpy(spoiled, entries[1].entry.data, entries[1].entry.len);
    entries[1].entry.data = spoiled;
    spoiled[entries[1].entry.len - 1] ^= 1; /* the key's hash */
}

static void spoil_proof(struct ct_json_mtc_entry *entries)
{
    memcpy(spoiled, entries[0].proof.data, entries[0].proof.len);
    entries[0].proof.data = spoiled;
    spoiled[0] ^= 1;
}

static void cut_proof(struct ct_json_mtc_entry *entries)
{
    entries[0].proof.len -= HASH_SIZE;
}

static void change_index(struct ct_json_mtc_entry *entries)
{
    entries[0].index = 2;
}

static void go_beyond(struct ct_json_mtc_entry *entries)
{
    entries[0].index = ENTRIES;
}

static void add_extension(struct ct_json_mtc_entry *entries)
{
    static const uint8_t extended[] = {0x00, 0x04, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x01};
    entries[0].entry = BYTES_OF(extended);
}

static void claims_of_ones_own_are_refused(void **state)
{
    (void)state;
    assert_refused(submit(1, 3, spoil_entry), 400, "entries[1]");
    assert_refused(submit(1, 2, spoil_proof), 400, "root");
    assert_refused(submit(1, 2, cut_proof), 400, "entries[0]");
    assert_refused(submit(1, 2, change_index), 400, "root");
    assert_refused(submit(1, 2, go_beyond), 400, "not in the checkpoint");
    assert_refused(submit(0, 2, NULL), 400, "type is 0");
    assert_refused(submit(1, 2, add_extension), 400, "extensions");
    /* Signed by somebody else, of another CA, of another kind of log, not at all. */
    write_checkpoint(ENTRIES, w->log_key);
    assert_refused(submit(1, 2, NULL), 400, "signature");
    OK(tai_parse_text(bytes_of_text("32473.10"), &mtc.ca_id, &err));
    OK(tai_log_id(&mtc.ca_id, 1, &mtc.log_id, &err));
    write_checkpoint(ENTRIES, mtc.key);
    assert_refused(submit(1, 2, NULL), 400, "does not take");
    builder_reset(&mtc.checkpoint);
    builder_text(&mtc.checkpoint, "ct.example/2027h1\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 x AAAAAAA=\n");
    assert_refused(submit(1, 2, NULL), 400, "not that of an issuance log");
    builder_reset(&mtc.checkpoint);
    builder_text(&mtc.checkpoint, "no note");
    assert_refused(submit(1, 2, NULL), 400, "checkpoint");
    assert_int_equal(head_size(), 0);
}

static void the_interval_holds_for_entries_too(void **state)
{
    (void)state;
    w->config.not_after_start_s = CT_WORLD_NOW_S;
    w->config.not_after_end_s = CT_WORLD_NOW_S + 10 * CT_WORLD_DAY_S;
    ct_world_restart(w);
    assert_refused(submit(1, ENTRIES, NULL), 400, "entries[2]"); /* all or nothing */
    assert_int_equal(head_size(), 0);
    check_scts(submit(1, 3, NULL), 1, 2, 0);
}

static void a_bulk_is_paid_for_by_its_entries(void **state)
{
    (void)state;
    w->config.limits.submissions_per_address_per_s = 2;
    ct_world_restart(w);
    check_scts(submit(1, ENTRIES, NULL), 1, ENTRIES - 1, 0);
    struct ct_world_answer *answer = submit(1, ENTRIES, NULL);
    assert_refused(answer, 429, "this address");
}

static void a_log_is_off_unless_it_is_configured(void **state)
{
    (void)state;
    w->config.takes_mtc_entries = false;
    ct_world_restart(w);
    assert_refused(submit(1, 2, NULL), 404, "takes no entries");
}

#define MTC_GM(function) cmocka_unit_test_setup_teardown(function, set_up_mtc_gm, tear_down_mtc)
#define MTC_INTL(function) {#function " (intl)", function, set_up_mtc_intl, tear_down_mtc, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MTC_GM(entries_with_a_proof_get_scts),
        MTC_INTL(entries_with_a_proof_get_scts),
        MTC_GM(claims_of_ones_own_are_refused),
        MTC_INTL(claims_of_ones_own_are_refused),
        MTC_GM(the_interval_holds_for_entries_too),
        MTC_GM(a_bulk_is_paid_for_by_its_entries),
        MTC_GM(a_log_is_off_unless_it_is_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
