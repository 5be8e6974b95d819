#include "adapters/http_client/curl_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/http_client/curl_loop.h"
#include "adapters/http_client/curl_request.h"
#include "base/builder.h"

/* Handles that wait to be used again: making one costs more than a small fetch. */
#define SPARE_MAX 256
/* Memory of a body that a spare handle keeps. */
#define SPARE_BODY_MAX ((size_t)16 << 10)

struct fetch {
    struct curl_fetch *client;
    struct fetch *next;
    struct fetch **link; /* what points here; NULL among the spare ones */
    CURL *easy;
    CURLM *multi; /* which of the client's it is under way in */
    struct curl_request request;
    struct builder body;
    size_t response_max;
    bool is_cut;
    fetch_done *done;
    void *cookie;
    char error_text[CURL_ERROR_SIZE];
};

struct curl_fetch {
    /* Connections that are used once have a place of their own: libcurl counts those that are busy too, and closes idle
     * ones of mirrors when a few dozen validations are under way. */
    struct curl_loop kept, single;
    struct fetch *under_way;
    size_t under_way_count;
    struct fetch *spare;
    size_t spare_count;
    bool is_stopping;
};

/* ---- one fetch ---- */

static void fetch_free(struct fetch *fetch)
{
    if (fetch == NULL)
        return;
    curl_easy_cleanup(fetch->easy);
    curl_request_clear(&fetch->request);
    builder_clear(&fetch->body);
    free(fetch);
}

static struct fetch *fetch_take(struct curl_fetch *client)
{
    struct fetch *fetch = client->spare;
    if (fetch != NULL) {
        client->spare = fetch->next;
        client->spare_count--;
    } else {
        fetch = calloc(1, sizeof *fetch);
        if (fetch == NULL)
            return NULL;
        fetch->easy = curl_easy_init();
        fetch->client = client;
        if (fetch->easy == NULL) {
            fetch_free(fetch);
            return NULL;
        }
    }
    fetch->next = NULL;
    fetch->link = NULL;
    fetch->is_cut = false;
    fetch->error_text[0] = '\0';
    return fetch;
}

/* fetch_give_back makes the handle as new; its memory and libcurl's are kept. */
static void fetch_give_back(struct fetch *fetch)
{
    struct curl_fetch *client = fetch->client;
    if (client->is_stopping || client->spare_count >= SPARE_MAX) {
        fetch_free(fetch);
        return;
    }
    curl_easy_reset(fetch->easy);
    curl_request_clear(&fetch->request);
    if (fetch->body.cap > SPARE_BODY_MAX)
        builder_clear(&fetch->body);
    else
        builder_reset(&fetch->body);
    fetch->next = client->spare;
    client->spare = fetch;
    client->spare_count++;
}

static void link_in(struct curl_fetch *client, struct fetch *fetch)
{
    fetch->next = client->under_way;
    fetch->link = &client->under_way;
    if (fetch->next != NULL)
        fetch->next->link = &fetch->next;
    client->under_way = fetch;
    client->under_way_count++;
}

static void link_out(struct fetch *fetch)
{
    *fetch->link = fetch->next;
    if (fetch->next != NULL)
        fetch->next->link = fetch->link;
    fetch->client->under_way_count--;
}

/* ---- the answer ---- */

/* A body that is too long ends the fetch: a server that never stops would hold it till the time limit. */
static size_t on_body(char *data, size_t size, size_t count, void *cookie)
{
    struct fetch *fetch = cookie;
    size_t len = size * count; /* libcurl: at most CURL_MAX_WRITE_SIZE */
    size_t room = fetch->response_max - fetch->body.len;
    fetch->is_cut = len > room;
    builder_bytes(&fetch->body, bytes_of(data, fetch->is_cut ? room : len));
    return fetch->is_cut || !builder_is_good(&fetch->body) ? 0 : len;
}

static enum fetch_failure failure_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return FETCH_NO_FAILURE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return FETCH_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return FETCH_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        return FETCH_TLS;
    default:
        return FETCH_PROTOCOL;
    }
}

/* Header n of this name in the last response; empty when absent. */
static struct bytes header_of(void *easy, const char *name, unsigned n)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(easy, name, n, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return bytes_of(NULL, 0);
    return bytes_of_text(header->value);
}

/* deliver tells how it ended; the fetch is out of libcurl's hands and off the list. */
static void deliver(struct fetch *fetch, enum fetch_failure failure, const char *failure_text)
{
    long status = 0;
    (void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    struct fetch_response response = {
        .failure = failure,
        .failure_text = failure_text,
        .status = (int)status,
        .body = builder_view(&fetch->body),
        .is_cut = fetch->is_cut,
        .content_type = header_of(fetch->easy, "Content-Type", 0),
        .location = header_of(fetch->easy, "Location", 0),
        .retry_after = header_of(fetch->easy, "Retry-After", 0),
        .header = header_of,
        .headers = fetch->easy,
    };
    fetch->done(fetch->cookie, &response);
    fetch_give_back(fetch);
}

static void on_end(CURL *easy, CURLcode code)
{
    struct fetch *fetch = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&fetch) != CURLE_OK || fetch == NULL)
        return; /* cannot be: every handle has its fetch */
    (void)curl_multi_remove_handle(fetch->multi, easy);
    link_out(fetch);
    if (code == CURLE_WRITE_ERROR && fetch->is_cut)
        code = CURLE_OK;
    const char *text = "";
    if (code != CURLE_OK)
        text = fetch->error_text[0] != '\0' ? fetch->error_text : curl_easy_strerror(code);
    deliver(fetch, failure_of(code), text);
}

/* ---- the port ---- */

/* Options that need our own addresses; the request's are in curl_request.c. */
static bool attach(struct fetch *fetch)
{
    CURL *easy = fetch->easy;
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error_text) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK
           && curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch) == CURLE_OK
           && curl_multi_add_handle(fetch->multi, easy) == CURLM_OK;
}

static enum status start(void *context, const struct fetch_request *request, fetch_done *done,
                         void *cookie, struct error *err)
{
    struct curl_fetch *client = context;
    if (client->is_stopping)
        return error_set(err, STATUS_AGAIN, "no fetch is started while stopping");
    if (client->under_way_count >= CURL_FETCH_UNDER_WAY_MAX)
        return error_set(err, STATUS_LIMIT, "%d fetches are under way", CURL_FETCH_UNDER_WAY_MAX);
    enum status status = curl_request_check(request, err);
    if (status != STATUS_OK)
        return status;
    struct fetch *fetch = fetch_take(client);
    if (fetch == NULL)
        return error_set(err, STATUS_NO_MEMORY, "fetch");
    fetch->done = done;
    fetch->cookie = cookie;
    fetch->multi = request->address != NULL ? client->single.multi : client->kept.multi;
    fetch->response_max = request->response_max;
    if (fetch->body.data == NULL)
        builder_init(&fetch->body, 0);
    fetch->body.max = request->response_max;
    status = curl_request_apply(&fetch->request, request, fetch->easy, err);
    if (status == STATUS_OK && !attach(fetch))
        status = error_set(err, STATUS_NO_MEMORY, "libcurl does not take the fetch");
    if (status != STATUS_OK) {
        fetch_give_back(fetch);
        return status;
    }
    link_in(client, fetch);
    return STATUS_OK;
}

enum status curl_fetch_new(struct event_loop *loop, struct curl_fetch **out, struct error *err)
{
    /* Counted by libcurl, and safe from several threads since 7.84. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, STATUS_IO, "libcurl cannot start");
    struct curl_fetch *client = calloc(1, sizeof *client);
    if (client == NULL) {
        curl_global_cleanup();
        return error_set(err, STATUS_NO_MEMORY, "HTTP client");
    }
    bool has_kept = curl_loop_init(&client->kept, loop, CURL_FETCH_IDLE_MAX, on_end);
    bool has_single = curl_loop_init(&client->single, loop, CURL_FETCH_IDLE_MAX, on_end);
    if (!has_kept || !has_single) {
        curl_fetch_free(client);
        return error_set(err, STATUS_NO_MEMORY, "libcurl cannot start");
    }
    *out = client;
    return STATUS_OK;
}

struct fetch_port curl_fetch_port(struct curl_fetch *client)
{
    return (struct fetch_port){.context = client, .start = start};
}

void curl_fetch_stop(struct curl_fetch *client)
{
    client->is_stopping = true;
    while (client->under_way != NULL) {
        struct fetch *fetch = client->under_way;
        (void)curl_multi_remove_handle(fetch->multi, fetch->easy);
        link_out(fetch);
        deliver(fetch, FETCH_STOPPED, "stopped");
    }
}

void curl_fetch_free(struct curl_fetch *client)
{
    if (client == NULL)
        return;
    curl_fetch_stop(client);
    while (client->spare != NULL) {
        struct fetch *fetch = client->spare;
        client->spare = fetch->next;
        fetch_free(fetch);
    }
    curl_loop_clear(&client->kept);
    curl_loop_clear(&client->single);
    free(client);
    curl_global_cleanup();
}
