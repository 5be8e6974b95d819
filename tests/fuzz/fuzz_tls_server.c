/* What a TLS server reads before it knows anybody: the input is sent as it is, and then the client's side is
 * closed. Whatever comes, the server ends, has a reason, and what it reports is consistent. */
#include <signal.h>

#include "fuzz/fuzz_checks.h"
#include "unit/tls/server_world.h"

/* A socket pair takes this at once; a ClientHello that is longer has been refused before. */
#define SENT_MAX 100000

static struct tls_server *the_server(void)
{
    static struct tls_server *server;
    if (server != NULL)
        return server;
    (void)signal(SIGPIPE, SIG_IGN);
    make_six();
    struct tls_site site = six_site();
    struct tls_ticket_keys keys = {.keys = {{.name = {1}}}, .count = 1};
    site.is_default = true;
    server = server_of(sites_of(&site, 1), &keys);
    free_six();
    return server;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tls_stream *stream;
    struct tls_server_report report;
    int fds[2];
    if (size > SENT_MAX)
        return 0;
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    require(tls_stream_new_server(the_server(), fds[0], &stream, &err) == STATUS_OK);
    require(size == 0 || send(fds[1], data, size, 0) == (ssize_t)size);
    (void)shutdown(fds[1], SHUT_WR);
    require(tls_stream_handshake(stream) == TLS_FAILED); /* nobody finishes without hearing the answer */
    require(tls_stream_reason(stream)[0] != '\0');
    require(tls_stream_handshake(stream) == TLS_FAILED);
    tls_server_report(stream, &report);
    require(report.failure > TLS_FAILURE_NONE && report.failure < TLS_FAILURES);
    require(report.choice != NULL && report.version == NULL && !report.is_resumed);
    require(!report.has_kind || report.has_site);
    require(!report.is_acme_challenge);
    tls_stream_free(stream);
    (void)close(fds[0]);
    (void)close(fds[1]);
    return 0;
}
