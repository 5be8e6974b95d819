#include "unit/checks.h"

#include "tls/classic_sct.h"

#define TIME_MS UINT64_C(1795000000000)

struct fixture {
    struct algorithms *algorithms;
    struct classic_log logs[2];
    struct builder list;
    struct sct_check_subject precert;
};

static void set_up(struct fixture *f, bool is_gm)
{
    struct error err;
    *f = (struct fixture){.precert = sct_check_precert(bytes_of_text("a TBSCertificate"), bytes_of_text("issuer key"))};
    OK(algorithms_new(&f->algorithms, &err));
    for (size_t i = 0; i < LENGTH(f->logs); i++)
        OK(classic_log_init(&f->logs[i], f->algorithms, is_gm, &err));
    builder_init(&f->list, 1024);
    OK(classic_sct_write_list(f->logs, LENGTH(f->logs), &f->precert, TIME_MS, &f->list, &err));
}

static void tear_down(struct fixture *f)
{
    builder_clear(&f->list);
    for (size_t i = 0; i < LENGTH(f->logs); i++)
        classic_log_clear(&f->logs[i]);
    algorithms_free(f->algorithms);
}

static enum status verify(const struct fixture *f, struct bytes list, uint64_t at_ms,
                          struct error *err)
{
    return classic_sct_verify_list(f->logs, LENGTH(f->logs), &f->precert, list, at_ms, err);
}

static void good_list(struct fixture *f, const uint8_t algorithm[2])
{
    struct error err;
    struct bytes list = builder_view(&f->list);
    OK(verify(f, list, TIME_MS, &err));
    /* list length, SCT length, version, LogID, time, extensions with 8 bytes, then the algorithm */
    assert_int_equal(list.data[4], 0);
    assert_memory_equal(list.data + 5, f->logs[0].row.log_id, HASH_SIZE);
    assert_memory_equal(list.data + 5 + HASH_SIZE + 8 + 2 + 8, algorithm, 2);
    assert_in_range(list.len, 2 + 2 * (55 + 66 + 2), 2 + 2 * (55 + 72 + 2));
}

static void gm(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, true);
    good_list(&f, (const uint8_t[]){0x07, 0x08}); /* sm2sig_sm3 */
    tear_down(&f);
}

static void international(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, false);
    good_list(&f, (const uint8_t[]){0x04, 0x03}); /* sha256, ecdsa */
    tear_down(&f);
}

static void every_broken_byte(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, true);
    struct bytes copy = heap_copy(builder_view(&f.list));
    uint8_t *bytes = (uint8_t *)(uintptr_t)copy.data;
    struct error err;
    for (size_t i = 0; i < copy.len; i++) {
        bytes[i] ^= 1;
        assert_int_not_equal(verify(&f, copy, UINT64_MAX, &err), STATUS_OK);
        bytes[i] ^= 1;
    }
    OK(verify(&f, copy, UINT64_MAX, &err));
    heap_free(copy);
    tear_down(&f);
}

static void every_cut(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, false);
    struct error err;
    for (size_t len = 0; len < f.list.len; len++) {
        struct bytes cut = heap_copy(bytes_of(f.list.data, len));
        assert_int_equal(verify(&f, cut, TIME_MS, &err), STATUS_MALFORMED);
        heap_free(cut);
    }
    tear_down(&f);
}

static void other_content(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, true);
    struct error err;
    struct sct_check_subject kept = f.precert;
    f.precert.tbs = bytes_of_text("A TBSCertificate");
    assert_says(verify(&f, builder_view(&f.list), TIME_MS, &err), &err, STATUS_REFUSED, "SCT");
    f.precert = kept;
    f.precert.issuer_spki = bytes_of_text("another key");
    assert_says(verify(&f, builder_view(&f.list), TIME_MS, &err), &err, STATUS_REFUSED, "SCT");
    tear_down(&f);
}

static void other_number_or_time(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, true);
    struct error err;
    struct bytes list = builder_view(&f.list);
    assert_says(verify(&f, list, TIME_MS - 1, &err), &err, STATUS_REFUSED, "future");
    assert_says(classic_sct_verify_list(f.logs, 1, &f.precert, list, TIME_MS, &err), &err,
                STATUS_REFUSED, "2 SCTs of 1 logs");
    struct builder one;
    builder_init(&one, 1024);
    OK(classic_sct_write_list(f.logs, 1, &f.precert, TIME_MS, &one, &err));
    assert_says(verify(&f, builder_view(&one), TIME_MS, &err), &err, STATUS_REFUSED, "1 SCTs of 2 logs");
    builder_clear(&one);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gm),
        cmocka_unit_test(international),
        cmocka_unit_test(every_broken_byte),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(other_content),
        cmocka_unit_test(other_number_or_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
