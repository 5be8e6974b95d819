#include "unit/checks.h"

#include "codec/ct/ct_suite.h"
#include "codec/ct/log_list.h"
#include "codec/ct/tree_head.h"
#include "codec/note/checkpoint_verify.h"

#define TIME_MS UINT64_C(1767225600123)

struct world {
    struct algorithms *algorithms;
    struct private_key *key;
    const struct public_key *public;
    struct tree_head head;
    uint8_t log_id[HASH_SIZE];
};

static void make_world(struct world *w, const char *algorithm)
{
    struct error err;
    *w = (struct world){.head = {.timestamp_ms = TIME_MS, .size = 70000}};
    memset(w->head.root, 0xab, HASH_SIZE);
    OK(algorithms_new(&w->algorithms, &err));
    OK(private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text(algorithm)), &w->key, &err));
    w->public = private_key_public(w->key);
    const struct ct_suite *suite = ct_suite_by_algorithm(public_key_alg(w->public));
    if (suite != NULL)
        OK(ct_suite_hash(suite, public_key_spki(w->public), w->log_id, &err));
}

static void clear_world(struct world *w)
{
    private_key_free(w->key);
    algorithms_free(w->algorithms);
}

static void input(void **state)
{
    (void)state;
    uint8_t got[TREE_HEAD_INPUT_SIZE];
    struct tree_head head = {.timestamp_ms = 0x0102030405060708, .size = 0x1112131415161718};
    memset(head.root, 0xee, HASH_SIZE);
    tree_head_write_input(&head, got);
    assert_hex(BYTES_OF(got), "00 01 0102030405060708 1112131415161718"
                              "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
}

/* A checkpoint of the log, with `lines` signature lines of those times. */
static struct bytes make_note(const struct world *w, const char *extension, const uint64_t *times, size_t lines)
{
    struct error err;
    struct builder text, out;
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    builder_init(&text, 4096);
    builder_init(&out, 65536);
    struct checkpoint checkpoint = {.origin = bytes_of_text("ct.example/2027h1"), .size = w->head.size,
                                    .extensions = bytes_of_text(extension)};
    memcpy(checkpoint.root, w->head.root, HASH_SIZE);
    OK(checkpoint_write(&checkpoint, &text, &err));
    OK(note_write_text(builder_view(&text), &out, &err));
    OK(tree_head_key_id(bytes_of_text("ct.example/2027h1"), w->log_id, key_id, &err));
    for (size_t i = 0; i < lines; i++) {
        struct builder signature, payload;
        uint8_t message[TREE_HEAD_INPUT_SIZE];
        struct tree_head head = w->head;
        head.timestamp_ms = times[i];
        tree_head_write_input(&head, message);
        builder_init(&signature, 256);
        builder_init(&payload, 256);
        OK(private_key_sign(w->key, BYTES_OF(message), &signature, &err));
        tree_head_write_note_signature(
            times[i],
            &(struct digitally_signed){digitally_signed_algorithm(public_key_alg(w->public)), builder_view(&signature)},
            &payload);
        OK(note_write_signature(bytes_of_text("ct.example/2027h1"), key_id, builder_view(&payload), &out, &err));
        builder_clear(&signature);
        builder_clear(&payload);
    }
    struct bytes copy = heap_copy(builder_view(&out));
    builder_clear(&out);
    builder_clear(&text);
    return copy;
}

static enum status from_note(const struct world *w, struct bytes bytes, struct tree_head *out, struct builder *signature,
                             struct error *err)
{
    struct note note;
    struct checkpoint checkpoint;
    assert_int_equal(note_parse(bytes, &note, err), STATUS_OK);
    assert_int_equal(checkpoint_parse(note.text, &checkpoint, err), STATUS_OK);
    enum status s = tree_head_from_note(&note, &checkpoint, bytes_of_text("ct.example/2027h1"), w->public, out, signature, err);
    /* checkpoint_verify says the same, but for the times of two lines. */
    struct error other;
    enum status t = checkpoint_verify(&note, &checkpoint,
                                      &(struct checkpoint_verifier){bytes_of_text("ct.example/2027h1"), NOTE_KEY_RFC6962,
                                                                    w->public},
                                      &other);
    if (s != STATUS_REFUSED || strstr(err->text, "different times") == NULL)
        assert_int_equal(s, t);
    return s;
}

static void in_notes(const char *algorithm)
{
    struct world w, other;
    struct error err;
    struct tree_head head;
    struct builder signature;
    const uint64_t times[] = {TIME_MS, TIME_MS, TIME_MS + 1};
    make_world(&w, algorithm);
    make_world(&other, algorithm);
    builder_init(&signature, 256);
    struct bytes note = make_note(&w, "", times, 1);
    OK(from_note(&w, note, &head, &signature, &err));
    assert_int_equal(head.timestamp_ms, TIME_MS);
    assert_int_equal(head.size, 70000);
    assert_memory_equal(head.root, w.head.root, HASH_SIZE);
    /* It is what get-sth answers with. */
    struct digitally_signed value;
    OK(digitally_signed_parse(builder_view(&signature), &value, &err));
    OK(tree_head_verify(w.public, &head, &value, &err));
    head.size++;
    assert_int_equal(tree_head_verify(w.public, &head, &value, &err), STATUS_REFUSED);
    assert_says(from_note(&other, note, &head, NULL, &err), &err, STATUS_NOT_FOUND, "no signature");
    heap_free(note);
    note = make_note(&w, "", times, 2);
    OK(from_note(&w, note, &head, NULL, &err));
    heap_free(note);
    note = make_note(&w, "", times, 3);
    assert_says(from_note(&w, note, &head, NULL, &err), &err, STATUS_REFUSED, "different times");
    heap_free(note);
    note = make_note(&w, "extension\n", times, 1);
    assert_says(from_note(&w, note, &head, NULL, &err), &err, STATUS_REFUSED, "extension lines");
    heap_free(note);
    /* The tree of another size. */
    w.head.size++;
    note = make_note(&w, "", times, 1);
    w.head.size--;
    for (size_t i = 0; i + 5 < note.len; i++)
        if (memcmp(note.data + i, "70001", 5) == 0)
            ((uint8_t *)(uintptr_t)note.data)[i + 4] = '0';
    assert_int_equal(from_note(&w, note, &head, NULL, &err), STATUS_REFUSED);
    heap_free(note);
    builder_clear(&signature);
    clear_world(&w);
    clear_world(&other);
}

static void gm(void **state)
{
    (void)state;
    in_notes("sm2_sm3");
}

static void international(void **state)
{
    (void)state;
    in_notes("ecdsa_p256_sha256");
}

/* SHA-256("ct.example/2027h1" LF 05 LogID), computed elsewhere: the LogID is 00..1f. */
static void key_ids(void **state)
{
    (void)state;
    uint8_t log_id[HASH_SIZE], got[NOTE_KEY_ID_SIZE], from_key[NOTE_KEY_ID_SIZE];
    struct world w;
    struct error err;
    for (size_t i = 0; i < HASH_SIZE; i++)
        log_id[i] = (uint8_t)i;
    OK(tree_head_key_id(bytes_of_text("ct.example/2027h1"), log_id, got, &err));
    assert_hex(BYTES_OF(got), "40d160c7");
    assert_int_equal(tree_head_key_id(bytes_of_text("a b"), log_id, got, &err), STATUS_USAGE);
    make_world(&w, "sm2_sm3");
    OK(tree_head_key_id(bytes_of_text("a"), w.log_id, got, &err));
    OK(note_key_id_as(NOTE_KEY_RFC6962, bytes_of_text("a"), w.public, from_key, &err));
    assert_memory_equal(got, from_key, NOTE_KEY_ID_SIZE);
    clear_world(&w);
    make_world(&w, "mldsa44");
    assert_int_equal(note_key_id_as(NOTE_KEY_RFC6962, bytes_of_text("a"), w.public, from_key, &err), STATUS_USAGE);
    clear_world(&w);
}

static void note_signatures(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum status status;
    } rows[] = {{"0000000000000001 0403 0001 aa", STATUS_OK},          {"0000000000000001 0403 0001 aabb", STATUS_MALFORMED},
                {"0000000000000001 0403 0000", STATUS_MALFORMED},      {"0000000000000001 0403 0002 aa", STATUS_MALFORMED},
                {"0000000000000001", STATUS_MALFORMED},                {"00000001", STATUS_MALFORMED},
                {"", STATUS_MALFORMED}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct error err;
        uint64_t timestamp_ms;
        struct digitally_signed value;
        struct bytes payload = heap_hex(rows[i].hex);
        assert_int_equal(tree_head_parse_note_signature(payload, &timestamp_ms, &value, &err), rows[i].status);
        if (rows[i].status == STATUS_OK) {
            struct builder b;
            builder_init(&b, 64);
            tree_head_write_note_signature(timestamp_ms, &value, &b);
            assert_bytes(builder_view(&b), payload);
            builder_clear(&b);
        }
        heap_free(payload);
    }
}

/* Lists of logs as values: who ran what when, and what is put together. */
static void log_lists(void **state)
{
    (void)state;
    struct log_list a, b;
    struct error err;
    struct log_list_operator one = {.name = "One"}, two = {.name = "Two"};
    struct log_list_log log = {.suite = &ct_suite_gm, .has_interval = true, .interval_start_s = 10, .interval_end_s = 20,
                               .previous_count = 2, .previous = {{"Zero", 100}, {"Half", 200}}};
    log_list_init(&a);
    log_list_init(&b);
    a.timestamp_s = 1000;
    b.timestamp_s = 900;
    OK(array_insert(&a.operators, 0, &one, "o", &err));
    OK(array_insert(&b.operators, 0, &two, "o", &err));
    OK(array_insert(&b.operators, 1, &one, "o", &err));
    log.log_id[0] = 1;
    OK(array_insert(&a.logs, 0, &log, "l", &err));
    log.log_id[0] = 2;
    log.operator_index = 1;
    OK(array_insert(&b.logs, 0, &log, "l", &err));
    log.log_id[0] = 3;
    log.operator_index = 0;
    OK(array_insert(&b.logs, 1, &log, "l", &err));
    OK(log_list_merge(&a, &b, &err));
    assert_int_equal(log_list_count(&a), 3);
    assert_int_equal(a.operators.count, 2);
    assert_int_equal(a.timestamp_s, 900);
    assert_string_equal(log_list_operator(&a, log_list_at(&a, 1)), "One");
    assert_string_equal(log_list_operator(&a, log_list_at(&a, 2)), "Two");
    assert_string_equal(log_list_operator_at(&a, log_list_at(&a, 2), 99), "Zero");
    assert_string_equal(log_list_operator_at(&a, log_list_at(&a, 2), 100), "Half");
    assert_string_equal(log_list_operator_at(&a, log_list_at(&a, 2), 200), "Two");
    assert_true(log_list_takes(&log, 10) && log_list_takes(&log, 19));
    assert_true(!log_list_takes(&log, 9) && !log_list_takes(&log, 20));
    assert_ptr_equal(log_list_find(&a, BYTES_OF(log.log_id)), log_list_at(&a, 2));
    assert_int_equal(log_list_merge(&a, &b, &err), STATUS_CONFLICT);
    for (unsigned i = LOG_LIST_PENDING; i < LOG_LIST_STATES; i++)
        assert_int_equal(log_list_state_by_name(bytes_of_text(log_list_state_name((enum log_list_state)i))), i);
    assert_int_equal(log_list_state_by_name(bytes_of_text("unknown")), LOG_LIST_UNKNOWN);
    log_list_clear(&a);
    log_list_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input),   cmocka_unit_test(gm),              cmocka_unit_test(international),
        cmocka_unit_test(key_ids), cmocka_unit_test(note_signatures), cmocka_unit_test(log_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
