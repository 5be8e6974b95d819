#include <stdlib.h>
#include <string.h>

#include "service/acme/acme_frame.h"

#define RESOURCES_MAX 32
#define CLASSES 3 /* 2xx, 4xx, 5xx */

#define ANSWERS "cathaya_acme_answers_total"
#define ANSWERS_HELP "Answers of the ACME server, by class of status."
#define RESOURCE_HELP "Answers of the ACME server, by resource."
#define PROBLEMS_HELP "Problem documents of the ACME server, by type."

static const struct problem {
    const char *type, *labels;
} problems[] = {
    {"accountDoesNotExist", "type=\"accountDoesNotExist\""},
    {"alreadyReplaced", "type=\"alreadyReplaced\""},
    {"alreadyRevoked", "type=\"alreadyRevoked\""},
    {"badCSR", "type=\"badCSR\""},
    {"badNonce", "type=\"badNonce\""},
    {"badPublicKey", "type=\"badPublicKey\""},
    {"badRevocationReason", "type=\"badRevocationReason\""},
    {"badSignatureAlgorithm", "type=\"badSignatureAlgorithm\""},
    {"caa", "type=\"caa\""},
    {"connection", "type=\"connection\""},
    {"externalAccountRequired", "type=\"externalAccountRequired\""},
    {"invalidContact", "type=\"invalidContact\""},
    {"invalidProfile", "type=\"invalidProfile\""},
    {"malformed", "type=\"malformed\""},
    {"orderNotReady", "type=\"orderNotReady\""},
    {"rateLimited", "type=\"rateLimited\""},
    {"rejectedIdentifier", "type=\"rejectedIdentifier\""},
    {"serverInternal", "type=\"serverInternal\""},
    {"unauthorized", "type=\"unauthorized\""},
    {"unsupportedContact", "type=\"unsupportedContact\""},
    {"unsupportedIdentifier", "type=\"unsupportedIdentifier\""},
    {"userActionRequired", "type=\"userActionRequired\""},
    {"", "type=\"other\""},
};
#define PROBLEMS (sizeof problems / sizeof problems[0])

struct acme_counters {
    const struct acme_resource *first;
    struct metric *resources[RESOURCES_MAX];
    struct metric *classes[CLASSES];
    struct metric *problems[PROBLEMS];
    struct metric *commits, *failed_commits, *open;
};

enum status acme_counters_new(struct acme *acme, struct acme_counters **out, struct error *err)
{
    struct acme_counters *c = calloc(1, sizeof *c);
    *out = c;
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    struct metrics *m = acme->ports.metrics;
    static const char *const classes[CLASSES] = {"class=\"2xx\"", "class=\"4xx\"", "class=\"5xx\""};
    for (size_t i = 0; i < CLASSES; i++)
        c->classes[i] = metrics_counter(m, ANSWERS, classes[i], ANSWERS_HELP);
    size_t count;
    c->first = acme_route_all(&count);
    for (size_t i = 0; i < count && i < RESOURCES_MAX; i++)
        c->resources[i] = metrics_counter(m, "cathaya_acme_resource_answers_total",
                                          c->first[i].labels, RESOURCE_HELP);
    for (size_t i = 0; i < PROBLEMS; i++)
        c->problems[i] =
            metrics_counter(m, "cathaya_acme_problems_total", problems[i].labels, PROBLEMS_HELP);
    c->commits = metrics_histogram(m, "cathaya_acme_commit_seconds", "",
                                   "Time that a commit of the ACME store takes.");
    c->failed_commits = metrics_counter(m, "cathaya_acme_commit_failures_total", "",
                                        "Commits of the ACME store that failed and were rolled back.");
    c->open = metrics_gauge(m, "cathaya_acme_open_requests", "",
                            "Requests to the ACME server without an answer yet.");
    return STATUS_OK;
}

void acme_counters_free(struct acme_counters *counters)
{
    free(counters);
}

void acme_counters_answer(struct acme_counters *counters, const struct acme_resource *resource,
                          int status)
{
    metric_add(counters->classes[status < 400 ? 0 : status < 500 ? 1 : 2], 1);
    if (resource != NULL && resource - counters->first < RESOURCES_MAX)
        metric_add(counters->resources[resource - counters->first], 1);
}

void acme_counters_problem(struct acme_counters *counters, const char *type)
{
    size_t i = 0;
    while (i + 1 < PROBLEMS && strcmp(problems[i].type, type) != 0)
        i++;
    metric_add(counters->problems[i], 1);
}

void acme_counters_commit(struct acme_counters *counters, bool is_committed, int64_t duration_ms)
{
    if (is_committed)
        metric_observe(counters->commits, (double)duration_ms / 1000);
    else
        metric_add(counters->failed_commits, 1);
}

void acme_counters_open(struct acme_counters *counters, size_t open_count)
{
    metric_set(counters->open, (double)open_count);
}
