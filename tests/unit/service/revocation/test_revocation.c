#include "unit/checks.h"
#include <stdio.h>

#include "fakes/memory_disk.h"
#include "fakes/memory_issuance_store.h"
#include "service/revocation/crl_shards.h"
#include "service/revocation/revocations_file.h"

#define NOW_S ((int64_t)1795000000)

static struct error err;
static struct memory_disk *disk;
static struct memory_issuance_store *plans;
static struct issuance_store issuance;
static struct algorithms *algorithms;
static struct private_key *key;
static int64_t now_s;
static bool is_refusing;

static int set_up(void **state)
{
    (void)state;
    now_s = NOW_S;
    is_refusing = false;
    disk = memory_disk_new();
    plans = calloc(1, sizeof *plans);
    assert_non_null(plans);
    issuance = memory_issuance_store_port(plans);
    OK(algorithms_new(&algorithms, &err));
    OK(private_key_generate(algorithms_by_name(algorithms, bytes_of_text("sm2_sm3")), &key, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    private_key_free(key);
    algorithms_free(algorithms);
    free(plans);
    memory_disk_free(disk);
    return 0;
}

static int64_t now_ms(void *context)
{
    (void)context;
    return now_s * 1000;
}

static enum status sign(void *context, struct bytes document, struct builder *out, struct error *e)
{
    (void)context;
    return is_refusing ? error_set(e, STATUS_REFUSED, "no") : private_key_sign(key, document, out, e);
}

static struct document_signer signer(void)
{
    return (struct document_signer){NULL, private_key_public(key), sign};
}

static struct revocations_file file(void)
{
    struct revocations_file f = {.signer = signer(), .log_number = 1, .issuance = &issuance,
                                 .store = memory_disk_store(disk, 0), .clock = {NULL, now_ms}};
    OK(tai_parse_text(bytes_of_text("32473.1"), &f.ca_id, &err));
    OK(tai_log_id(&f.ca_id, 1, &f.log_id, &err));
    return f;
}

static void revoke(uint16_t log, uint64_t first, uint64_t last, int reason, int64_t time_s)
{
    struct revoked_range range = {.log_number = log, .first = first, .last = last, .reason = reason, .revoked_s = time_s};
    OK(issuance.add_revoked(issuance.context, &range, &err));
    OK(issuance.commit(issuance.context, &err));
}

static void assert_ranges(const char *want)
{
    struct revocations_file f = file();
    struct array ranges = array_of(sizeof(struct revocation), REVOCATIONS_MAX);
    char memory[512];
    struct builder text;
    builder_init_fixed(&text, memory, sizeof memory - 1);
    OK(revocations_file_collect(&f, &ranges, &err));
    for (size_t i = 0; i < ranges.count; i++) {
        const struct revocation *r = array_at(&ranges, i);
        builder_printf(&text, "%llu-%llu/%d/%lld ", (unsigned long long)r->first, (unsigned long long)r->last, r->reason,
                       (long long)r->revoked_s);
    }
    memory[text.len] = '\0';
    assert_string_equal(memory, want);
    array_clear(&ranges);
}

/* In order, of this log, merged where reason and time are the same, and never overlapping. */
static void ranges_are_merged(void **state)
{
    (void)state;
    assert_ranges("");
    revoke(1, 10, 10, 1, 5);
    revoke(1, 8, 8, 1, 5);
    revoke(2, 9, 9, 1, 5);
    assert_ranges("8-8/1/5 10-10/1/5 ");
    revoke(1, 9, 9, 1, 5);
    assert_ranges("8-10/1/5 ");
    revoke(1, 11, 11, 4, 5);
    assert_ranges("8-10/1/5 11-11/4/5 ");
    revoke(1, 0, 100, 4, 9);
    assert_ranges("0-100/4/9 ");
    revoke(1, 90, 120, 1, 3);
    assert_ranges("0-100/4/9 101-120/1/3 ");
}

static void read_file(struct revocations *out, struct builder *text)
{
    struct object_store store = memory_disk_store(disk, 0);
    char name[TAI_NAME_SIZE];
    struct revocations_file f = file();
    tai_name(&f.ca_id, name);
    builder_init(text, REVOCATIONS_SIZE_MAX);
    revocations_init(out);
    OK(store.get(store.context, "1/" REVOCATIONS_FILE_NAME, text, &err));
    OK(revocations_read(builder_view(text), bytes_of_text(name), private_key_public(key), out, &err));
}

/* Every file has a higher sequence than the one before it, also when the clock does not go on or goes back. */
static void sequence_grows(void **state)
{
    (void)state;
    struct revocations_file f = file();
    struct revocations list;
    struct builder text;
    uint64_t before = 0;
    for (int i = 0; i < 4; i++) {
        if (i == 2)
            now_s -= 1000;
        OK(revocations_file_publish(&f, 256, &err));
        read_file(&list, &text);
        assert_true(list.sequence > before);
        assert_int_equal(list.issued_s, now_s);
        assert_int_equal(list.minimum_index, 256);
        before = list.sequence;
        revocations_clear(&list);
        builder_clear(&text);
    }
}

/* Of a closed log nobody knows the minimum any more, but the file that is there. */
static void minimum_never_goes_back(void **state)
{
    (void)state;
    struct revocations_file f = file();
    struct revocations list;
    struct builder text;
    OK(revocations_file_publish(&f, 512, &err));
    OK(revocations_file_publish(&f, 0, &err));
    read_file(&list, &text);
    assert_int_equal(list.minimum_index, 512);
    revocations_clear(&list);
    builder_clear(&text);
}

static void a_refusal_leaves_the_old_file(void **state)
{
    (void)state;
    struct revocations_file f = file();
    struct revocations list;
    struct builder text;
    revoke(1, 3, 3, 1, NOW_S);
    OK(revocations_file_publish(&f, 0, &err));
    is_refusing = true;
    revoke(1, 4, 4, 1, NOW_S);
    assert_int_equal(revocations_file_publish(&f, 0, &err), STATUS_REFUSED);
    read_file(&list, &text);
    assert_true(revocations_contain(&list, 3));
    assert_false(revocations_contain(&list, 4));
    revocations_clear(&list);
    builder_clear(&text);
}

static void shards_hold_what_is_theirs(void **state)
{
    (void)state;
    static const uint8_t issuer[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 6, 3, 0x55, 4, 6, 0x13, 2, 'C', 'N'};
    struct crl_shards shards = {.signer = signer(), .issuer = BYTES_OF(issuer), .key_id = bytes_of_text("k"),
                                .url = "http://a.example/crl", .store = memory_disk_store(disk, 0), .clock = {NULL, now_ms}};
    const struct crl_entry entries[] = {{bytes_of_text("\x40\x11"), NOW_S, 1}, {bytes_of_text("\x40\x21"), NOW_S, 4},
                                        {bytes_of_text("\x40\x02"), NOW_S, 0}};
    uint64_t before = 0;
    for (int round = 0; round < 2; round++) {
        size_t total = 0;
        OK(crl_shards_publish(&shards, entries, LENGTH(entries), &err));
        for (unsigned i = 0; i < CRL_SHARDS; i++) {
            char name[64], url[64];
            struct builder der;
            struct crl_parsed parsed;
            builder_init(&der, CRL_SIZE_MAX);
            (void)snprintf(name, sizeof name, "crl/%u.crl", i);
            (void)snprintf(url, sizeof url, "http://a.example/crl/%u.crl", i);
            OK(shards.store.get(shards.store.context, name, &der, &err));
            OK(crl_parse(builder_view(&der), &parsed, &err));
            OK(public_key_verify(private_key_public(key), parsed.tbs, parsed.signature, &err));
            assert_true(bytes_is_text(parsed.crl.url, url));
            assert_int_equal(parsed.crl.next_update_s, NOW_S + CRL_SHARDS_LIFETIME_S);
            assert_int_equal(parsed.count, i == 1 ? 2 : i == 2 ? 1 : 0);
            total += parsed.count;
            if (i == 1) {
                assert_true(parsed.crl.number > before);
                before = parsed.crl.number;
            }
            builder_clear(&der);
        }
        assert_int_equal(total, LENGTH(entries));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ranges_are_merged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sequence_grows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(minimum_never_goes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_leaves_the_old_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shards_hold_what_is_theirs, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
