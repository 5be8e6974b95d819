#include "gateway/gateway_stats.h"

#include <stddef.h>

#include "adapters/proxy/exchange.h"
#include "rules/certificate_choice.h"

/* One figure: where it stands in struct proxy_stats, and what it is called. */
struct row {
    const char *name, *labels, *help;
    size_t offset;
    bool is_gauge;
};

#define FIELD(field) offsetof(struct proxy_stats, field)
#define KIND(n, kind)                                                                                             \
    {"cathaya_gateway_handshakes_by_certificate_total", "kind=\"" kind "\"", "full handshakes by kind of certificate", \
     FIELD(handshakes_by_kind) + (n) * sizeof(uint64_t), false}
#define CLASS(n, name)                                                                                     \
    {"cathaya_gateway_answers_total", "code=\"" name "\"", "answers to clients by class of their status", \
     FIELD(answers_by_class) + (n) * sizeof(uint64_t), false}
#define FAILURE(n, name)                                                                                  \
    {"cathaya_gateway_backend_failures_total", "reason=\"" name "\"", "requests that a backend did not answer", \
     FIELD(failures_by_kind) + (n) * sizeof(uint64_t), false}
#define REFUSED(field, name)                                                                                    \
    {"cathaya_gateway_connections_refused_total", "limit=\"" name "\"", "connections closed at once, by limit", \
     FIELD(field), false}

static const struct row rows[] = {
    {"cathaya_gateway_connections_total", "", "connections accepted", FIELD(connections), false},
    {"cathaya_gateway_connections", "", "connections that are open", FIELD(connections_now), true},
    REFUSED(refused_connections, "connections"),
    REFUSED(refused_address, "address"),
    REFUSED(refused_rate, "handshakes"),
    {"cathaya_gateway_handshakes_total", "", "TLS handshakes completed", FIELD(handshakes), false},
    {"cathaya_gateway_handshakes_failed_total", "", "TLS handshakes that came to nothing", FIELD(handshakes_failed), false},
    {"cathaya_gateway_handshakes_resumed_total", "", "TLS handshakes that resumed a session", FIELD(handshakes_resumed), false},
    KIND(CREDENTIAL_GM_LANDMARK, "gm-landmark"),
    KIND(CREDENTIAL_GM_STANDALONE, "gm-standalone"),
    KIND(CREDENTIAL_GM_CLASSIC, "gm-classic"),
    KIND(CREDENTIAL_INTL_LANDMARK, "intl-landmark"),
    KIND(CREDENTIAL_INTL_STANDALONE, "intl-standalone"),
    KIND(CREDENTIAL_INTL_CLASSIC, "intl-classic"),
    {"cathaya_gateway_requests_total", "", "requests begun", FIELD(requests), false},
    {"cathaya_gateway_requests", "", "requests under way", FIELD(requests_now), true},
    {"cathaya_gateway_requests_http2_total", "", "requests begun over HTTP/2", FIELD(requests_http2), false},
    CLASS(0, "none"),
    CLASS(1, "1xx"),
    CLASS(2, "2xx"),
    CLASS(3, "3xx"),
    CLASS(4, "4xx"),
    CLASS(5, "5xx"),
    FAILURE(EXCHANGE_NO_BACKEND, "no-backend"),
    FAILURE(EXCHANGE_BUSY, "busy"),
    FAILURE(EXCHANGE_CONNECT_FAILED, "connect-failed"),
    FAILURE(EXCHANGE_CONNECT_SLOW, "connect-slow"),
    FAILURE(EXCHANGE_ANSWER_SLOW, "answer-slow"),
    FAILURE(EXCHANGE_ANSWER_BAD, "answer-bad"),
    FAILURE(EXCHANGE_BACKEND_CLOSED, "closed"),
    {"cathaya_gateway_bad_requests_total", "", "requests that are not HTTP by the letter", FIELD(bad_requests), false},
    {"cathaya_gateway_client_timeouts_total", "", "connections closed because the client was too slow", FIELD(timeouts), false},
    {"cathaya_gateway_tunnels_total", "", "WebSockets and raw connections begun", FIELD(tunnels), false},
    {"cathaya_gateway_tunnels", "", "WebSockets and raw connections that are open", FIELD(tunnels_now), true},
    {"cathaya_gateway_received_bytes_total", "", "bytes of bodies and tunnels from clients", FIELD(bytes_in), false},
    {"cathaya_gateway_sent_bytes_total", "", "bytes of bodies and tunnels to clients", FIELD(bytes_out), false},
    {"cathaya_gateway_log_lines_lost_total", "", "lines of the access log that could not be written", FIELD(log_lines_lost), false},
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])
_Static_assert(ROW_COUNT <= GATEWAY_STATS_MAX, "room for every figure");

void gateway_stats_init(struct gateway_stats *stats, struct metrics *metrics)
{
    stats->count = ROW_COUNT;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        stats->metrics[i] = rows[i].is_gauge ? metrics_gauge(metrics, rows[i].name, rows[i].labels, rows[i].help)
                                             : metrics_counter(metrics, rows[i].name, rows[i].labels, rows[i].help);
        stats->last[i] = 0;
    }
}

void gateway_stats_update(struct gateway_stats *stats, const struct proxy *proxy)
{
    struct proxy_stats now;
    proxy_stats(proxy, &now);
    for (size_t i = 0; i < stats->count; i++) {
        double value = (double)*(const uint64_t *)(const void *)((const char *)&now + rows[i].offset);
        if (rows[i].is_gauge) {
            metric_set(stats->metrics[i], value);
        } else if (value > stats->last[i]) {
            metric_add(stats->metrics[i], value - stats->last[i]);
            stats->last[i] = value;
        }
    }
}
