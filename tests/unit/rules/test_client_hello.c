/* Reading ClientHellos: whole ones, in records, and single extensions. */
#include "unit/rules/choosing.h"

#include "rules/client_hello.h"

#define CODE_POINT TRUST_ANCHOR_LIST_CODE_POINT
/* version, random, session ID, and no compression */
#define RANDOM "0303 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00 "
#define SNI "0000 0014 0012 00 000f 7777772e6578616d706c652e636f6d "
#define GROUPS "000a 000a 0008 1a1a 11ee 0029 001d "
#define SCHEMES "000d 0006 0004 0708 0403 "
#define CERT_SCHEMES "0032 0004 0002 0708 "
#define ALPN "0010 000e 000c 02 6832 08 687474702f312e31 "
#define VERSIONS "002b 0007 06 2a2a 0304 0303 "
#define SHARES "0033 000d 000b 1a1a 0001 00 11ee 0002 abcd "
#define ANCHORS "ca34 000b 0009 02 8107 05 81fd590201 "

/* 20 KiB each. */
static struct client_hello hello;

/* A message of these extensions (hex) and suites. */
static struct bytes message_of(const char *suites, const char *extensions)
{
    struct builder b;
    builder_init(&b, CLIENT_HELLO_SIZE_MAX);
    struct bytes part = heap_hex(RANDOM);
    builder_u8(&b, 1);
    size_t body = builder_open_vector(&b, 3);
    builder_bytes(&b, part);
    heap_free(part);
    size_t list = builder_open_vector(&b, 2);
    part = heap_hex(suites);
    builder_bytes(&b, part);
    heap_free(part);
    builder_close_vector(&b, list, 2);
    builder_u16(&b, 0x0100);
    if (extensions != NULL) {
        list = builder_open_vector(&b, 2);
        part = heap_hex(extensions);
        builder_bytes(&b, part);
        heap_free(part);
        builder_close_vector(&b, list, 2);
    }
    builder_close_vector(&b, body, 3);
    struct bytes message = heap_copy(builder_view(&b));
    builder_clear(&b);
    return message;
}

static void assert_codes(struct tls_codes got, size_t count, const uint16_t *want)
{
    assert_int_equal(got.count, count);
    assert_memory_equal(got.codes, want, count * sizeof *want);
}

static void whole(void **state)
{
    (void)state;
    struct error err;
    struct bytes message = message_of("0a0a 00c6 1301", SNI GROUPS SCHEMES CERT_SCHEMES ALPN VERSIONS SHARES ANCHORS
                                      "1a1a 0000 ff01 0001 00");
    OK(client_hello_parse(message, CODE_POINT, &hello, &err));
    struct choice_client client = client_hello_offer(&hello);
    assert_true(bytes_is_text(client.server_name, "www.example.com"));
    assert_true(client.has_tls13);
    assert_true(client.has_tls12);
    assert_codes(client.suites, 3, (const uint16_t[]){0x0a0a, 0x00c6, 0x1301});
    assert_codes(client.groups, 4, (const uint16_t[]){0x1a1a, 0x11ee, 0x0029, 0x001d});
    assert_codes(client.key_shares, 2, (const uint16_t[]){0x1a1a, 0x11ee});
    assert_codes(client.schemes, 2, (const uint16_t[]){0x0708, 0x0403});
    assert_true(client.has_cert_schemes);
    assert_codes(client.cert_schemes, 1, (const uint16_t[]){0x0708});
    assert_true(client.has_trust_anchors);
    assert_int_equal(client.trust_anchor_count, 2);
    struct tai id = an_id("32473.2.1");
    assert_true(tai_equal(&client.trust_anchors[1], &id));
    assert_int_equal(hello.alpn.count, 2);
    assert_true(bytes_is_text(hello.alpn.protocols[0], "h2"));
    assert_true(bytes_is_text(hello.alpn.protocols[1], "http/1.1"));
    /* With another code point the extension is one of those that mean nothing. */
    OK(client_hello_parse(message, 0xca35, &hello, &err));
    assert_false(hello.has_trust_anchors);
    heap_free(message);
}

static void old_clients(void **state)
{
    (void)state;
    struct error err;
    struct bytes message = message_of("c02b", NULL);
    OK(client_hello_parse(message, CODE_POINT, &hello, &err));
    assert_true(hello.has_tls12);
    assert_false(hello.has_tls13);
    assert_int_equal(hello.server_name.len, 0);
    assert_int_equal(hello.schemes.count, 0);
    /* TLS 1.0 */
    uint8_t *bytes = (uint8_t *)(uintptr_t)message.data;
    bytes[5] = 1;
    OK(client_hello_parse(message, CODE_POINT, &hello, &err));
    assert_false(hello.has_tls12);
    heap_free(message);
    message = message_of("c02b", GROUPS "002b 0003 02 0303");
    OK(client_hello_parse(message, CODE_POINT, &hello, &err));
    assert_true(hello.has_tls12);
    assert_false(hello.has_tls13);
    heap_free(message);
}

static void assert_refused(const char *suites, const char *extensions, const char *fragment)
{
    struct error err;
    struct bytes message = message_of(suites, extensions);
    assert_says(client_hello_parse(message, CODE_POINT, &hello, &err), &err, STATUS_MALFORMED, fragment);
    heap_free(message);
}

static void refused(void **state)
{
    (void)state;
    assert_refused("", NULL, "cipher_suites");
    assert_refused("1301 13", NULL, "cipher_suites");
    assert_refused("1301", SNI SNI, "extension 0 twice");
    assert_refused("1301", ANCHORS ANCHORS, "extension 51764 twice");
    assert_refused("1301", "0000 0001", "cut short");
    assert_refused("1301", "00", "cut short");
    assert_refused("1301", "0029 0001 00" SNI, "pre_shared_key");
    assert_refused("1301", VERSIONS GROUPS, "go together");
    assert_refused("1301", VERSIONS SHARES, "go together");
    assert_refused("1301", SNI "ca34 0003 0001 00", "trust_anchors");
    assert_refused("1301", "000a 0003 0001 1a", "extension 10 at 47");
    /* Every message that is cut short, or longer than it says. */
    struct error err;
    struct bytes message = message_of("0a0a 00c6", SNI GROUPS VERSIONS SHARES);
    for (size_t len = 0; len < message.len; len++) {
        struct bytes cut = heap_copy(bytes_of(message.data, len));
        assert_int_equal(client_hello_parse(cut, CODE_POINT, &hello, &err), STATUS_MALFORMED);
        heap_free(cut);
    }
    uint8_t longer[512];
    memcpy(longer, message.data, message.len);
    longer[message.len] = 0;
    assert_int_equal(client_hello_parse(bytes_of(longer, message.len + 1), CODE_POINT, &hello, &err),
                     STATUS_MALFORMED);
    longer[0] = 2;
    assert_int_equal(client_hello_parse(bytes_of(longer, message.len), CODE_POINT, &hello, &err),
                     STATUS_MALFORMED);
    heap_free(message);
}

/* ---- single extensions ---- */

typedef enum status read_codes(struct bytes, struct client_hello_codes *, struct error *);

static struct client_hello_codes codes;

static void assert_reads(read_codes *read, const char *hex, size_t want)
{
    struct error err;
    struct bytes input = heap_hex(hex);
    if (read(input, &codes, &err) != STATUS_OK)
        fail_msg("%s: %s", hex, err.text);
    assert_int_equal(codes.count, want);
    heap_free(input);
}

static void assert_not_read(read_codes *read, const char *hex)
{
    struct error err;
    struct bytes input = heap_hex(hex);
    if (read(input, &codes, &err) != STATUS_MALFORMED)
        fail_msg("%s", hex);
    heap_free(input);
}

static void lists(void **state)
{
    (void)state;
    assert_reads(client_hello_read_suites, "1301", 1);
    assert_not_read(client_hello_read_suites, "");
    assert_not_read(client_hello_read_suites, "130113");
    assert_reads(client_hello_read_codes, "0004 0001 0002", 2);
    assert_not_read(client_hello_read_codes, "0000");
    assert_not_read(client_hello_read_codes, "0003 000100");
    assert_not_read(client_hello_read_codes, "0002 0001 00");
    assert_not_read(client_hello_read_codes, "0004 0001");
    assert_not_read(client_hello_read_codes, "00");
    assert_reads(client_hello_read_key_shares, "0000", 0);
    assert_reads(client_hello_read_key_shares, "0005 001d 0001 00", 1);
    assert_not_read(client_hello_read_key_shares, "0004 001d 0000");
    assert_not_read(client_hello_read_key_shares, "0005 001d 0002 00");
    assert_not_read(client_hello_read_key_shares, "000a 001d 0001 00 001d 0001 00");
    assert_not_read(client_hello_read_key_shares, "0005 001d 0001 00 00");
    assert_not_read(client_hello_read_key_shares, "");
}

static void long_lists(void **state)
{
    (void)state;
    struct error err;
    struct builder b;
    builder_init(&b, 4096);
    for (unsigned i = 0; i < CLIENT_HELLO_CODES_MAX + 2; i++)
        builder_u16(&b, (uint16_t)(0x4000 + i));
    OK(client_hello_read_suites(builder_view(&b), &codes, &err));
    assert_int_equal(codes.count, CLIENT_HELLO_CODES_MAX);
    assert_int_equal(codes.left_out_count, 2);
    builder_u8(&b, 0);
    assert_int_equal(client_hello_read_suites(builder_view(&b), &codes, &err), STATUS_MALFORMED);
    builder_clear(&b);
}

static enum status versions(const char *hex, bool *has_tls13, bool *has_tls12)
{
    struct error err;
    struct bytes input = heap_hex(hex);
    enum status s = client_hello_read_versions(input, has_tls13, has_tls12, &err);
    heap_free(input);
    return s;
}

static void supported_versions(void **state)
{
    (void)state;
    bool has_tls13, has_tls12;
    assert_int_equal(versions("02 0304", &has_tls13, &has_tls12), STATUS_OK);
    assert_true(has_tls13 && !has_tls12);
    assert_int_equal(versions("06 7a7a 0303 0302", &has_tls13, &has_tls12), STATUS_OK);
    assert_true(!has_tls13 && has_tls12);
    assert_int_equal(versions("00", &has_tls13, &has_tls12), STATUS_MALFORMED);
    assert_int_equal(versions("03 030403", &has_tls13, &has_tls12), STATUS_MALFORMED);
    assert_int_equal(versions("02 0304 00", &has_tls13, &has_tls12), STATUS_MALFORMED);
    assert_int_equal(versions("", &has_tls13, &has_tls12), STATUS_MALFORMED);
}

static enum status server_name(const char *hex, char out[CLIENT_HELLO_NAME_MAX + 1])
{
    struct error err;
    struct bytes name, input = heap_hex(hex);
    enum status s = client_hello_read_server_name(input, &name, &err);
    if (s == STATUS_OK) {
        memcpy(out, name.len > 0 ? name.data : (const uint8_t *)"", name.len);
        out[name.len] = '\0';
    }
    heap_free(input);
    return s;
}

static void server_names(void **state)
{
    (void)state;
    char name[CLIENT_HELLO_NAME_MAX + 1];
    assert_int_equal(server_name("0004 00 0001 61", name), STATUS_OK);
    assert_string_equal(name, "a");
    /* A kind of name that does not exist is stepped over. */
    assert_int_equal(server_name("0009 07 0002 ffff 00 0001 61", name), STATUS_OK);
    assert_string_equal(name, "a");
    assert_int_equal(server_name("0005 07 0002 ffff", name), STATUS_OK);
    assert_string_equal(name, "");
    assert_int_equal(server_name("0000", name), STATUS_MALFORMED);
    assert_int_equal(server_name("", name), STATUS_MALFORMED);
    assert_int_equal(server_name("0003 00 0000", name), STATUS_MALFORMED);
    assert_int_equal(server_name("0008 00 0001 61 00 0001 62", name), STATUS_MALFORMED);
    assert_int_equal(server_name("0004 00 0001 00", name), STATUS_MALFORMED);
    assert_int_equal(server_name("0004 00 0001 20", name), STATUS_MALFORMED);
    assert_int_equal(server_name("0004 00 0001 80", name), STATUS_MALFORMED);
    assert_int_equal(server_name("0004 00 0001 61 00", name), STATUS_MALFORMED);
    assert_int_equal(server_name("0004 00 0002 61", name), STATUS_MALFORMED);
    /* 255 characters, and one more. */
    for (unsigned len = CLIENT_HELLO_NAME_MAX; len <= CLIENT_HELLO_NAME_MAX + 1; len++) {
        struct builder b;
        struct bytes got;
        struct error err;
        builder_init(&b, 1024);
        builder_u16(&b, (uint16_t)(len + 3));
        builder_u8(&b, 0);
        builder_u16(&b, (uint16_t)len);
        for (unsigned i = 0; i < len; i++)
            builder_u8(&b, 'a');
        assert_int_equal(client_hello_read_server_name(builder_view(&b), &got, &err),
                         len > CLIENT_HELLO_NAME_MAX ? STATUS_MALFORMED : STATUS_OK);
        builder_clear(&b);
    }
}

static void alpn(void **state)
{
    (void)state;
    struct error err;
    struct client_hello_alpn list;
    static const char *const bad[] = {"", "0000", "0001 00", "0002 02 61", "0003 02 6832 00", "0003 02 68"};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        struct bytes input = heap_hex(bad[i]);
        assert_int_equal(client_hello_read_alpn(input, &list, &err), STATUS_MALFORMED);
        heap_free(input);
    }
    struct builder b;
    builder_init(&b, 1024);
    size_t vector = builder_open_vector(&b, 2);
    for (unsigned i = 0; i < CLIENT_HELLO_ALPN_MAX + 1; i++) {
        builder_u8(&b, 1);
        builder_u8(&b, (uint8_t)('a' + i));
    }
    builder_close_vector(&b, vector, 2);
    OK(client_hello_read_alpn(builder_view(&b), &list, &err));
    assert_int_equal(list.count, CLIENT_HELLO_ALPN_MAX);
    builder_clear(&b);
}

/* ---- records ---- */

static void write_records(struct bytes message, size_t piece, struct builder *out)
{
    for (size_t at = 0; at < message.len; at += piece) {
        size_t len = message.len - at < piece ? message.len - at : piece;
        builder_u8(out, 0x16);
        builder_u16(out, 0x0301);
        builder_u16(out, (uint16_t)len);
        builder_bytes(out, bytes_of(message.data + at, len));
    }
}

/* As bytes come one by one: AGAIN until the last one, then the message. */
static void records(void **state)
{
    (void)state;
    struct error err;
    struct bytes message = message_of("0a0a 00c6", SNI GROUPS VERSIONS SHARES);
    for (size_t piece = 1; piece <= message.len; piece += 13) {
        struct builder sent, got;
        builder_init(&sent, 16384);
        builder_init(&got, CLIENT_HELLO_SIZE_MAX);
        write_records(message, piece, &sent);
        for (size_t len = 0; len < sent.len; len++) {
            builder_reset(&got);
            assert_int_equal(client_hello_gather(bytes_of(sent.data, len), &got, &err), STATUS_AGAIN);
        }
        builder_u8(&sent, 0x15); /* what follows is not looked at */
        builder_reset(&got);
        OK(client_hello_gather(builder_view(&sent), &got, &err));
        assert_bytes(builder_view(&got), message);
        builder_reset(&got);
        OK(client_hello_load(builder_view(&sent), CODE_POINT, &got, &hello, &err));
        assert_true(bytes_is_text(hello.server_name, "www.example.com"));
        builder_reset(&got);
        assert_int_equal(client_hello_load(bytes_of(sent.data, sent.len - 2), CODE_POINT, &got, &hello, &err),
                         STATUS_MALFORMED);
        builder_clear(&sent);
        builder_clear(&got);
    }
    heap_free(message);
}

static void assert_gathers(const char *hex, enum status want)
{
    struct error err;
    struct builder got;
    struct bytes input = heap_hex(hex);
    builder_init(&got, CLIENT_HELLO_SIZE_MAX);
    enum status s = client_hello_gather(input, &got, &err);
    if (s != want)
        fail_msg("%s: %s", hex, status_name(s));
    builder_clear(&got);
    heap_free(input);
}

/* What is no ClientHello shows at the first byte that is wrong. */
static void no_records(void **state)
{
    (void)state;
    assert_gathers("", STATUS_AGAIN);
    assert_gathers("16", STATUS_AGAIN);
    assert_gathers("1603", STATUS_AGAIN);
    assert_gathers("160301 0200 01", STATUS_AGAIN);
    assert_gathers("47", STATUS_MALFORMED);
    assert_gathers("80", STATUS_MALFORMED);
    assert_gathers("1602", STATUS_MALFORMED);
    assert_gathers("160301 0000", STATUS_MALFORMED);
    assert_gathers("160301 4001", STATUS_MALFORMED);
    assert_gathers("160301 4000", STATUS_AGAIN);
    assert_gathers("160301 0005 02", STATUS_MALFORMED);
    assert_gathers("160301 0005 01 000000 00", STATUS_MALFORMED);
    assert_gathers("160301 0004 01 020140", STATUS_AGAIN);
    assert_gathers("160301 0004 01 020141", STATUS_LIMIT);
    assert_gathers("160301 0001 01 150301", STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),        cmocka_unit_test(old_clients), cmocka_unit_test(refused),
        cmocka_unit_test(lists),        cmocka_unit_test(long_lists),  cmocka_unit_test(supported_versions),
        cmocka_unit_test(server_names), cmocka_unit_test(alpn),        cmocka_unit_test(records),
        cmocka_unit_test(no_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
