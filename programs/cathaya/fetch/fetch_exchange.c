#include "fetch/fetch_exchange.h"

#include <string.h>
#include <unistd.h>

#include "adapters/http1/response_parser.h"
#include "adapters/posix/posix_clock.h"
#include "input.h"

#define READ_SIZE 16384
#define REQUEST_SIZE 4096
/* 100, 102, 103: nobody sends more before the answer. */
#define INTERIM_MAX 16

struct exchange {
    const struct fetch_request *request;
    struct fetch_result *result;
    int fd;
    int64_t deadline_ms;
    struct tls_stream *stream;
    bool is_write_failed, is_too_long;
};

/* Waits for what TLS wants; false: it does not want to wait, or the time is over. */
static bool wait_as_wanted(struct exchange *x, enum tls_result wanted, struct error *err)
{
    if (wanted != TLS_WANT_READ && wanted != TLS_WANT_WRITE)
        return false;
    return fetch_wait(x->fd, wanted == TLS_WANT_WRITE, x->deadline_ms, err) == STATUS_OK;
}

static enum fetch_outcome fail(struct exchange *x, enum fetch_outcome outcome, const char *reason)
{
    (void)error_set(&x->result->err, outcome == FETCH_NO_PEER ? STATUS_IO : STATUS_REFUSED, "%s", reason);
    return outcome;
}

/* ---- HTTP ---- */

static enum body_piece take_piece(void *cookie, struct bytes piece)
{
    struct exchange *x = cookie;
    x->result->body_len += piece.len;
    x->is_too_long = x->result->body_len > FETCH_BODY_MAX;
    if (x->is_too_long)
        return BODY_PIECE_STOP;
    if (x->request->body != NULL && fwrite(piece.data, 1, piece.len, x->request->body) != piece.len) {
        x->is_write_failed = true;
        return BODY_PIECE_STOP;
    }
    return BODY_PIECE_TAKEN;
}

static void write_request(const struct fetch_request *r, struct builder *out)
{
    builder_printf(out, "%s %s HTTP/1.1\r\nHost: ", r->is_head ? "HEAD" : "GET", r->url.path);
    builder_printf(out, r->url.ip_len == 16 ? "[%s]" : "%s", r->url.host);
    if (r->port != 443)
        builder_printf(out, ":%u", r->port);
    builder_text(out, "\r\nUser-Agent: cathaya/" CATHAYA_VERSION "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

static enum fetch_outcome send_request(struct exchange *x)
{
    uint8_t memory[REQUEST_SIZE];
    struct builder b;
    struct error err = {.status = STATUS_OK};
    builder_init_fixed(&b, memory, sizeof memory);
    write_request(x->request, &b);
    struct bytes left = builder_view(&b);
    if (!builder_is_good(&b))
        return fail(x, FETCH_BAD_ANSWER, "the URL is too long for a request");
    while (left.len > 0) {
        size_t len = 0;
        enum tls_result result = tls_stream_write(x->stream, left, &len);
        left = bytes_of(left.data + len, left.len - len);
        if (result != TLS_DONE && !wait_as_wanted(x, result, &err))
            return fail(x, FETCH_NO_PEER, err.status != STATUS_OK ? err.text : tls_stream_reason(x->stream));
    }
    return FETCH_OK;
}

static void feed(struct response_parser *p, struct bytes in, bool is_head, unsigned *interim_count)
{
    while (p->state != RESPONSE_FAILED) {
        bool is_interim = p->state == RESPONSE_COMPLETE && p->status / 100 == 1 && p->status != 101;
        if (is_interim && ++*interim_count <= INTERIM_MAX)
            response_parser_next(p, is_head);
        if (p->state == RESPONSE_COMPLETE || in.len == 0)
            return;
        size_t taken = response_parser_feed(p, in);
        in = bytes_of(in.data + taken, in.len - taken);
    }
}

static bool is_over(const struct response_parser *p)
{
    return p->state == RESPONSE_FAILED || p->state == RESPONSE_COMPLETE;
}

static enum fetch_outcome read_answer(struct exchange *x, struct response_parser *p)
{
    uint8_t buffer[READ_SIZE];
    struct error err = {.status = STATUS_OK};
    unsigned interim_count = 0;
    while (!is_over(p)) {
        size_t len = 0;
        enum tls_result result = tls_stream_read(x->stream, buffer, sizeof buffer, &len);
        feed(p, bytes_of(buffer, len), x->request->is_head, &interim_count);
        if (result == TLS_END)
            response_parser_end(p);
        else if (result != TLS_DONE && !wait_as_wanted(x, result, &err))
            return fail(x, FETCH_NO_PEER, err.status != STATUS_OK ? err.text : tls_stream_reason(x->stream));
        if (result == TLS_END && !is_over(p))
            return fail(x, FETCH_BAD_ANSWER, "the answer ends too early");
    }
    if (x->is_write_failed)
        return fail(x, FETCH_NO_PEER, "the answer cannot be written");
    if (x->is_too_long)
        return fail(x, FETCH_BAD_ANSWER, "the answer is too long");
    if (p->state == RESPONSE_COMPLETE && p->status < 200)
        return fail(x, FETCH_BAD_ANSWER, "there is no final answer");
    return p->state == RESPONSE_COMPLETE ? FETCH_OK : fail(x, FETCH_BAD_ANSWER, p->reason);
}

static void note_head(struct exchange *x, const struct response_parser *p)
{
    struct fetch_result *r = x->result;
    if (p->status == 0)
        return;
    size_t len = p->phrase.len < sizeof r->phrase - 1 ? p->phrase.len : sizeof r->phrase - 1;
    r->http_status = p->status;
    if (len > 0)
        memcpy(r->phrase, p->phrase.data, len);
    r->phrase[len] = '\0';
}

static enum fetch_outcome ask(struct exchange *x)
{
    struct response_parser parser;
    enum fetch_outcome outcome = send_request(x);
    if (outcome != FETCH_OK)
        return outcome;
    response_parser_init(&parser, FETCH_HEAD_MAX, take_piece, x);
    response_parser_next(&parser, x->request->is_head);
    outcome = read_answer(x, &parser);
    note_head(x, &parser);
    if (outcome == FETCH_BAD_ANSWER)
        (void)error_prefix(&x->result->err, STATUS_REFUSED, "HTTP");
    response_parser_clear(&parser);
    return outcome;
}

/* ---- TLS ---- */

/* A server that has said something in TLS has answered; one that was silent was not reached. */
static enum fetch_outcome judge_failure(struct exchange *x, const struct error *waiting)
{
    const struct tls_browser_report *report = &x->result->report;
    if (waiting->status != STATUS_OK)
        return fail(x, FETCH_NO_PEER, waiting->text);
    bool is_answer = report->is_judged || report->server_flight_size > 0;
    enum fetch_outcome outcome = fail(x, is_answer ? FETCH_UNTRUSTED : FETCH_NO_PEER, tls_stream_reason(x->stream));
    if (!report->is_judged)
        (void)error_prefix(&x->result->err, x->result->err.status, "no TLS connection");
    return outcome;
}

/* The one that was judged last. */
static void keep_peer(struct fetch_result *result, const struct tls_stream *stream)
{
    builder_clear(&result->chain);
    builder_clear(&result->sct_list);
    builder_init(&result->chain, INPUT_SIZE_MAX);
    builder_init(&result->sct_list, INPUT_SIZE_MAX);
    builder_bytes(&result->chain, tls_browser_chain(stream));
    builder_bytes(&result->sct_list, tls_browser_sct_list(stream));
}

static enum fetch_outcome shake_hands(struct exchange *x)
{
    struct error err = {.status = STATUS_OK};
    int64_t start_ms = posix_clock_monotonic_ms();
    enum tls_result result;
    do
        result = tls_stream_handshake(x->stream);
    while (wait_as_wanted(x, result, &err));
    x->result->handshake_ms = posix_clock_monotonic_ms() - start_ms;
    x->result->has_tls = true;
    x->result->report = *tls_browser_report(x->stream);
    keep_peer(x->result, x->stream);
    return result == TLS_DONE ? FETCH_OK : judge_failure(x, &err);
}

static enum fetch_outcome attempt(struct exchange *x, struct tls_browser *browser, const struct tls_browser_dial *dial)
{
    struct fetch_result *r = x->result;
    int64_t start_ms = posix_clock_monotonic_ms();
    if (fetch_connect(&x->request->addresses, x->deadline_ms, &x->fd, r->address, &r->err) != STATUS_OK)
        return FETCH_NO_PEER;
    r->connect_ms = posix_clock_monotonic_ms() - start_ms;
    if (tls_browser_dial(browser, x->fd, dial, &x->stream, &r->err) != STATUS_OK)
        return r->err.status == STATUS_USAGE ? FETCH_BAD_ANSWER : FETCH_NO_PEER;
    return shake_hands(x);
}

/* The policy comes before the request: what it calls untrusted gets none. */
static enum fetch_outcome judge(struct exchange *x)
{
    const struct fetch_request *request = x->request;
    struct fetch_result *r = x->result;
    struct error err;
    struct tls_stream *stream = x->stream != NULL ? x->stream : r->stream;
    if (request->policies == NULL || stream == NULL || !tls_browser_request(stream, r->parts, &r->asked))
        return r->outcome;
    const struct peer_subject_question question = {.trust = request->trust, .request = &r->asked, .verdict = &r->report.peer,
                                                   .outcome = r->report.verdict, .why = r->report.reason,
                                                   .names = request->names};
    if (peer_judge_verdict(request->policies, &question, &r->judgement, &err) != STATUS_OK)
        return r->outcome == FETCH_OK ? fail(x, FETCH_UNTRUSTED, err.text) : r->outcome;
    const struct policy_answer *answer = &r->judgement->answer;
    if (r->outcome == FETCH_OK && answer->verdict == POLICY_VERDICT_UNTRUSTED)
        return fail(x, FETCH_UNTRUSTED, policy_set_title(request->policies, answer->worst != NULL ? answer->worst : "", POLICY_EN));
    return r->outcome;
}

/* What was judged borrows from the stream: it stays for the report. */
static void hang_up(struct exchange *x)
{
    if (x->stream != NULL) {
        (void)tls_stream_close(x->stream);
        tls_stream_free(x->result->stream);
        x->result->stream = x->stream;
        x->stream = NULL;
    }
    if (x->fd >= 0)
        (void)close(x->fd);
    x->fd = -1;
}

/* The retry of [TAI 6.3]: a connection of its own, once. */
static enum fetch_outcome retry(struct exchange *x, struct tls_browser *browser, struct tls_browser_dial *dial)
{
    struct fetch_result *r = x->result;
    memcpy(r->first_reason, r->err.text, sizeof r->first_reason);
    r->is_retried = true;
    hang_up(x);
    dial->only_anchor = &r->retry_id;
    dial->session = NULL;
    r->err = (struct error){.status = STATUS_OK};
    return attempt(x, browser, dial);
}

void fetch_exchange_clear(struct fetch_result *result)
{
    peer_judgement_free(result->judgement);
    result->judgement = NULL;
    builder_clear(&result->chain);
    builder_clear(&result->sct_list);
    tls_stream_free(result->stream);
    result->stream = NULL;
}

void fetch_exchange_run(const struct fetch_request *request, struct tls_browser *browser,
                        struct tls_browser_session **session, struct fetch_result *result)
{
    int64_t start_ms = posix_clock_monotonic_ms();
    struct exchange x = {.request = request, .result = result, .fd = -1, .deadline_ms = start_ms + request->timeout_ms};
    struct tls_browser_dial dial = {.server_name = request->url.host, .at_s = request->at_s, .session = *session};
    fetch_exchange_clear(result);
    *result = (struct fetch_result){.outcome = FETCH_OK};
    result->outcome = attempt(&x, browser, &dial);
    if (result->outcome != FETCH_OK && x.stream != NULL && tls_browser_retry_anchor(x.stream, &result->retry_id))
        result->outcome = retry(&x, browser, &dial);
    result->outcome = judge(&x);
    if (result->outcome == FETCH_OK)
        result->outcome = ask(&x);
    /* In TLS 1.3 a ticket is used once: the next connection needs one from this. */
    if (x.stream != NULL && result->report.is_done) {
        tls_browser_session_free(*session);
        *session = tls_browser_take_session(x.stream);
    }
    hang_up(&x);
    result->total_ms = posix_clock_monotonic_ms() - start_ms;
}
