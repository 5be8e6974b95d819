/* What a configuration says, checked; and the metrics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/ct_log/ct_log_internal.h"

#define API_PATH "/ct/v1/"

static enum status check_config(const struct ct_log_config *config, struct error *err)
{
    const struct ct_log_limits *limits = &config->limits;
    const struct signature_alg *alg = public_key_alg(config->signer.key);
    if (strcmp(alg->name, config->suite->algorithm) != 0)
        return error_set(err, STATUS_USAGE, "the key of a %s log is one of %s, not of %s", config->suite->name,
                         config->suite->algorithm, alg->name);
    if ((config->not_after_start_s != 0 || config->not_after_end_s != 0) &&
        config->not_after_start_s >= config->not_after_end_s)
        return error_set(err, STATUS_USAGE, "not-after-end is not after not-after-start");
    if (config->flush_ms == 0 || config->refresh_s == 0 || config->mmd_s == 0)
        return error_set(err, STATUS_USAGE, "flush-ms, tree-head-refresh and mmd are not 0");
    if (config->flush_ms >= (uint64_t)config->mmd_s * 1000 || config->refresh_s >= config->mmd_s)
        return error_set(err, STATUS_USAGE, "flush-ms and tree-head-refresh are shorter than the mmd of %u s", config->mmd_s);
    if (limits->pending_max == 0 || limits->get_entries_max == 0 || limits->reads_max == 0)
        return error_set(err, STATUS_USAGE, "pending, get-entries and reads are not 0");
    if (limits->chain_bytes_max < 1024 || limits->chain_bytes_max > CT_CHAIN_SIZE_MAX)
        return error_set(err, STATUS_USAGE, "chain-bytes is from 1024 to %zu", CT_CHAIN_SIZE_MAX);
    if (config->mtc_ca_count > CT_LOG_MTC_CAS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d MTC CAs", CT_LOG_MTC_CAS_MAX);
    return STATUS_OK;
}

/* What follows "https://"; NULL: no such URL. */
static const char *after_scheme(const char *url)
{
    const char *rest = strstr(url, "://");
    size_t len = strlen(url);
    return rest != NULL && rest[3] != '\0' && url[len - 1] != '/' ? rest + 3 : NULL;
}

static char *make_path(const char *url)
{
    const char *rest = after_scheme(url), *path = strchr(rest, '/');
    size_t size = (path != NULL ? strlen(path) : 0) + sizeof API_PATH;
    char *out = malloc(size);
    if (out != NULL)
        (void)snprintf(out, size, "%s" API_PATH, path != NULL ? path : "");
    return out;
}

static enum status make_names(struct ct_log *log, struct error *err)
{
    const struct ct_log_config *config = &log->config;
    const char *monitoring = config->monitoring_url != NULL ? config->monitoring_url : config->submission_url;
    const char *origin = after_scheme(config->submission_url);
    if (origin == NULL || after_scheme(monitoring) == NULL || strlen(origin) > CT_LOG_ORIGIN_MAX)
        return error_set(err, STATUS_USAGE, "a log's URL is https://..., without a slash at its end, of at most %d bytes",
                         CT_LOG_ORIGIN_MAX);
    (void)snprintf(log->origin, sizeof log->origin, "%s", origin);
    log->submission_path = make_path(config->submission_url);
    log->monitoring_path = make_path(monitoring);
    if (log->submission_path == NULL || log->monitoring_path == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    return ct_suite_hash(config->suite, public_key_spki(config->signer.key), log->log_id, err);
}

static enum status read_mtc_ca(const struct ct_log_config *config, struct bytes der, struct ct_log_mtc_ca *out,
                               struct error *err)
{
    out->der = der;
    enum status status = ca_certificate_parse(der, &out->certificate, err);
    if (status != STATUS_OK)
        return status;
    const struct signature_alg *alg = algorithms_by_identifier(config->algorithms, out->certificate.sig_alg);
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "its signature algorithm is not known");
    status = public_key_new(alg, out->certificate.spki, &out->key, err);
    if (status == STATUS_OK)
        status = ct_suite_hash(config->suite, out->certificate.spki, out->key_hash, err);
    return status == STATUS_OK ? ct_suite_hash(config->suite, der, out->fingerprint, err) : status;
}

static enum status read_mtc_cas(struct ct_log *log, struct error *err)
{
    log->mtc_cas = calloc(log->config.mtc_ca_count + 1, sizeof *log->mtc_cas);
    if (log->mtc_cas == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < log->config.mtc_ca_count; i++) {
        enum status status = read_mtc_ca(&log->config, log->config.mtc_ca_certificates[i], &log->mtc_cas[i], err);
        if (status != STATUS_OK)
            return error_prefix(err, status, "MTC CA %zu", i + 1);
    }
    return STATUS_OK;
}

/* ---- metrics ---- */

static enum status make_labels(struct ct_log *log, struct error *err)
{
    static const char *const kinds[] = {"", "add-chain", "add-pre-chain", "add-mtc-entries"};
    size_t size = strlen(log->config.title) + sizeof "log=\"\",kind=\"add-mtc-entries\"";
    for (size_t i = 0; i < 4; i++) {
        log->labels[i] = malloc(size);
        if (log->labels[i] == NULL)
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
        if (i == 0)
            (void)snprintf(log->labels[i], size, "log=\"%s\"", log->config.title);
        else
            (void)snprintf(log->labels[i], size, "log=\"%s\",kind=\"%s\"", log->config.title, kinds[i]);
    }
    return STATUS_OK;
}

enum status ct_log_setup(struct ct_log *log, struct error *err)
{
    enum status status = check_config(&log->config, err);
    if (status == STATUS_OK)
        status = make_names(log, err);
    if (status == STATUS_OK)
        status = make_labels(log, err);
    return status == STATUS_OK ? read_mtc_cas(log, err) : status;
}

void ct_log_setup_metrics(struct ct_log *log)
{
    struct metrics *m = log->config.metrics;
    struct ct_log_metrics *out = &log->metrics;
    const char *labels = log->labels[0];
    for (size_t i = 0; i < 3; i++) {
        out->submissions[i] = metrics_counter(m, "cathaya_ctlog_scts_total", log->labels[1 + i], "SCTs that were answered.");
        out->refused[i] = metrics_counter(m, "cathaya_ctlog_refused_total", log->labels[1 + i],
                                          "Submissions that the log's rules refused.");
    }
    out->size = metrics_gauge(m, "cathaya_ctlog_size", labels, "Entries of the published tree.");
    out->tree_head_time = metrics_gauge(m, "cathaya_ctlog_tree_head_seconds", labels, "Time of the published tree head.");
    out->index_size = metrics_gauge(m, "cathaya_ctlog_index_size", labels, "Entries that the index has.");
    out->roots = metrics_gauge(m, "cathaya_ctlog_roots", labels, "Accepted roots.");
    out->pending = metrics_gauge(m, "cathaya_ctlog_pending", labels, "Entries between their submission and its answer.");
    out->duplicates = metrics_counter(m, "cathaya_ctlog_duplicates_total", labels, "Entries that the log had already.");
    out->limited = metrics_counter(m, "cathaya_ctlog_limited_total", labels, "Submissions beyond a rate limit: 429.");
    out->full = metrics_counter(m, "cathaya_ctlog_full_total", labels, "Submissions while too many waited: 503.");
    out->failed = metrics_counter(m, "cathaya_ctlog_failed_total", labels, "Entries of batches that failed: 503.");
    out->batches = metrics_counter(m, "cathaya_ctlog_batches_total", labels, "Batches that were published.");
    out->batch_entries = metrics_counter(m, "cathaya_ctlog_entries_total", labels, "Entries that were logged.");
    out->reads = metrics_counter(m, "cathaya_ctlog_reads_total", labels, "Requests for what the log has [RFC6962 4.3-4.8].");
    out->answer_seconds = metrics_histogram(m, "cathaya_ctlog_answer_seconds", labels, "From a submission to its SCT.");
}
