/* Trust bundles: what is written is read again, and nothing else is. */
#include "unit/rules/bundle_maker.h"

static struct error err;
static struct bundle_world world;

static int make_world(void **state)
{
    (void)state;
    bundle_world_init(&world);
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    bundle_world_clear(&world);
    return 0;
}

static struct bytes written(const struct trust_bundle *bundle)
{
    struct builder b;
    builder_init(&b, TRUST_BUNDLE_SIZE_MAX);
    OK(trust_bundle_write(bundle, &b, &err));
    struct bytes copy = heap_copy(builder_view(&b));
    builder_clear(&b);
    return copy;
}

static enum status read(struct bytes input)
{
    struct trust_bundle again;
    trust_bundle_init(&again);
    enum status s = trust_bundle_parse(input, &again, &err);
    trust_bundle_clear(&again);
    return s;
}

static void round_trip(void **state)
{
    (void)state;
    struct trust_bundle again;
    struct bytes input = written(&world.bundle);
    trust_bundle_init(&again);
    OK(trust_bundle_parse(input, &again, &err));
    struct bytes twice = written(&again);
    assert_bytes(twice, input);
    assert_int_equal(again.version, 7);
    assert_int_equal(again.cas.count, 1);
    assert_true(tai_equal(&trust_bundle_ca_at(&again, 0)->id, &trust_bundle_ca_at(&world.bundle, 0)->id));
    const struct trust_bundle_log *log = trust_bundle_log_at(&again, 0);
    assert_int_equal(log->landmark_count, 2);
    assert_int_equal(trust_bundle_landmark_at(&again, log, 1)->hashes[0][0], 0x33);
    assert_int_equal(trust_bundle_landmark_at(&again, log, 1)->hashes[1][0], 0);
    trust_bundle_clear(&again);
    heap_free(twice);
    heap_free(input);
}

static void empty(void **state)
{
    (void)state;
    struct trust_bundle b;
    trust_bundle_init(&b);
    b.version = 1;
    struct bytes input = written(&b);
    assert_int_equal(input.len, 16 + 3 * 8);
    OK(read(input));
    heap_free(input);
    trust_bundle_clear(&b);
}

/* Every prefix that ends inside of a section is refused; so is every one byte more. */
static void cut_short(void **state)
{
    (void)state;
    struct bytes input = written(&world.bundle);
    size_t good = 0;
    for (size_t len = 0; len < input.len; len++) {
        struct bytes part = heap_copy(bytes_of(input.data, len));
        good += read(part) == STATUS_OK;
        heap_free(part);
    }
    assert_int_equal(good, 10); /* between sections: files have a digest against that */
    uint8_t *longer = malloc(input.len + 1);
    assert_non_null(longer);
    memcpy(longer, input.data, input.len);
    longer[input.len] = 0;
    assert_int_equal(read(bytes_of(longer, input.len + 1)), STATUS_MALFORMED);
    free(longer);
    heap_free(input);
}

/* What reads must write as the same bytes: one bit after the other. */
static void one_spelling(void **state)
{
    (void)state;
    struct bytes input = written(&world.bundle);
    uint8_t *changed = malloc(input.len);
    assert_non_null(changed);
    for (size_t bit = 0; bit < 8 * input.len; bit += 3) {
        struct trust_bundle again;
        memcpy(changed, input.data, input.len);
        changed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        trust_bundle_init(&again);
        if (trust_bundle_parse(bytes_of(changed, input.len), &again, &err) == STATUS_OK) {
            struct bytes twice = written(&again);
            /* A type above 0x8000 makes the last section one that may be skipped. */
            assert_true(twice.len <= input.len);
            assert_bytes(twice, bytes_of(changed, twice.len));
            heap_free(twice);
        }
        trust_bundle_clear(&again);
    }
    free(changed);
    heap_free(input);
}

static void assert_unwritable(const char *says)
{
    struct builder b;
    builder_init(&b, TRUST_BUNDLE_SIZE_MAX);
    assert_says(trust_bundle_write(&world.bundle, &b, &err), &err, STATUS_USAGE, says);
    builder_clear(&b);
}

static void out_of_order(void **state)
{
    (void)state;
    struct trust_bundle *b = &world.bundle;
    struct trust_bundle_revoked touching = {bundle_id("32473.1"), 23, 30};
    bundle_push(&b->revoked, &touching);
    assert_unwritable("not in order");
    b->revoked.count--;
    struct trust_bundle_landmark *l = array_at(&b->landmarks, 1);
    l->tree_size = 7;
    assert_unwritable("landmark");
    l->tree_size = 8;
    l->expiry_s = MAKER_NOW;
    assert_unwritable("landmark");
    l->expiry_s = MAKER_NOW + 200;
    struct trust_bundle_log *log = array_at(&b->logs, 0);
    log->first_landmark = 0;
    assert_unwritable("numbers");
    log->first_landmark = 6; /* landmark 5 at 4 entries */
    assert_unwritable("numbers");
    log->first_landmark = 3;
    struct trust_bundle_rule *rule = array_at(&b->rules, 0);
    rule->needed = 4;
    assert_unwritable("rule");
    rule->needed = 1;
    struct tai *member = array_at(&b->members, 2);
    *member = bundle_id("32473.24");
    assert_unwritable("no cosigner");
    *member = bundle_id("32473.21");
    assert_unwritable("member");
    *member = bundle_id("32473.23");
    bundle_push(&b->cas, array_at(&b->cas, 0));
    assert_unwritable("not in order");
    b->cas.count--;
    b->version = 0;
    assert_unwritable("version");
    b->version = 7;
    heap_free(written(b));
}

/* Each value, and both its neighbours where there are some. */
static void limits_of_anchors(void **state)
{
    (void)state;
    struct trust_bundle *b = &world.bundle;
    struct trust_bundle_anchor *anchor = array_at(&b->anchors, 0);
    struct trust_bundle_serials *second = array_at(&b->serials, 1);
    struct bytes *name = array_at(&b->names, 1);
    anchor->limits.level_max = 0;
    assert_unwritable("limits");
    anchor->limits.level_max = 5;
    assert_unwritable("limits");
    anchor->limits.level_max = 3;
    anchor->limits.distrust_after_s = -1;
    assert_unwritable("limits");
    anchor->limits.distrust_after_s = 10;
    static const char *const bad[] = {"", "example.com", "Example.org", ".example.org", "example.org.", "exa..mple", "exa mple", "*.org"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        *name = bytes_of_text(bad[i]);
        assert_unwritable("name of an anchor");
    }
    *name = bytes_of_text("example.org");
    second->first[19] = 8; /* 5 to 7 and 8 to ... are one range */
    assert_unwritable("range of serial numbers");
    second->first[19] = 9;
    second->last[0] = 0; /* ends before it begins */
    assert_unwritable("range of serial numbers");
    second->last[0] = 1;
    struct trust_bundle_serials *first = array_at(&b->serials, 0);
    memset(first->last, 0xff, sizeof first->last); /* nothing comes behind it */
    assert_unwritable("range of serial numbers");
    memset(first->last, 0, sizeof first->last);
    first->last[19] = 7;
    heap_free(written(b));
}

static void fields_of_ct_logs(void **state)
{
    (void)state;
    struct trust_bundle *b = &world.bundle;
    struct trust_bundle_ct_log *log = array_at(&b->ct_logs, 0);
    struct trust_bundle_previous *second = array_at(&b->previous, 1);
    log->kind = TRUST_BUNDLE_CT_RFC6962; /* which has one URL */
    assert_unwritable("CT log");
    log->kind = TRUST_BUNDLE_CT_STATIC;
    log->covers_until_s = 6;
    assert_unwritable("CT log");
    log->covers_until_s = 7;
    second->end_s = 3;
    assert_unwritable("previous operator");
    second->end_s = 4;
    log->state = 7;
    assert_unwritable("CT log");
    log->state = TRUST_BUNDLE_CT_READONLY;
    heap_free(written(b));
}

static void keys_and_signers(void **state)
{
    (void)state;
    struct trust_bundle *b = &world.bundle;
    struct trust_bundle_key *key = array_at(&b->keys, 1);
    key->note_type = 1; /* Ed25519 */
    assert_unwritable("signing key");
    key->note_type = 6;
    key->origin = bytes_of_text("two words");
    assert_unwritable("signing key");
    key->origin = bytes_of_text("trust.example/versions");
    struct trust_bundle_key other = *key;
    bundle_push(&b->keys, &other);
    assert_unwritable("not in order");
    struct trust_bundle_key *third = array_at(&b->keys, 2);
    third->spki = bytes_of_text("\x31 another");
    heap_free(written(b));
    third->origin = bytes_of_text("other.example");
    assert_unwritable("two origins");
    b->keys.count--;
    struct trust_bundle_signer *signer = array_at(&b->signers, 0);
    signer->level_max = 5;
    assert_unwritable("identity signer");
    signer->level_max = 3;
    heap_free(written(b));
}

/* A policy of a version that nobody knows is not trusted without it. */
static void other_versions(void **state)
{
    (void)state;
    static const char *const names[] = {"policy", "website identities"};
    struct bytes input = written(&world.bundle);
    uint8_t *changed = malloc(input.len);
    assert_non_null(changed);
    for (uint8_t i = 0; i < 2; i++) {
        size_t at = 16 + 3 * 8;
        while (input.data[at + 1] != 7 + i)
            at += 5 + ((size_t)input.data[at + 2] << 16 | (size_t)input.data[at + 3] << 8 | input.data[at + 4]);
        memcpy(changed, input.data, input.len);
        changed[at + 6] = 2;
        assert_says(read(bytes_of(changed, input.len)), &err, STATUS_REFUSED, names[i]);
        changed[at + 6] = 0;
        assert_says(read(bytes_of(changed, input.len)), &err, STATUS_MALFORMED, names[i]);
    }
    free(changed);
    heap_free(input);
}

static void purposes_by_name(void **state)
{
    (void)state;
    for (uint16_t i = TRUST_BUNDLE_TLS; i <= TRUST_BUNDLE_E_INVOICE; i++)
        assert_int_equal(trust_bundle_purpose_by_name(bytes_of_text(trust_bundle_purpose_name(i))), i);
    assert_null(trust_bundle_purpose_name(0));
    assert_null(trust_bundle_purpose_name(TRUST_BUNDLE_E_INVOICE + 1));
    assert_int_equal(trust_bundle_purpose_by_name(bytes_of_text("invoice")), 0);
}

static void unknown_sections(void **state)
{
    (void)state;
    static const uint8_t optional[] = {0x80, 0x01, 0, 0, 1, 0xff}, needed[] = {0x7f, 0xff, 0, 0, 1, 0xff};
    struct bytes input = written(&world.bundle);
    uint8_t *longer = malloc(input.len + 6);
    assert_non_null(longer);
    memcpy(longer, input.data, input.len);
    memcpy(longer + input.len, optional, 6);
    OK(read(bytes_of(longer, input.len + 6)));
    memcpy(longer + input.len, needed, 6);
    assert_says(read(bytes_of(longer, input.len + 6)), &err, STATUS_REFUSED, "section 32767");
    free(longer);
    heap_free(input);
}

/* [GM 14]: 169 active landmarks with 338 hashes. */
static void sizes(void **state)
{
    (void)state;
    struct trust_bundle b;
    trust_bundle_init(&b);
    b.version = 1;
    struct trust_bundle_log log = {.ca_id = bundle_id("32473.1"), .log_number = 1, .first_landmark = 1, .landmark_count = 169};
    bundle_push(&b.logs, &log);
    for (size_t i = 1; i <= 169; i++) {
        struct trust_bundle_landmark l = {.tree_size = 100000 * i, .expiry_s = MAKER_NOW};
        bundle_push(&b.landmarks, &l);
    }
    struct bytes input = written(&b);
    assert_int_equal(input.len, 40 + 5 + 5 + 2 + 3 * 6 + 3 + 169 * (6 + 8 + 64));
    heap_free(input);
    trust_bundle_clear(&b);
}

static void files(void **state)
{
    (void)state;
    struct builder b;
    struct trust_file file;
    builder_init(&b, TRUST_FILE_SIZE_MAX);
    OK(trust_file_write(&world.bundle, BYTES_OF("note"), bytes_of(NULL, 0), &b, &err));
    struct bytes input = heap_copy(builder_view(&b));
    OK(trust_file_parse(input, &file, &err));
    assert_int_equal(file.note.len, 5);
    for (size_t len = 0; len < input.len; len++)
        assert_int_equal(trust_file_parse(bytes_of(input.data, len), &file, &err), STATUS_MALFORMED);
    for (size_t i = 0; i < input.len; i++) {
        b.data[i] ^= 0x10;
        assert_int_equal(trust_file_parse(builder_view(&b), &file, &err), STATUS_MALFORMED);
        b.data[i] ^= 0x10;
    }
    heap_free(input);
    builder_clear(&b);
}

/* The version of a file says whether there are revocations, and nothing else may. */
static void files_with_revocations(void **state)
{
    (void)state;
    struct builder b;
    struct trust_file file;
    builder_init(&b, TRUST_FILE_SIZE_MAX);
    OK(trust_file_write(&world.bundle, BYTES_OF("note"), BYTES_OF("revoked"), &b, &err));
    assert_memory_equal(b.data, "trust-file/v002\n", 16);
    struct bytes input = heap_copy(builder_view(&b));
    assert_true(trust_file_is(input));
    OK(trust_file_parse(input, &file, &err));
    assert_int_equal(file.note.len, 5);
    assert_memory_equal(file.revocations.data, "revoked", 8);
    for (size_t len = 0; len < input.len; len++)
        assert_int_equal(trust_file_parse(bytes_of(input.data, len), &file, &err), STATUS_MALFORMED);
    heap_free(input);
    /* Each with the label of the other, and a digest that fits; and v002 with none. */
    for (size_t which = 0; which < 3; which++) {
        uint8_t digest[HASH_SIZE];
        builder_reset(&b);
        OK(trust_file_write(&world.bundle, BYTES_OF("note"), which == 1 ? bytes_of(NULL, 0) : BYTES_OF("revoked"), &b, &err));
        b.data[14] = which == 1 ? '2' : '1';
        b.len -= HASH_SIZE;
        if (which == 2) {
            b.data[14] = '2';
            b.len -= 8;
            b.data[b.len - 1] = 0;
        }
        struct bytes all = builder_view(&b);
        assert_true(hash_label_sha256(&all, 1, digest));
        builder_bytes(&b, BYTES_OF(digest));
        assert_int_equal(trust_file_parse(builder_view(&b), &file, &err), STATUS_MALFORMED);
    }
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),   cmocka_unit_test(empty),        cmocka_unit_test(cut_short),
        cmocka_unit_test(one_spelling), cmocka_unit_test(out_of_order), cmocka_unit_test(unknown_sections),
        cmocka_unit_test(sizes),        cmocka_unit_test(files), cmocka_unit_test(files_with_revocations),
        cmocka_unit_test(limits_of_anchors), cmocka_unit_test(fields_of_ct_logs), cmocka_unit_test(keys_and_signers),
        cmocka_unit_test(other_versions), cmocka_unit_test(purposes_by_name),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
