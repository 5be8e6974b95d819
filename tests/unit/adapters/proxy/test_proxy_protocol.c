/* The bytes of the PROXY protocol, as [proxy-protocol.txt 2.2] draws them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "adapters/proxy/proxy_protocol.h"
#include "unit/checks.h"

#define SIGNATURE "0d0a0d0a000d0a515549540a"

static struct sockaddr_storage v4(const char *host, uint16_t port)
{
    struct sockaddr_storage out = {.ss_family = AF_UNSPEC};
    struct sockaddr_in *in = (void *)&out;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    assert_int_equal(inet_pton(AF_INET, host, &in->sin_addr), 1);
    return out;
}

static struct sockaddr_storage v6(const char *host, uint16_t port)
{
    struct sockaddr_storage out = {.ss_family = AF_UNSPEC};
    struct sockaddr_in6 *in = (void *)&out;
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    assert_int_equal(inet_pton(AF_INET6, host, &in->sin6_addr), 1);
    return out;
}

static void expect(const struct proxy_protocol *about, const char *hex)
{
    struct builder out;
    char text[2 * PROXY_PROTOCOL_MAX + 1];
    struct error err;
    builder_init(&out, PROXY_PROTOCOL_MAX);
    assert_int_equal(proxy_protocol_write(&out, about, &err), STATUS_OK);
    text_hex(builder_view(&out), text);
    assert_string_equal(text, hex);
    builder_clear(&out);
}

static void test_tcp4(void **state)
{
    (void)state;
    struct sockaddr_storage from = v4("192.0.2.1", 56324), to = v4("198.51.100.7", 443);
    expect(&(struct proxy_protocol){.source = &from, .destination = &to},
           SIGNATURE "2111000c"
                     "c0000201c6336407dc0401bb");
}

static void test_tcp6(void **state)
{
    (void)state;
    struct sockaddr_storage from = v6("2001:db8::1", 1), to = v6("2001:db8::ffff", 65535);
    expect(&(struct proxy_protocol){.source = &from, .destination = &to},
           SIGNATURE "21210024"
                     "20010db8000000000000000000000001"
                     "20010db800000000000000000000ffff"
                     "0001ffff");
}

static void test_mapped_is_tcp4(void **state)
{
    (void)state;
    struct sockaddr_storage from = v6("::ffff:192.0.2.1", 56324), to = v6("::ffff:198.51.100.7", 443);
    expect(&(struct proxy_protocol){.source = &from, .destination = &to},
           SIGNATURE "2111000cc0000201c6336407dc0401bb");
}

/* One that is IPv4 and one that is not: both as IPv6. */
static void test_mixed_is_tcp6(void **state)
{
    (void)state;
    struct sockaddr_storage from = v4("192.0.2.1", 2), to = v6("2001:db8::2", 3);
    expect(&(struct proxy_protocol){.source = &from, .destination = &to},
           SIGNATURE "21210024"
                     "00000000000000000000ffffc0000201"
                     "20010db8000000000000000000000002"
                     "00020003");
}

static void test_unix(void **state)
{
    (void)state;
    struct sockaddr_storage from = {.ss_family = AF_UNIX}, to = {.ss_family = AF_UNIX};
    struct sockaddr_un *name = (void *)&to;
    struct builder out;
    struct error err;
    memcpy(name->sun_path, "/run/x", 6);
    builder_init(&out, PROXY_PROTOCOL_MAX);
    assert_int_equal(
        proxy_protocol_write(&out, &(struct proxy_protocol){.source = &from, .destination = &to}, &err),
        STATUS_OK);
    assert_int_equal(out.len, 16 + 216);
    assert_memory_equal(out.data + 12, "\x21\x31\x00\xd8", 4);
    assert_memory_equal(out.data + 16 + 108, "/run/x\0\0", 8);
    builder_clear(&out);
}

static void test_local(void **state)
{
    (void)state;
    struct sockaddr_storage from = v4("192.0.2.1", 2), none = {.ss_family = AF_UNSPEC};
    expect(&(struct proxy_protocol){.source = NULL}, SIGNATURE "20000000");
    /* What the peer is told of a client that is not known must not look like one that is. */
    expect(&(struct proxy_protocol){.source = &from, .destination = &none, .is_tls = true},
           SIGNATURE "20000000");
}

static void test_tlvs(void **state)
{
    (void)state;
    struct sockaddr_storage from = v4("192.0.2.1", 56324), to = v4("198.51.100.7", 443);
    expect(&(struct proxy_protocol){.source = &from,
                                    .destination = &to,
                                    .alpn = bytes_of_text("h2"),
                                    .authority = bytes_of_text("a.example"),
                                    .is_tls = true,
                                    .tls_version = bytes_of_text("TLSv1.3"),
                                    .tls_cipher = bytes_of_text("TLS_SM4_GCM_SM3")},
           SIGNATURE "2111"
                     "0041"
                     "c0000201c6336407dc0401bb"
                     "0100026832"
                     "020009612e6578616d706c65"
                     "200021"
                     "01"
                     "00000001"
                     "210007544c5376312e33"
                     "23000f544c535f534d345f47434d5f534d33");
    expect(&(struct proxy_protocol){.source = &from, .destination = &to, .is_tls = true},
           SIGNATURE "21110014c0000201c6336407dc0401bb"
                     "2000050100000001");
}

static void test_limit(void **state)
{
    (void)state;
    static const uint8_t long_name[PROXY_PROTOCOL_MAX];
    struct sockaddr_storage from = v4("192.0.2.1", 56324), to = v4("198.51.100.7", 443);
    struct builder out;
    struct error err;
    builder_init(&out, (size_t)4 * PROXY_PROTOCOL_MAX);
    assert_int_equal(proxy_protocol_write(&out,
                                          &(struct proxy_protocol){.source = &from,
                                                                   .destination = &to,
                                                                   .authority = BYTES_OF(long_name)},
                                          &err),
                     STATUS_LIMIT);
    builder_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcp4),          cmocka_unit_test(test_tcp6),  cmocka_unit_test(test_mapped_is_tcp4),
        cmocka_unit_test(test_mixed_is_tcp6), cmocka_unit_test(test_unix),  cmocka_unit_test(test_local),
        cmocka_unit_test(test_tlvs),          cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
