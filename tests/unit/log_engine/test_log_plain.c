/* A plain log: that of a trust bundle's versions. */
#include "unit/checks.h"

#include "adapters/local_key/local_key.h"
#include "codec/note/note.h"
#include "codec/trust_bundle/trust_envelope.h"
#include "fakes/memory_disk.h"
#include "log_engine/log_engine.h"

static struct error err;
static struct algorithms *algorithms;
static struct private_key *keys[2];
static struct memory_disk *disk;
static struct cosigner cosigners[2];
static struct log_config config;

static int64_t now_ms(void *context)
{
    (void)context;
    return 1800000000000;
}

static int open_world(void **state)
{
    static const char *const names[] = {"sm2_sm3", "mldsa44"};
    static const struct tai none;
    (void)state;
    OK(algorithms_new(&algorithms, &err));
    disk = memory_disk_new();
    for (size_t i = 0; i < 2; i++) {
        OK(private_key_generate(algorithms_by_name(algorithms, bytes_of_text(names[i])), &keys[i], &err));
        cosigners[i] = local_key_cosigner(&none, keys[i]);
        cosigners[i].name = "trust.example/versions";
    }
    config = (struct log_config){.is_plain = true, .origin = "trust.example/versions", .leaf_format = &leaf_format_trust,
                                 .hash = &hash_sm3, .public_store = memory_disk_store(disk, 0),
                                 .private_store = memory_disk_store(disk, 1), .record = memory_disk_record(disk), .clock = {NULL, now_ms},
                                 .cosigners = cosigners, .cosigner_count = 2};
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    memory_disk_free(disk);
    for (size_t i = 0; i < 2; i++)
        private_key_free(keys[i]);
    algorithms_free(algorithms);
    return 0;
}

static enum status append(struct log_engine *log, uint64_t version, size_t len)
{
    uint8_t memory[TRUST_ENVELOPE_VERSION_SIZE + 1] = {0};
    struct builder b;
    uint64_t index;
    builder_init_fixed(&b, memory, sizeof memory);
    builder_text(&b, TRUST_ENVELOPE_VERSION_LABEL);
    builder_u64(&b, version);
    const struct log_entry_input input = {.entry = bytes_of(memory, len)};
    return log_append(log, &input, 1, &index, &err);
}

static void versions_stand_in_their_places(void **state)
{
    (void)state;
    struct log_engine *log;
    struct log_fsck_report report;
    bool is_new;
    OK(log_create(&config, &err));
    OK(log_open(&config, &log, &err));
    OK(append(log, 1, TRUST_ENVELOPE_VERSION_SIZE));
    assert_says(append(log, 1, TRUST_ENVELOPE_VERSION_SIZE), &err, STATUS_REFUSED, "its place");
    assert_says(append(log, 3, TRUST_ENVELOPE_VERSION_SIZE), &err, STATUS_REFUSED, "its place");
    assert_says(append(log, 2, TRUST_ENVELOPE_VERSION_SIZE - 1), &err, STATUS_MALFORMED, "no TrustVersion");
    assert_int_equal(append(log, 2, TRUST_ENVELOPE_VERSION_SIZE + 1), STATUS_LIMIT);
    assert_false(log_has_failed(log));
    for (uint64_t version = 2; version <= 300; version++)
        OK(append(log, version, TRUST_ENVELOPE_VERSION_SIZE));
    assert_says(log_allocate_landmark(log, 1, &is_new, &err), &err, STATUS_USAGE, "no landmarks");
    OK(log_fsck(log, NULL, NULL, NULL, &report, &err));
    assert_int_equal(report.entries_checked, 300);
    OK(log_close(log, &err));
    OK(log_open(&config, &log, &err));
    assert_int_equal(log_state(log).size, 300);
    log_abandon(log);
    OK(log_open(&config, &log, &err));
    OK(append(log, 301, TRUST_ENVELOPE_VERSION_SIZE));
    OK(log_close(log, &err));
}

/* Each line is of a key, all of one name. */
static void both_keys_sign(void **state)
{
    (void)state;
    static struct note note;
    struct log_engine *log;
    struct builder text;
    builder_init(&text, NOTE_SIZE_MAX);
    OK(log_create(&config, &err));
    OK(log_open(&config, &log, &err));
    OK(append(log, 1, TRUST_ENVELOPE_VERSION_SIZE));
    OK(log_read_published(log, &text, &err));
    OK(note_parse(builder_view(&text), &note, &err));
    assert_int_equal(note.signature_count, 2);
    OK(log_close(log, &err));
    builder_clear(&text);
}

static void assert_usage(struct log_config bad, const char *why)
{
    assert_says(log_create(&bad, &err), &err, STATUS_USAGE, why);
}

static void what_it_cannot_be(void **state)
{
    (void)state;
    struct log_config bad = config;
    bad.origin = NULL;
    assert_usage(bad, "has an origin");
    bad = config;
    bad.leaf_format = NULL;
    assert_usage(bad, "leaf format");
    bad = config;
    bad.cosigner_count = 0;
    assert_usage(bad, "1 to");
    struct cosigner others[2] = {cosigners[0], cosigners[0]};
    bad = config;
    bad.cosigners = others;
    assert_usage(bad, "one key");
    others[1] = cosigners[1];
    others[1].name = NULL;
    assert_usage(bad, "needs a name");
    others[1].name = "with blanks";
    assert_usage(bad, "needs a name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(versions_stand_in_their_places),
        TEST(both_keys_sign),
        TEST(what_it_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
