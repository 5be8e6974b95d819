#include "service/trust_publisher/trust_publisher.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/bundle_signature.h"
#include "rules/trust_contents.h"
#include "service/trust_publisher/publisher_parts.h"
#include "service/trust_publisher/trust_assembly.h"

/* ---- opening ---- */

static enum status check_config(const struct trust_publisher_config *config, struct error *err)
{
    if (config->valid_for_s <= 0 || config->delta_count > TRUST_PUBLISHER_DELTAS_MAX || config->bundle_count == 0 ||
        config->bundle_count > TRUST_PUBLISHER_BUNDLES_MAX)
        return error_set(err, STATUS_USAGE, "a bundle is valid for some time, up to %d deltas, 1 to %d bundles",
                         TRUST_PUBLISHER_DELTAS_MAX, TRUST_PUBLISHER_BUNDLES_MAX);
    if (config->signer_count > TRUST_PUBLISHER_SIGNERS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d keys", TRUST_PUBLISHER_SIGNERS_MAX);
    return STATUS_OK;
}

/* A folder that is ahead of the state was made by somebody who knew more: to sign again what has been signed would tell clients
 * two things. */
static enum status check_published(struct trust_publisher *p, struct error *err)
{
    enum status s = publisher_read_latest(p, err);
    uint64_t size = log_state(p->log).size;
    if (s == STATUS_OK && p->latest.version > size)
        return error_set(err, STATUS_REFUSED,
                         "version %llu is published, and the log of versions ends with %llu: the state is older than what clients "
                         "have seen. Put the newest state back; nothing was signed",
                         (unsigned long long)p->latest.version, (unsigned long long)size);
    return s;
}

static enum status finish_last(struct trust_publisher *p, struct error *err)
{
    struct version_contents newest;
    uint64_t size = log_state(p->log).size;
    if (size == 0)
        return STATUS_OK;
    enum status s = publisher_read_contents(p, size, &newest, err);
    p->last_issued_s = newest.bundle.issued_s;
    publisher_clear_contents(&newest);
    if (s == STATUS_OK && p->latest.version < size)
        s = publisher_release(p, err);
    return s;
}

enum status trust_publisher_open(const struct trust_publisher_config *config, struct trust_publisher **out, struct error *err)
{
    *out = NULL;
    enum status s = check_config(config, err);
    if (s != STATUS_OK)
        return s;
    struct trust_publisher *p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    p->config = *config;
    publisher_clear_report(p);
    s = hasher_init(&p->hasher, &hash_sm3, err);
    if (s != STATUS_OK) {
        free(p);
        return s;
    }
    s = trust_state_load(&config->state, &p->state, err);
    if (s == STATUS_OK)
        s = publisher_open_log(p, err);
    if (s == STATUS_OK)
        s = check_published(p, err);
    if (s == STATUS_OK)
        s = finish_last(p, err);
    if (s != STATUS_OK) {
        p->has_failed = true;
        trust_publisher_close(p);
        return s;
    }
    *out = p;
    return STATUS_OK;
}

void trust_publisher_close(struct trust_publisher *p)
{
    if (p == NULL)
        return;
    if (p->has_failed)
        log_abandon(p->log);
    else
        (void)log_close(p->log, NULL); /* what does not settle now is recovered by the next open */
    trust_contents_free(p->contents);
    trust_state_clear(&p->state);
    publisher_clear_report(p);
    hasher_clear(&p->hasher);
    free(p);
}

bool trust_publisher_has_failed(const struct trust_publisher *p)
{
    return p->has_failed;
}

bool trust_publisher_is_busy(const struct trust_publisher *p)
{
    return p->is_busy;
}

uint64_t trust_publisher_version(const struct trust_publisher *p, int64_t *issued_s, int64_t *expires_s)
{
    *issued_s = p->latest.issued_s;
    *expires_s = p->latest.expires_s;
    return p->latest.version;
}

/* ---- a build ---- */

/* CAs that have more than a bundle holds. */
static void tell_too_much(const struct trust_publisher *p)
{
    char text[24], landmarks[24];
    (void)snprintf(text, sizeof text, "%zu", p->report.joined_count);
    (void)snprintf(landmarks, sizeof landmarks, "%zu", p->report.left_out_count);
    if (p->report.left_out_count > 0)
        events_report(&p->config.events, EVENT_WARNING, "landmarks-left-out", {"landmarks", landmarks},
                      {"reason", "a CA has more than its share of a bundle: its oldest ones are not in it"});
    if (p->report.joined_count > 0)
        events_report(&p->config.events, EVENT_WARNING, "revoked-ranges-joined", {"ranges", text},
                      {"reason", "more than a bundle holds: more is revoked of the CA with the most than it has said"});
}

static void on_made(void *cookie)
{
    struct trust_publisher *p = cookie;
    p->report.status = p->error.status;
    tell_too_much(p);
    p->report.duration_ms = p->config.clock.now_ms(p->config.clock.context) - p->began_ms;
    trust_contents_free(p->contents);
    p->contents = NULL;
    p->is_busy = false;
    p->done(p->cookie, &p->report);
}

/* Are the keys that have to sign this version here, and those that will have to sign the next one? */
static enum status check_signers(struct trust_publisher *p, struct error *err)
{
    struct version_contents before;
    uint64_t size = log_state(p->log).size;
    enum status s = publisher_check_keys(p, p->input->bundle, err);
    if (s != STATUS_OK || size == 0)
        return s;
    s = publisher_read_contents(p, size, &before, err);
    if (s == STATUS_OK)
        s = publisher_check_keys(p, &before.bundle, err);
    publisher_clear_contents(&before);
    return s;
}

static enum status assemble(struct trust_publisher *p, struct builder *contents, struct error *err)
{
    int64_t now_s = p->config.clock.now_ms(p->config.clock.context) / 1000;
    struct trust_assembly assembly = {.version = log_state(p->log).size + 1,
                                      .issued_s = now_s,
                                      .expires_s = now_s + p->config.valid_for_s,
                                      .registry = p->input->bundle,
                                      .state = &p->state};
    /* One of more than a day ahead was made by a clock that was wrong, and taken by nobody whose own is right. */
    if (now_s < p->last_issued_s && p->last_issued_s - now_s <= BUNDLE_SIGNATURE_SKEW_S)
        return error_set(err, STATUS_REFUSED, "the clock is %lld seconds behind the version before: versions do not go back in time",
                         (long long)(p->last_issued_s - now_s));
    enum status s = trust_assembly_write(&assembly, contents, err);
    p->report.issued_s = assembly.issued_s;
    p->report.landmark_count = assembly.landmark_count;
    p->report.revoked_count = assembly.revoked_count;
    p->report.joined_count = assembly.joined_count;
    p->report.left_out_count = assembly.left_out_count;
    return s;
}

static enum status keep_and_publish(struct trust_publisher *p, struct bytes contents, struct error *err)
{
    enum status s = publisher_put_files(p, err);
    if (s == STATUS_OK)
        s = publisher_append(p, contents, err);
    if (s == STATUS_OK)
        s = publisher_release(p, err);
    /* Whether the version is in the log, the next open knows. */
    p->has_failed = s != STATUS_OK;
    return s;
}

/* On a worker's thread. */
static void make(void *cookie)
{
    struct trust_publisher *p = cookie;
    struct builder contents;
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
    enum status s = check_signers(p, &p->error);
    if (s == STATUS_OK)
        s = assemble(p, &contents, &p->error);
    publisher_count_logs(p);
    if (s == STATUS_OK)
        s = keep_and_publish(p, builder_view(&contents), &p->error);
    p->error.status = s;
    builder_clear(&contents);
}

static void on_followed(void *publisher)
{
    struct trust_publisher *p = publisher;
    p->config.work.submit(p->config.work.context, make, on_made, p);
}

enum status trust_publisher_build(struct trust_publisher *p, const struct trust_publisher_input *input, trust_publisher_done *done,
                                  void *cookie, struct error *err)
{
    if (p->has_failed)
        return error_set(err, STATUS_REFUSED, "the build before has failed: open the state anew");
    if (p->is_busy)
        return error_set(err, STATUS_CONFLICT, "a build is under way");
    publisher_clear_report(p);
    p->error = (struct error){.status = STATUS_OK};
    p->input = input;
    p->done = done;
    p->cookie = cookie;
    p->began_ms = p->config.clock.now_ms(p->config.clock.context);
    p->is_busy = true;
    enum status s = publisher_follow(p, on_followed, err);
    if (s == STATUS_OK)
        return s;
    trust_contents_free(p->contents);
    p->contents = NULL;
    p->is_busy = false;
    return s;
}
