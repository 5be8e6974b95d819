#include "ca_run/run_expiry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "codec/x509/certificate.h"
#include "codec/x509/crl.h"
#include "input.h"

#define DAY_S ((int64_t)86400)
/* A new CA certificate has to reach those who verify, a root's key has to be fetched from where it is kept. */
#define CA_WARNING_S (60 * DAY_S)
/* An endpoint's certificate is replaced on one machine; one for a few days is not spoken of all the time. */
#define TLS_WARNING_S (30 * DAY_S)
#define TLS_WARNING_SHARE 3
/* The endpoint, every Merkle Tree CA, and three of every classic one. */
#define ROWS_MAX (1 + RUN_CAS_MAX + 3 * RUN_CLASSICS_MAX)
#define LIST_MAX ((size_t)256 * 1024)

struct row {
    char what[ACME_NAME_SIZE + 64];
    char labels[ACME_NAME_SIZE + 80];
    struct metric *end;
};

struct run_expiry {
    const struct run_config *config;
    const char *tls_certificate; /* "": none */
    struct timer_port timers;
    struct clock_port clock;
    struct events_port events;
    struct metrics *metrics;
    uint64_t timer;
    size_t row_count;
    struct row rows[ROWS_MAX];
};

/* The validity of the first certificate in a file. */
static enum status read_certificate(const char *path, int64_t *start_s, int64_t *end_s, struct error *err)
{
    struct input_blocks blocks = {.count = 0};
    struct certificate certificate;
    enum status s = input_read_certificates(path, &blocks, err);
    if (s == STATUS_OK)
        s = certificate_parse(input_block_der(&blocks, 0), &certificate, err);
    if (s == STATUS_OK) {
        *start_s = certificate.not_before_s;
        *end_s = certificate.not_after_s;
    }
    input_blocks_clear(&blocks);
    return s;
}

static enum status read_list(const char *path, int64_t *start_s, int64_t *end_s, struct error *err)
{
    struct builder der;
    struct crl_parsed list;
    builder_init(&der, LIST_MAX);
    enum status s = input_read(path, LIST_MAX, &der, err);
    if (s == STATUS_OK)
        s = crl_parse(builder_view(&der), &list, err);
    if (s == STATUS_OK) {
        *start_s = list.crl.this_update_s;
        *end_s = list.crl.next_update_s;
    }
    builder_clear(&der);
    return s;
}

/* The metric of a thing is made when it is looked at first. */
static struct row *find_row(struct run_expiry *expiry, const char *kind, const char *name)
{
    char what[sizeof expiry->rows[0].what];
    (void)snprintf(what, sizeof what, "%s%s%.*s", kind, name[0] != '\0' ? " " : "", ACME_NAME_SIZE, name);
    for (size_t i = 0; i < expiry->row_count; i++)
        if (strcmp(expiry->rows[i].what, what) == 0)
            return &expiry->rows[i];
    if (expiry->row_count == ROWS_MAX)
        return NULL;
    struct row *row = &expiry->rows[expiry->row_count++];
    memcpy(row->what, what, sizeof what);
    (void)snprintf(row->labels, sizeof row->labels, "what=\"%s\"", what);
    row->end = metrics_gauge(expiry->metrics, "cathaya_certificate_end_seconds", row->labels,
                             "When a certificate or a root's revocation list ends, since the Epoch");
    return row;
}

static void report(struct run_expiry *expiry, const struct row *row, int64_t left_s, int64_t end_s, const char *path)
{
    char end[CIVIL_TIME_TEXT_SIZE], days[24];
    bool is_over = left_s < 0;
    civil_time_format(end_s, end);
    (void)snprintf(days, sizeof days, "%" PRId64, left_s / DAY_S);
    events_report(&expiry->events, is_over ? EVENT_ERROR : EVENT_WARNING, is_over ? "certificate-ended" : "certificate-ends",
                  {"what", row->what}, {"end", end}, {"days", days}, {"file", path});
}

typedef enum status read_validity(const char *path, int64_t *start_s, int64_t *end_s, struct error *err);

static void look_at(struct run_expiry *expiry, const char *kind, const char *name, const char *path, read_validity *read,
                    int64_t warning_s)
{
    struct row *row = find_row(expiry, kind, name);
    struct error err = {.status = STATUS_OK};
    int64_t start_s, end_s, now_s = expiry->clock.now_ms(expiry->clock.context) / 1000;
    if (row == NULL)
        return;
    if (read(path, &start_s, &end_s, &err) != STATUS_OK) {
        metric_set(row->end, 0);
        events_report(&expiry->events, EVENT_WARNING, "certificate-unknown", {"what", row->what}, {"reason", err.text});
        return;
    }
    metric_set(row->end, (double)end_s);
    if (warning_s == 0)
        warning_s = (end_s - start_s) / TLS_WARNING_SHARE < TLS_WARNING_S ? (end_s - start_s) / TLS_WARNING_SHARE : TLS_WARNING_S;
    if (end_s - now_s < warning_s)
        report(expiry, row, end_s - now_s, end_s, path);
}

static void look_below(struct run_expiry *expiry, const char *kind, const char *name, const char *directory,
                       const char *file, read_validity *read)
{
    char path[RUN_PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/%s", directory, file);
    look_at(expiry, kind, name, path, read, CA_WARNING_S);
}

void run_expiry_look(struct run_expiry *expiry, const char *tls_certificate)
{
    const struct run_config *config = expiry->config;
    expiry->tls_certificate = tls_certificate;
    if (tls_certificate[0] != '\0')
        look_at(expiry, "tls", "", tls_certificate, read_certificate, 0);
    for (size_t i = 0; i < config->ca_count; i++)
        look_below(expiry, "ca", config->cas[i].name, config->cas[i].directory, "ca.pem", read_certificate);
    for (size_t i = 0; i < config->classic_count; i++) {
        const struct run_classic *classic = &config->classics[i];
        look_below(expiry, "root", classic->name, classic->directory, "root.pem", read_certificate);
        look_below(expiry, "issuing", classic->name, classic->directory, "issuing.pem", read_certificate);
        look_below(expiry, "root-crl", classic->name, classic->directory, "public/root.crl", read_list);
    }
}

static void on_timer(void *cookie)
{
    struct run_expiry *expiry = cookie;
    run_expiry_look(expiry, expiry->tls_certificate);
    expiry->timer = expiry->timers.start(expiry->timers.context, (uint64_t)DAY_S * 1000, on_timer, expiry);
}

enum status run_expiry_new(const struct run_config *config, const struct timer_port *timers, const struct clock_port *clock,
                           const struct events_port *events, struct metrics *metrics, struct run_expiry **out,
                           struct error *err)
{
    struct run_expiry *expiry = calloc(1, sizeof *expiry);
    *out = expiry;
    if (expiry == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    expiry->config = config;
    expiry->tls_certificate = config->tls_certificate;
    expiry->timers = *timers;
    expiry->clock = *clock;
    expiry->events = *events;
    expiry->metrics = metrics;
    on_timer(expiry);
    return STATUS_OK;
}

void run_expiry_stop(struct run_expiry *expiry)
{
    if (expiry != NULL)
        expiry->timers.cancel(expiry->timers.context, expiry->timer);
}

void run_expiry_free(struct run_expiry *expiry)
{
    free(expiry);
}
