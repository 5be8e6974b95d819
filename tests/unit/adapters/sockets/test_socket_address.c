/* Addresses as text, and sockets bound to them. */
#include "unit/checks.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "adapters/sockets/socket_address.h"

static void test_good(void **state)
{
    union socket_address a;
    socklen_t len = 0;
    char host[64];
    (void)state;
    assert_true(socket_address_parse("127.0.0.1:443", &a, &len));
    assert_int_equal(a.any.sa_family, AF_INET);
    assert_int_equal(len, sizeof a.v4);
    assert_int_equal(a.v4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    assert_int_equal(socket_address_port(&a), 443);
    assert_true(socket_address_parse("[::1]:65535", &a, &len));
    assert_int_equal(a.any.sa_family, AF_INET6);
    assert_int_equal(len, sizeof a.v6);
    assert_int_equal(socket_address_port(&a), 65535);
    socket_address_write_host(&a.any, host, sizeof host);
    assert_string_equal(host, "::1");
    assert_true(socket_address_parse("[fe80::1%lo]:0", &a, &len));
    assert_int_not_equal(a.v6.sin6_scope_id, 0);
    assert_int_equal(socket_address_port(&a), 0);
}

static void test_bad(void **state)
{
    static const char *const bad[] = {
        "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1",
        "127.0.0.1:443 ", "127.0.0:1", "127.0.0.256:1", "localhost:1", ":443", "::1:443", "[::1]", "[::1:443", "::1]:443",
        "[]:443", "[127.0.0.1]:443", "[::1%]:443", "[::1%no-such-link]:443", "[::1]443"};
    union socket_address a;
    socklen_t len;
    char text[256];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (socket_address_parse(bad[i], &a, &len))
            fail_msg("'%s' is taken", bad[i]);
    memset(text, '1', sizeof text);
    memcpy(text + sizeof text - 5, ":443", 5);
    assert_false(socket_address_parse(text, &a, &len));
}

static void test_host(void **state)
{
    union socket_address a = {.v6 = {.sin6_family = AF_INET6}};
    struct sockaddr other = {.sa_family = AF_UNSPEC};
    char host[64];
    (void)state;
    assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.7", &a.v6.sin6_addr), 1);
    socket_address_write_host(&a.any, host, sizeof host);
    assert_string_equal(host, "192.0.2.7");
    socket_address_write_host(&other, host, sizeof host);
    assert_string_equal(host, "");
}

static void test_bind(void **state)
{
    union socket_address a;
    socklen_t len = 0;
    int one = -1, other = -1;
    struct error err = {.text = ""};
    (void)state;
    assert_true(socket_address_parse("127.0.0.1:0", &a, &len));
    assert_int_equal(socket_address_bind("here", &a, len, false, &one, &err), STATUS_OK);
    assert_true((fcntl(one, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(one, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(listen(one, 1), 0);
    assert_int_equal(getsockname(one, &a.any, &len), 0);
    assert_int_equal(socket_address_bind("here", &a, len, false, &other, &err), STATUS_CONFLICT);
    assert_non_null(strstr(err.text, "cannot listen on here: "));
    assert_int_equal(other, -1);
    /* Sharing needs both sides' consent. */
    assert_int_equal(socket_address_bind("here", &a, len, true, &other, &err), STATUS_CONFLICT);
    assert_int_equal(close(one), 0);
    assert_int_equal(socket_address_bind("here", &a, len, true, &one, &err), STATUS_OK);
    assert_int_equal(socket_address_bind("here", &a, len, true, &other, &err), STATUS_OK);
    assert_int_equal(close(one), 0);
    assert_int_equal(close(other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_host),
                                       cmocka_unit_test(test_bind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
