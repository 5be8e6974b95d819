#include "unit/checks.h"

#include "ct_json/ct_json.h"

#define HASH_1 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define HASH_2 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct builder out;

static int set_up(void **state)
{
    (void)state;
    builder_init(&out, (size_t)1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    builder_clear(&out);
    return 0;
}

static void assert_out(const char *want)
{
    if (!bytes_is_text(builder_view(&out), want))
        fail_msg("got %.*s, want %s", (int)out.len, (const char *)out.data, want);
    builder_reset(&out);
}

static void chains(void **state)
{
    (void)state;
    struct error err;
    struct ct_json_blobs blobs;
    const struct bytes chain[] = {bytes_of_text("leaf"), bytes_of_text("issuer")};
    OK(ct_json_write_chain(chain, 2, &out, &err));
    assert_out("{\"chain\":[\"bGVhZg==\",\"aXNzdWVy\"]}");
    OK(ct_json_parse_chain(bytes_of_text(" {\"chain\": [\"bGVhZg==\", \"aXNzdWVy\"] } "), &blobs, &err));
    assert_int_equal(blobs.count, 2);
    assert_bytes(blobs.items[0], chain[0]);
    assert_bytes(blobs.items[1], chain[1]);
    ct_json_blobs_clear(&blobs);
    static const char *const bad[] = {
        "", "[]", "{}", "{\"chain\":\"bGVhZg==\"}", "{\"chain\":[]}", "{\"chain\":[\"\"]}", "{\"chain\":[1]}",
        "{\"chain\":[\"bGVhZg\"]}", "{\"chain\":[\"bGVhZh==\"]}", "{\"chain\":[\"bGVh\\nZg==\"]}",
        "{\"chain\":[\"bGVhZg==\"],\"chain\":[]}", "{\"chain\":[\"bGVhZg==\"],\"more\":1}", "{\"chain\":[\"bGVhZg==\"]}}",
        "{\"chain\":[\"bGVhZg==\\u0000\"]}", "{\"chain\":[\"\\ud800\"]}",
    };
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (ct_json_parse_chain(bytes_of_text(bad[i]), &blobs, &err) != STATUS_MALFORMED)
            fail_msg("%s", bad[i]);
    /* One certificate more than is taken. */
    builder_text(&out, "{\"chain\":[\"YQ==\"");
    for (size_t i = 0; i < CT_JSON_CHAIN_MAX; i++)
        builder_text(&out, ",\"YQ==\"");
    builder_text(&out, "]}");
    assert_int_equal(ct_json_parse_chain(builder_view(&out), &blobs, &err), STATUS_LIMIT);
    builder_reset(&out);
    uint8_t *space = builder_space(&out, CT_JSON_SUBMISSION_MAX + 1);
    memset(space, ' ', CT_JSON_SUBMISSION_MAX + 1);
    assert_int_equal(ct_json_parse_chain(builder_view(&out), &blobs, &err), STATUS_LIMIT);
    builder_reset(&out);
}

/* The answer of a log as the RFC has it, and as ours writes it. */
#define SCT_JSON                                                                                                       \
    "{\"sct_version\":0,\"id\":\"" HASH_1 "\",\"timestamp\":1767225600123,\"extensions\":\"AAAFAAAAAAc=\","            \
    "\"signature\":\"BwgAA6q7zA==\"}"

static void scts(void **state)
{
    (void)state;
    struct error err;
    struct sct sct, again;
    struct builder serialized;
    builder_init(&serialized, 4096);
    OK(ct_json_parse_sct(bytes_of_text(SCT_JSON), &serialized, &sct, &err));
    assert_hex(builder_view(&serialized), "00 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
                                          "0000019b76daa87b 0008 0000050000000007 0708 0003 aabbcc");
    assert_int_equal(sct.timestamp_ms, UINT64_C(1767225600123));
    assert_int_equal(sct.algorithm, 0x0708);
    assert_true(sct.signature.data > serialized.data && sct.signature.data < serialized.data + serialized.len);
    assert_true(sct.log_id.data == serialized.data + 1);
    OK(ct_json_write_sct(&sct, &out, &err));
    assert_out(SCT_JSON);
    /* Members that logs add are no error. */
    struct builder other;
    builder_init(&other, 4096);
    OK(ct_json_parse_sct(bytes_of_text("{\"sct_version\":0,\"id\":\"" HASH_1 "\",\"timestamp\":1767225600123,"
                                       "\"extensions\":\"\",\"signature\":\"BwgAA6q7zA==\",\"leaf_index\":7}"),
                         &other, &again, &err));
    assert_int_equal(again.extensions.len, 0);
    static const char *const bad[] = {
        "{\"sct_version\":1,\"id\":\"" HASH_1 "\",\"timestamp\":1,\"extensions\":\"\",\"signature\":\"BwgAA6q7zA==\"}",
        "{\"sct_version\":0,\"id\":\"AQID\",\"timestamp\":1,\"extensions\":\"\",\"signature\":\"BwgAA6q7zA==\"}",
        "{\"sct_version\":0,\"id\":\"" HASH_1 "AAAA\",\"timestamp\":1,\"extensions\":\"\",\"signature\":\"BwgAA6q7zA==\"}",
        "{\"sct_version\":0,\"id\":\"" HASH_1 "\",\"timestamp\":-1,\"extensions\":\"\",\"signature\":\"BwgAA6q7zA==\"}",
        "{\"sct_version\":0,\"id\":\"" HASH_1 "\",\"timestamp\":1.5,\"extensions\":\"\",\"signature\":\"BwgAA6q7zA==\"}",
        "{\"sct_version\":0,\"id\":\"" HASH_1 "\",\"timestamp\":\"1\",\"extensions\":\"\",\"signature\":\"BwgAA6q7zA==\"}",
        "{\"sct_version\":0,\"id\":\"" HASH_1 "\",\"timestamp\":1,\"signature\":\"BwgAA6q7zA==\"}",
        "{\"sct_version\":0,\"id\":\"" HASH_1 "\",\"timestamp\":1,\"extensions\":\"\",\"signature\":\"BwgABKq7zA==\"}",
        "{\"sct_version\":0,\"id\":\"" HASH_1 "\",\"timestamp\":99999999999999999999,\"extensions\":\"\",\"signature\":"
        "\"BwgAA6q7zA==\"}",
        "{\"sct_version\":0}",
    };
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (ct_json_parse_sct(bytes_of_text(bad[i]), &other, &again, &err) != STATUS_MALFORMED)
            fail_msg("%s", bad[i]);
    const struct sct two[] = {sct, sct};
    struct ct_json_blobs blobs;
    OK(ct_json_write_scts(two, 2, &out, &err));
    OK(ct_json_parse_scts(builder_view(&out), &blobs, &err));
    assert_int_equal(blobs.count, 2);
    assert_bytes(blobs.items[1], builder_view(&serialized));
    ct_json_blobs_clear(&blobs);
    assert_out("{\"scts\":[" SCT_JSON "," SCT_JSON "]}");
    sct.version = 1;
    assert_int_equal(ct_json_write_sct(&sct, &out, &err), STATUS_USAGE);
    builder_clear(&other);
    builder_clear(&serialized);
}

static void tree_heads(void **state)
{
    (void)state;
    struct error err;
    struct tree_head head = {.timestamp_ms = 5, .size = 7}, again;
    struct builder signature;
    const struct ct_suite *const suites[] = {&ct_suite_gm, &ct_suite_intl};
    static const char *const want[] = {
        "{\"tree_size\":7,\"timestamp\":5,\"sm3_root_hash\":\"" HASH_1 "\",\"tree_head_signature\":\"BwgAA6q7zA==\"}",
        "{\"tree_size\":7,\"timestamp\":5,\"sha256_root_hash\":\"" HASH_1 "\",\"tree_head_signature\":\"BwgAA6q7zA==\"}"};
    for (size_t i = 0; i < HASH_SIZE; i++)
        head.root[i] = (uint8_t)(i + 1);
    struct bytes signed_ = heap_hex("07080003aabbcc");
    builder_init(&signature, 256);
    for (size_t i = 0; i < 2; i++) {
        OK(ct_json_write_sth(suites[i], &head, signed_, &out, &err));
        assert_out(want[i]);
        builder_reset(&signature);
        OK(ct_json_parse_sth(suites[i], bytes_of_text(want[i]), &again, &signature, &err));
        assert_int_equal(again.size, 7);
        assert_int_equal(again.timestamp_ms, 5);
        assert_memory_equal(again.root, head.root, HASH_SIZE);
        assert_bytes(builder_view(&signature), signed_);
        /* The root of the other suite is none. */
        assert_says(ct_json_parse_sth(suites[1 - i], bytes_of_text(want[i]), &again, &signature, &err), &err,
                    STATUS_MALFORMED, "root_hash");
    }
    head.size = UINT64_MAX;
    assert_int_equal(ct_json_write_sth(&ct_suite_gm, &head, signed_, &out, &err), STATUS_USAGE);
    builder_reset(&out);
    heap_free(signed_);
    builder_clear(&signature);
}

static void proofs(void **state)
{
    (void)state;
    struct error err;
    struct builder proof;
    uint64_t index = 0;
    uint8_t many[(CT_JSON_PROOF_MAX + 1) * HASH_SIZE] = {0};
    builder_init(&proof, sizeof many);
    OK(ct_json_parse_consistency(bytes_of_text("{\"consistency\":[\"" HASH_1 "\",\"" HASH_2 "\"]}"), &proof, &err));
    assert_int_equal(proof.len, 64);
    OK(ct_json_write_consistency(builder_view(&proof), &out, &err));
    assert_out("{\"consistency\":[\"" HASH_1 "\",\"" HASH_2 "\"]}");
    builder_reset(&proof);
    OK(ct_json_parse_inclusion(bytes_of_text("{\"leaf_index\":9,\"audit_path\":[\"" HASH_2 "\"]}"), &index, &proof, &err));
    assert_int_equal(index, 9);
    assert_int_equal(proof.len, 32);
    OK(ct_json_write_inclusion(9, builder_view(&proof), &out, &err));
    assert_out("{\"leaf_index\":9,\"audit_path\":[\"" HASH_2 "\"]}");
    OK(ct_json_write_consistency(bytes_of(NULL, 0), &out, &err));
    assert_out("{\"consistency\":[]}");
    assert_int_equal(ct_json_write_consistency(bytes_of(many, 33), &out, &err), STATUS_USAGE);
    assert_int_equal(ct_json_write_consistency(BYTES_OF(many), &out, &err), STATUS_LIMIT);
    builder_reset(&out);
    builder_reset(&proof);
    assert_int_equal(ct_json_parse_consistency(bytes_of_text("{\"consistency\":[\"AQID\"]}"), &proof, &err), STATUS_MALFORMED);
    assert_int_equal(ct_json_parse_consistency(bytes_of_text("{\"consistency\":{}}"), &proof, &err), STATUS_MALFORMED);
    assert_int_equal(ct_json_parse_inclusion(bytes_of_text("{\"audit_path\":[]}"), &index, &proof, &err), STATUS_MALFORMED);
    builder_text(&out, "{\"consistency\":[\"" HASH_1 "\"");
    for (size_t i = 0; i < CT_JSON_PROOF_MAX; i++)
        builder_text(&out, ",\"" HASH_1 "\"");
    builder_text(&out, "]}");
    assert_int_equal(ct_json_parse_consistency(builder_view(&out), &proof, &err), STATUS_LIMIT);
    builder_reset(&out);
    builder_clear(&proof);
}

static void entries(void **state)
{
    (void)state;
    struct error err;
    struct ct_json_entries parsed;
    struct ct_json_blobs blobs;
    ct_json_open_entries(&out);
    ct_json_add_entry(&out, true, bytes_of_text("leaf"), bytes_of_text("extra"));
    ct_json_add_entry(&out, false, bytes_of_text("x"), bytes_of(NULL, 0));
    ct_json_close_entries(&out);
    OK(ct_json_parse_entries(builder_view(&out), &parsed, &err));
    assert_int_equal(parsed.count, 2);
    assert_bytes(parsed.items[0].leaf_input, bytes_of_text("leaf"));
    assert_bytes(parsed.items[0].extra_data, bytes_of_text("extra"));
    assert_bytes(parsed.items[1].leaf_input, bytes_of_text("x"));
    assert_int_equal(parsed.items[1].extra_data.len, 0);
    ct_json_entries_clear(&parsed);
    assert_out("{\"entries\":[{\"leaf_input\":\"bGVhZg==\",\"extra_data\":\"ZXh0cmE=\"},{\"leaf_input\":\"eA==\","
               "\"extra_data\":\"\"}]}");
    assert_int_equal(ct_json_parse_entries(bytes_of_text("{\"entries\":[]}"), &parsed, &err), STATUS_MALFORMED);
    assert_says(ct_json_parse_entries(bytes_of_text("{\"entries\":[{\"leaf_input\":\"eA==\",\"extra_data\":\"\"},{}]}"), &parsed,
                                      &err),
                &err, STATUS_MALFORMED, "entry 1");
    OK(ct_json_write_entry_and_proof(bytes_of_text("leaf"), bytes_of_text("extra"), bytes_of(NULL, 0), &out, &err));
    OK(ct_json_parse_entry_and_proof(builder_view(&out), &blobs, &err));
    assert_int_equal(blobs.count, 3);
    assert_bytes(blobs.items[1], bytes_of_text("extra"));
    assert_int_equal(blobs.items[2].len, 0);
    ct_json_blobs_clear(&blobs);
    assert_out("{\"leaf_input\":\"bGVhZg==\",\"extra_data\":\"ZXh0cmE=\",\"audit_path\":[]}");
}

static void roots(void **state)
{
    (void)state;
    struct error err;
    struct ct_json_blobs blobs;
    const struct bytes two[] = {bytes_of_text("one"), bytes_of_text("two")};
    OK(ct_json_write_roots(two, 2, &out, &err));
    OK(ct_json_parse_roots(builder_view(&out), &blobs, &err));
    assert_int_equal(blobs.count, 2);
    assert_bytes(blobs.items[1], two[1]);
    ct_json_blobs_clear(&blobs);
    assert_out("{\"certificates\":[\"b25l\",\"dHdv\"]}");
    ct_json_write_error("a \"reason\"\n", &out);
    assert_out("{\"error_message\":\"a \\\"reason\\\"\\n\"}");
    ct_json_write_error("\xff", &out);
    assert_out("{}");
}

static void mtc(void **state)
{
    (void)state;
    struct error err;
    struct ct_json_mtc parsed;
    uint8_t hash[HASH_SIZE] = {0};
    const struct ct_json_mtc_entry items[] = {{.index = 7, .entry = bytes_of_text("entry"), .proof = BYTES_OF(hash)},
                                              {.index = (UINT64_C(1) << 48) - 1, .entry = bytes_of_text("e")}};
    OK(ct_json_write_mtc(bytes_of_text("origin\n\xe2\x80\x94 x\n"), items, 2, &out, &err));
    OK(ct_json_parse_mtc(builder_view(&out), &parsed, &err));
    assert_int_equal(parsed.count, 2);
    assert_bytes(parsed.checkpoint, bytes_of_text("origin\n\xe2\x80\x94 x\n"));
    assert_int_equal(parsed.entries[0].index, 7);
    assert_bytes(parsed.entries[0].entry, bytes_of_text("entry"));
    assert_bytes(parsed.entries[0].proof, BYTES_OF(hash));
    assert_int_equal(parsed.entries[1].index, items[1].index);
    assert_int_equal(parsed.entries[1].proof.len, 0);
    ct_json_mtc_clear(&parsed);
    builder_reset(&out);
    static const char *const bad[] = {
        "{\"checkpoint\":\"x\",\"entries\":[]}", "{\"entries\":[{\"index\":1,\"entry\":\"eA==\",\"proof\":[]}]}",
        "{\"checkpoint\":\"x\",\"entries\":[{\"index\":281474976710656,\"entry\":\"eA==\",\"proof\":[]}]}",
        "{\"checkpoint\":\"x\",\"entries\":[{\"index\":1,\"entry\":\"eA==\"}]}",
        "{\"checkpoint\":\"x\",\"entries\":[{\"index\":1,\"entry\":\"eA==\",\"proof\":[\"eA==\"]}]}",
        "{\"checkpoint\":\"x\",\"entries\":[{\"index\":1,\"entry\":\"eA==\",\"proof\":[],\"z\":1}]}",
        "{\"checkpoint\":\"x\",\"entries\":[7]}", "{\"checkpoint\":1,\"entries\":[{\"index\":1,\"entry\":\"\",\"proof\":[]}]}"};
    for (size_t i = 0; i < LENGTH(bad); i++)
        if (ct_json_parse_mtc(bytes_of_text(bad[i]), &parsed, &err) != STATUS_MALFORMED)
            fail_msg("%s", bad[i]);
    assert_int_equal(ct_json_write_mtc(bytes_of_text("\xff"), items, 2, &out, &err), STATUS_USAGE);
    assert_int_equal(ct_json_write_mtc(bytes_of_text("x"), items, 257, &out, &err), STATUS_LIMIT);
    builder_reset(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains),  cmocka_unit_test(scts),  cmocka_unit_test(tree_heads), cmocka_unit_test(proofs),
        cmocka_unit_test(entries), cmocka_unit_test(roots), cmocka_unit_test(mtc),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
