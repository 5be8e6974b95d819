#include "unit/codec/codec_checks.h"

#include "codec/pem/pem.h"

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"
#define LINE64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define BLOCK BEGIN "YWJj\n" END /* "abc" */

static enum status read_all(const char *text, enum pem_mode mode, struct builder *ders,
                            size_t *count, struct error *err)
{
    struct pem_reader r;
    struct pem_block block;
    pem_reader_init(&r, bytes_of_text(text), mode);
    builder_reset(ders);
    enum status status;
    while ((status = pem_next(&r, &block, ders, err)) == STATUS_OK)
        continue;
    *count = r.block_count;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void assert_reads(const char *text, enum pem_mode mode, size_t want_count, const char *want)
{
    struct builder ders;
    builder_init(&ders, 4096);
    size_t count;
    struct error err;
    if (read_all(text, mode, &ders, &count, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(count, want_count);
    assert_text(builder_view(&ders), want);
    builder_clear(&ders);
}

static void assert_refuses(const char *text, enum pem_mode mode, const char *says)
{
    struct builder ders;
    builder_init(&ders, 4096);
    size_t count;
    struct error err;
    assert_int_equal(read_all(text, mode, &ders, &count, &err), STATUS_MALFORMED);
    assert_says(&err, STATUS_MALFORMED, says);
    builder_clear(&ders);
}

static void strict_and_written(void **state)
{
    (void)state;
    static const uint8_t data[200] = {1, 2, 3};
    for (size_t len = 1; len <= sizeof data; len++) {
        struct builder text, der;
        builder_init(&text, 4096);
        builder_init(&der, 4096);
        assert_int_equal(pem_write("CERTIFICATE PROPERTIES", bytes_of(data, len), &text, NULL),
                         STATUS_OK);
        struct pem_reader r;
        struct pem_block block;
        pem_reader_init(&r, builder_view(&text), PEM_STRICT);
        assert_int_equal(pem_next(&r, &block, &der, NULL), STATUS_OK);
        assert_text(block.label, "CERTIFICATE PROPERTIES");
        assert_bytes(block.source, builder_view(&text));
        assert_bytes(builder_view(&der), bytes_of(data, len));
        assert_int_equal(pem_next(&r, &block, &der, NULL), STATUS_NOT_FOUND);
        builder_clear(&text);
        builder_clear(&der);
    }
}

static void good_strict(void **state)
{
    (void)state;
    assert_reads("", PEM_STRICT, 0, "");
    assert_reads(BLOCK, PEM_STRICT, 1, "abc");
    assert_reads(BLOCK BLOCK, PEM_STRICT, 2, "abcabc");
    assert_reads(BLOCK "\n" BLOCK, PEM_STRICT, 2, "abcabc");
    assert_reads("-----BEGIN X-1 Y_Z-----\nYWJj\n-----END X-1 Y_Z-----\n", PEM_STRICT, 1, "abc");
}

static void bad_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"x", "line 1: no newline"},
        {"x\n", "line 1: text outside"},
        {"\n" BLOCK, "line 1: text outside"},
        {BLOCK "\n", "line 4: text outside"},
        {BLOCK "\n\n" BLOCK, "line 5: text outside"},
        {BLOCK "x\n" BLOCK, "line 4: text outside"},
        {" " BLOCK, "line 1: text outside"},
        {"-----BEGIN CERTIFICATE----\nYWJj\n" END, "line 1: text outside"},
        {"-----BEGIN CERTIFICATE----- \nYWJj\n" END, "line 1: text outside"},
        {"-----BEGIN CERTIFICATE-----\r\nYWJj\n" END, "line 1: text outside"},
        {BEGIN, "line 2: the block does not end"},
        {BEGIN "YWJj\n", "line 3: the block does not end"},
        {BEGIN "YWJj\n-----END CERTIFICATE-----", "line 3: the block does not end"},
        {BEGIN END, "line 2: the block above holds nothing"},
        {BEGIN "\n" END, "line 2: base64"},
        {BEGIN "\nYWJj\n" END, "line 2: base64"},
        {BEGIN "YWJj\n\n" END, "line 3: base64"},
        {BEGIN "YWJj\nYWJj\n" END, "line 3: base64"},
        {BEGIN LINE64 "AAAA\n" END, "line 2: base64"},
        {BEGIN LINE64 "\n" LINE64 "AAAA\n" END, "line 3: base64"},
        {BEGIN "YWJj \n" END, "canonical base64"},
        {BEGIN "YWJj\r\n" END, "canonical base64"},
        {BEGIN "YWJ\n" END, "canonical base64"},
        {BEGIN "YWJj=\n" END, "canonical base64"},
        {BEGIN "YW=j\n" END, "canonical base64"},
        {BEGIN "YWJ=\n" END, "canonical base64"}, /* pad bits */
        {BEGIN "Y===\n" END, "canonical base64"},
        {BEGIN "YW-_\n" END, "canonical base64"},
        {BEGIN BLOCK END, "line 3: base64"},
        {BEGIN "Proc-Type: 4,ENCRYPTED\n\nYWJj\n" END, "line 3: base64"},
        {BEGIN "YWJj\n-----END X-----\n", "line 3: the END line has another label"},
        {"-----BEGIN -----\nYWJj\n-----END -----\n", "line 1: label"},
        {"-----BEGIN A  B-----\nYWJj\n-----END A  B-----\n", "line 1: label"},
        {"-----BEGIN A--B-----\nYWJj\n-----END A--B-----\n", "line 1: label"},
        {"-----BEGIN  A-----\nYWJj\n-----END  A-----\n", "line 1: label"},
        {"-----BEGIN A -----\nYWJj\n-----END A -----\n", "line 1: label"},
        {"-----BEGIN A------\nYWJj\n-----END A------\n", "line 1: label"},
        {"-----BEGIN \xc3\xa9-----\nYWJj\n", "line 1: label"},
        {"-----BEGIN " LINE64 "A-----\n", "line 1: label"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refuses(cases[i].text, PEM_STRICT, cases[i].says);
}

static void lax(void **state)
{
    (void)state;
    assert_reads("subject=CN=x\n" BLOCK "\n\ntext\n" BLOCK "end", PEM_LAX, 2, "abcabc");
    assert_reads("text alone\n", PEM_LAX, 0, "");
    assert_reads("-----BEGIN CERTIFICATE-----\r\nYW\r\nJj \t\r\n\r\n-----END CERTIFICATE-----\r\n",
                 PEM_LAX, 1, "abc");
    assert_reads(BEGIN "YWJj\n-----END CERTIFICATE-----", PEM_LAX, 1, "abc");
}

static void lax_other(void **state)
{
    (void)state;
    struct builder der;
    builder_init(&der, 4096);
    size_t count;
    assert_int_equal(read_all(BEGIN LINE64 "AAAA\n" END, PEM_LAX, &der, &count, NULL), STATUS_OK);
    assert_int_equal(der.len, 51);
    builder_clear(&der);
    assert_refuses(BEGIN "YW Jj\n" END, PEM_LAX, "canonical base64");
    assert_refuses(BEGIN "YWJj\n", PEM_LAX, "does not end");
    assert_refuses(BEGIN END, PEM_LAX, "holds nothing");
    assert_refuses(BEGIN "Proc-Type: 4,ENCRYPTED\n\nYWJj\n" END, PEM_LAX, "canonical base64");
    assert_refuses(BEGIN "YWJj\n-----END X-----\n", PEM_LAX, "another label");
}

static void limits(void **state)
{
    (void)state;
    struct builder der, text;
    builder_init(&der, 2);
    size_t count;
    struct error err;
    assert_int_equal(read_all(BLOCK, PEM_STRICT, &der, &count, &err), STATUS_LIMIT);
    builder_clear(&der);
    static uint8_t large[PEM_DER_MAX + 1];
    builder_init(&text, 2 * PEM_DER_MAX);
    builder_init(&der, 2 * PEM_DER_MAX);
    assert_int_equal(pem_write("X", bytes_of(large, PEM_DER_MAX), &text, NULL), STATUS_OK);
    builder_u8(&text, 0);
    assert_int_equal(read_all((const char *)text.data, PEM_STRICT, &der, &count, NULL), STATUS_OK);
    assert_int_equal(der.len, PEM_DER_MAX);
    builder_reset(&text);
    builder_text(&text, BEGIN);
    for (size_t i = 0; i <= PEM_DER_MAX / 48 + 1; i++)
        builder_text(&text, LINE64 "\n");
    builder_text(&text, END);
    builder_u8(&text, 0);
    assert_int_equal(read_all((const char *)text.data, PEM_STRICT, &der, &count, &err),
                     STATUS_LIMIT);
    builder_clear(&text);
    builder_clear(&der);
}

static void bad_writes(void **state)
{
    (void)state;
    struct builder b;
    builder_init(&b, 64);
    static const char *const labels[] = {"", " A", "A ", "A--B", "A\n", "-"};
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        assert_int_equal(pem_write(labels[i], bytes_of_text("abc"), &b, NULL), STATUS_USAGE);
    assert_int_equal(pem_write("A", bytes_of(NULL, 0), &b, NULL), STATUS_USAGE);
    assert_int_equal(b.len, 0);
    assert_int_equal(pem_write("CERTIFICATE", bytes_of(BLOCK, 40), &b, NULL), STATUS_LIMIT);
    builder_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strict_and_written), cmocka_unit_test(good_strict),
        cmocka_unit_test(bad_strict),         cmocka_unit_test(lax),
        cmocka_unit_test(lax_other),          cmocka_unit_test(limits),
        cmocka_unit_test(bad_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
