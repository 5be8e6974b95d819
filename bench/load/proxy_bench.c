/* cathaya-proxy-bench: the data plane alone, to be weighed beside nginx for the same backend.
 *
 *   cathaya-proxy-bench HTTPS-ADDRESS HTTP-ADDRESS BACKEND CHAIN-PEM KEY-PEM WORKERS [LOG]
 *
 * Both listeners lead to the backend; it runs until SIGTERM and then prints what it counted. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/proxy/backend.h"
#include "adapters/proxy/proxy.h"
#include "tls/tls_server.h"

#define PEM_MAX 65536

static int fail(const char *what, const struct error *err)
{
    (void)fprintf(stderr, "cathaya-proxy-bench: %s: %s\n", what, err->text);
    return 1;
}

static struct bytes read_file(const char *path, uint8_t *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, out, PEM_MAX) : -1;
    if (fd >= 0)
        (void)close(fd);
    return bytes_of(out, got > 0 ? (size_t)got : 0);
}

static enum status make_tls(char **argv, struct tls_sites **out, struct error *err)
{
    static uint8_t chain[PEM_MAX], key[PEM_MAX];
    static const char *const names[] = {"localhost", "www.example.com"};
    static const char *const alpn[] = {"h2", "http/1.1"};
    struct tls_credential *credential = NULL;
    const struct tls_credential_settings settings = {
        .chain_pem = read_file(argv[4], chain), .key_pem = read_file(argv[5], key), .now_s = (int64_t)time(NULL)};
    enum status s = tls_credential_new(&settings, &credential, err);
    if (s != STATUS_OK)
        return s;
    const struct tls_site site = {.names = names, .name_count = 2, .credentials = &credential,
                                  .credential_count = 1, .stage = STAGE_LANDMARK, .is_default = true,
                                  .alpn = alpn, .alpn_count = 2};
    const struct tls_sites_settings all = {.sites = &site, .site_count = 1};
    s = tls_sites_new(&all, out, err);
    tls_credential_free(credential);
    return s;
}

static enum status make_state(char **argv, struct proxy_state **out, struct error *err)
{
    static const char *const names[] = {"localhost", "www.example.com"};
    const char *backends[] = {argv[3]};
    struct tls_sites *tls = NULL;
    struct backend_group *group = NULL;
    uint32_t index = 0;
    enum status s = make_tls(argv, &tls, err);
    if (s == STATUS_OK)
        s = backend_group_new(backends, 1, NULL, &group, err);
    if (s == STATUS_OK)
        s = proxy_state_new(out, err);
    struct proxy_limits limits = proxy_default_limits();
    limits.connections_per_address = 0;
    limits.handshakes_per_s = 0;
    if (s == STATUS_OK)
        s = proxy_state_set_limits(*out, &limits, err);
    const struct proxy_site site = {.title = "bench", .names = names, .name_count = 2, .is_default = true,
                                    .backends = group, .has_http2 = true};
    if (s == STATUS_OK)
        s = proxy_state_add_site(*out, &site, &index, err);
    if (s == STATUS_OK)
        proxy_state_set_tls(*out, tls);
    backend_group_free(group);
    tls_sites_free(tls);
    return s;
}

static void stop(void *cookie, int number)
{
    (void)number;
    event_loop_stop(cookie);
}

static void report(const struct proxy *proxy)
{
    struct proxy_stats n;
    proxy_stats(proxy, &n);
    (void)printf("connections %llu handshakes %llu failed %llu resumed %llu requests %llu http2 %llu 2xx %llu 5xx %llu out %llu\n",
                 (unsigned long long)n.connections, (unsigned long long)n.handshakes,
                 (unsigned long long)n.handshakes_failed, (unsigned long long)n.handshakes_resumed,
                 (unsigned long long)n.requests, (unsigned long long)n.requests_http2,
                 (unsigned long long)n.answers_by_class[2], (unsigned long long)n.answers_by_class[5],
                 (unsigned long long)n.bytes_out);
}

int main(int argc, char **argv)
{
    struct error err = {.text = ""};
    struct event_loop *loop = NULL;
    struct proxy *proxy = NULL;
    struct proxy_state *state = NULL;
    struct event_signal *terminate = NULL;
    if (argc < 7) {
        (void)fprintf(stderr, "cathaya-proxy-bench HTTPS-ADDRESS HTTP-ADDRESS BACKEND CHAIN-PEM KEY-PEM WORKERS [LOG]\n");
        return 2;
    }
    const struct proxy_settings settings = {.worker_count = (size_t)strtoul(argv[6], NULL, 10)};
    if (event_loop_new(&loop, &err) != STATUS_OK || proxy_new(loop, &settings, &proxy, &err) != STATUS_OK)
        return fail("start", &err);
    if (proxy_listen(proxy, argv[1], PROXY_HTTPS, &err) != STATUS_OK ||
        proxy_listen(proxy, argv[2], PROXY_HTTP, &err) != STATUS_OK)
        return fail("listen", &err);
    if (make_state(argv, &state, &err) != STATUS_OK || proxy_start(proxy, state, &err) != STATUS_OK)
        return fail("state", &err);
    proxy_state_free(state);
    if (argc > 7) {
        int fd = open(argv[7], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (proxy_set_access_log(proxy, fd, PROXY_LOG_TEXT, &err) != STATUS_OK)
            return fail("log", &err);
    }
    if (event_loop_signal(loop, SIGTERM, stop, loop, &terminate, &err) != STATUS_OK)
        return fail("signal", &err);
    event_loop_run(loop);
    report(proxy);
    proxy_free(proxy);
    event_signal_free(terminate);
    event_loop_free(loop);
    return 0;
}
