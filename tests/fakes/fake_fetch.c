#include "fakes/fake_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/builder.h"

#define PAGES_MAX 64
#define ANY_ADDRESS ""

struct page {
    char url[2200], address[64];
    enum fetch_failure failure;
    bool is_muted;
    int status;
    char *body, *location;
};

struct pending {
    struct fake_fetch *fetch;
    struct pending *next;
    fetch_done *done;
    void *cookie;
    size_t response_max;
    bool is_token; /* the test answers it */
    enum fetch_failure failure;
    int status;
    struct builder body;
    char *location;
    char content_type[128], retry_after[64];
};

struct fake_fetch {
    struct fake_timer *timer;
    bool is_refusing;
    struct page pages[PAGES_MAX];
    size_t page_count;
    fake_fetch_serve_function *serve;
    void *serve_context;
    struct builder log;
    struct pending *pending; /* all that wait */
};

static void require(bool is_true, const char *what)
{
    if (!is_true) {
        (void)fprintf(stderr, "fake_fetch: %s\n", what);
        abort();
    }
}

struct fake_fetch *fake_fetch_new(struct fake_timer *timer)
{
    struct fake_fetch *f = calloc(1, sizeof *f);
    require(f != NULL, "out of memory");
    f->timer = timer;
    builder_init(&f->log, (size_t)1 << 20);
    return f;
}

void fake_fetch_clear(struct fake_fetch *f)
{
    for (size_t i = 0; i < f->page_count; i++) {
        free(f->pages[i].body);
        free(f->pages[i].location);
    }
    f->page_count = 0;
    builder_reset(&f->log);
}

static void free_pending(struct pending *p)
{
    struct pending **at = &p->fetch->pending;
    while (*at != NULL && *at != p)
        at = &(*at)->next;
    if (*at != NULL)
        *at = p->next;
    builder_clear(&p->body);
    free(p->location);
    free(p);
}

static char *copy_text(const char *text)
{
    char *copy = text != NULL ? strdup(text) : NULL;
    require(copy != NULL || text == NULL, "out of memory");
    return copy;
}

static struct page *page_of(struct fake_fetch *f, const char *url, const char *address)
{
    address = address != NULL ? address : ANY_ADDRESS;
    for (size_t i = 0; i < f->page_count; i++)
        if (strcmp(f->pages[i].url, url) == 0 && strcmp(f->pages[i].address, address) == 0)
            return &f->pages[i];
    require(f->page_count < PAGES_MAX, "too many pages");
    struct page *page = &f->pages[f->page_count++];
    *page = (struct page){.status = 200};
    require(snprintf(page->url, sizeof page->url, "%s", url) < (int)sizeof page->url, "a long URL");
    (void)snprintf(page->address, sizeof page->address, "%s", address);
    return page;
}

void fake_fetch_page(struct fake_fetch *f, const char *url, const char *address, int status,
                     const char *body, const char *location)
{
    struct page *page = page_of(f, url, address);
    free(page->body);
    free(page->location);
    page->failure = FETCH_NO_FAILURE;
    page->status = status;
    page->body = copy_text(body != NULL ? body : "");
    page->location = copy_text(location);
}

void fake_fetch_fail(struct fake_fetch *f, const char *url, const char *address, enum fetch_failure failure)
{
    page_of(f, url, address)->failure = failure;
}

void fake_fetch_mute(struct fake_fetch *f, const char *url)
{
    page_of(f, url, NULL)->is_muted = true;
}

void fake_fetch_serve(struct fake_fetch *f, fake_fetch_serve_function *serve, void *context)
{
    f->serve = serve;
    f->serve_context = context;
}

void fake_fetch_refuse(struct fake_fetch *f, bool is_refusing)
{
    f->is_refusing = is_refusing;
}

const char *fake_fetch_log(const struct fake_fetch *f)
{
    return f->log.len > 0 ? (const char *)f->log.data : "";
}

static void deliver(void *cookie)
{
    struct pending *p = cookie;
    struct bytes body = builder_view(&p->body);
    struct fetch_response response = {.failure = p->failure, .failure_text = ""};
    if (p->failure == FETCH_NO_FAILURE) {
        response.status = p->status;
        response.is_cut = body.len > p->response_max;
        response.body = bytes_of(body.data, response.is_cut ? p->response_max : body.len);
        response.content_type = bytes_of_text(p->content_type);
        response.retry_after = bytes_of_text(p->retry_after);
        if (p->location != NULL)
            response.location = bytes_of_text(p->location);
    } else {
        response.failure_text = p->failure == FETCH_TIMEOUT ? "no answer in time" : "connection refused";
    }
    p->done(p->cookie, &response);
    free_pending(p);
}

void fake_fetch_free(struct fake_fetch *f)
{
    if (f == NULL)
        return;
    /* As the real one does: who still waits is told. */
    while (f->pending != NULL) {
        f->pending->failure = FETCH_STOPPED;
        deliver(f->pending);
    }
    fake_fetch_clear(f);
    builder_clear(&f->log);
    free(f);
}

static const struct page *find(const struct fake_fetch *f, const struct fetch_request *request)
{
    const struct page *any = NULL;
    for (size_t i = 0; i < f->page_count; i++) {
        const struct page *page = &f->pages[i];
        if (strcmp(page->url, request->url) != 0)
            continue;
        if (request->address != NULL && strcmp(page->address, request->address) == 0)
            return page;
        if (page->address[0] == '\0')
            any = page;
    }
    return any;
}

static bool is_url(const char *url)
{
    if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return false;
    for (; *url != '\0'; url++)
        if ((unsigned char)*url <= ' ' || (unsigned char)*url >= 0x7f)
            return false;
    return true;
}

static void write_log(struct fake_fetch *f, const struct fetch_request *request)
{
    if (f->log.len > 0)
        f->log.len--; /* its NUL */
    builder_printf(&f->log, "%s %s %s%s\n", request->method, request->url,
                   request->address != NULL ? request->address : "-",
                   request->is_any_certificate ? " any-certificate" : "");
    builder_u8(&f->log, 0);
    require(builder_is_good(&f->log), "the log is full");
}

static enum status start(void *context, const struct fetch_request *request, fetch_done *done,
                         void *cookie, struct error *err)
{
    struct fake_fetch *f = context;
    struct timer_port timer = fake_timer_port(f->timer);
    require(is_url(request->url), "no URL");
    require(request->timeout_ms > 0 && request->response_max > 0, "no time, or no room for an answer");
    if (f->is_refusing)
        return error_set(err, STATUS_LIMIT, "too many requests");
    write_log(f, request);
    struct pending *p = calloc(1, sizeof *p);
    require(p != NULL, "out of memory");
    *p = (struct pending){.fetch = f, .next = f->pending, .done = done, .cookie = cookie,
                          .response_max = request->response_max};
    f->pending = p;
    builder_init(&p->body, (size_t)1 << 27);
    const struct page *page = find(f, request);
    if (page == NULL && f->serve != NULL) {
        p->is_token = true;
        f->serve(f->serve_context, request, p);
        return STATUS_OK;
    }
    p->failure = page == NULL ? FETCH_CONNECT : page->failure;
    if (page != NULL && page->failure == FETCH_NO_FAILURE) {
        p->status = page->status;
        builder_text(&p->body, page->body != NULL ? page->body : "");
        p->location = copy_text(page->location);
    }
    if (page == NULL || !page->is_muted)
        (void)timer.start(timer.context, p->failure == FETCH_TIMEOUT ? request->timeout_ms : 0, deliver, p);
    return STATUS_OK;
}

void fake_fetch_answer(struct fake_fetch *f, void *token, int status, const char *content_type,
                       struct bytes body)
{
    struct pending *p = token;
    struct timer_port timer = fake_timer_port(f->timer);
    require(p->is_token, "answered twice");
    p->is_token = false;
    p->status = status;
    p->failure = status == 0 ? FETCH_CONNECT : FETCH_NO_FAILURE;
    (void)snprintf(p->content_type, sizeof p->content_type, "%s", content_type);
    builder_bytes(&p->body, body);
    (void)timer.start(timer.context, 0, deliver, p);
}

void fake_fetch_retry_after(void *token, const char *value)
{
    struct pending *p = token;
    (void)snprintf(p->retry_after, sizeof p->retry_after, "%s", value);
}

struct fetch_port fake_fetch_port(struct fake_fetch *f)
{
    return (struct fetch_port){f, start};
}
