#include "trust/trust_take.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/posix/posix_record_store.h"
#include "base/civil_time.h"
#include "codec/mtc/ca_certificate.h"
#include "input.h"
#include "output.h"
#include "trust/trust_directory.h"
#include "trust/trust_keys.h"

struct trust_take {
    struct trust_take_settings settings;
    void (*done)(void *cookie, int exit_status);
    void *cookie;
    struct posix_record_store *lock;
    struct trust_directory *held;         /* NULL: nothing yet */
    struct bundle_signature_pins pins;    /* what is held; without keys */
};

/* ---- what was taken ---- */

static void report(const struct trust_take *t, const struct trust_bundle *b, bool is_changed)
{
    char issued[CIVIL_TIME_TEXT_SIZE], expires[CIVIL_TIME_TEXT_SIZE];
    unsigned long long version = b->version, before = t->pins.held_version;
    civil_time_format(b->issued_s, issued);
    civil_time_format(b->expires_s, expires);
    if (t->settings.is_json) {
        json_t *o = json_object();
        json_object_set_new(o, "version", json_integer((json_int_t)version));
        json_object_set_new(o, "before", before == 0 ? json_null() : json_integer((json_int_t)before));
        json_object_set_new(o, "changed", json_boolean(is_changed));
        json_object_set_new(o, "issued", json_string(issued));
        json_object_set_new(o, "expires", json_string(expires));
        output_json(o);
    } else if (!is_changed) {
        output_line("%s: version %llu of %s: nothing new; it expires %s", t->settings.dir, version, issued, expires);
    } else if (before == 0) {
        output_line("%s: version %llu of %s, the first one; it expires %s", t->settings.dir, version, issued, expires);
    } else {
        output_line("%s: version %llu of %s in place of version %llu; it expires %s", t->settings.dir, version, issued, before, expires);
    }
}

/* ---- CAs with a new key ---- */

static bool has_key(const struct trust_bundle *b, const struct tai *ca_id, struct ca_certificate *out)
{
    for (size_t i = 0; i < b->cas.count; i++)
        if (tai_equal(&trust_bundle_ca_at(b, i)->id, ca_id))
            return ca_certificate_parse(trust_bundle_ca_at(b, i)->certificate, out, NULL) == STATUS_OK;
    return false;
}

/* What the old key has signed does not count any more: landmarks, the checkpoint to go on from, the revocations file. What is
 * revoked stays so. */
static enum status forget_log(struct trust_take *t, struct trust_bundle *held, struct error *err)
{
    struct trust_bundle_log *log = array_at(&held->logs, 0);
    log->first_landmark = log->size_before = 0;
    log->landmark_count = 0;
    held->landmarks.count = 0;
    held->version++;
    return trust_directory_write_log(t->settings.dir, held, bytes_of(NULL, 0), bytes_of(NULL, 0), err);
}

/* Does the log's file come from the key that its CA has in the new bundle? Behind a bundle without the CA nobody knows. */
static bool is_of_same_key(const struct trust_take *t, const struct trust_bundle *now, const struct tai *ca_id)
{
    struct ca_certificate a, b;
    return t->held != NULL && has_key(&t->held->bundle, ca_id, &a) && has_key(now, ca_id, &b) && bytes_equal(a.spki, b.spki);
}

static bool has_ca(const struct trust_bundle *b, const struct tai *ca_id)
{
    struct ca_certificate ca;
    return has_key(b, ca_id, &ca);
}

/* Before the bundle is there: after a crash in between, landmarks are missing until the next update, and none is wrong. */
static enum status forget_old_keys(struct trust_take *t, struct trust_directory *fresh, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < fresh->log_count; i++) {
        const struct tai *ca_id = &trust_bundle_log_at(&fresh->logs[i].bundle, 0)->ca_id;
        if (has_ca(&fresh->bundle, ca_id) && !is_of_same_key(t, &fresh->bundle, ca_id))
            s = forget_log(t, &fresh->logs[i].bundle, err);
    }
    return s;
}

static enum status take(struct trust_take *t, struct bytes envelope, struct error *err)
{
    struct trust_directory *fresh = NULL;
    t->pins.now_s = t->settings.clock.now_ms(t->settings.clock.context) / 1000;
    enum status s = trust_directory_judge(t->settings.dir, envelope, &t->pins, t->settings.algorithms, &fresh, err);
    if (s != STATUS_OK)
        return s;
    /* With the same contents the signatures that are held are as good. */
    bool is_changed = fresh->bundle.version != t->pins.held_version;
    if (is_changed)
        s = forget_old_keys(t, fresh, err);
    if (is_changed && s == STATUS_OK)
        s = trust_directory_write_signed(t->settings.dir, envelope, err);
    if (s == STATUS_OK)
        report(t, &fresh->bundle, is_changed);
    trust_directory_free(fresh);
    return s;
}

static void end(struct trust_take *t, enum status status, struct error *err)
{
    int exit_status = EXIT_YES;
    if (status != STATUS_OK) {
        (void)error_prefix(err, status, "%s", t->settings.source);
        exit_status = output_failure(ROLE_OBJECT, err);
    }
    t->done(t->cookie, exit_status);
}

/* ---- where it comes from ---- */

static void take_file(struct trust_take *t)
{
    struct error err = {.status = STATUS_OK};
    struct builder content;
    builder_init(&content, TRUST_ENVELOPE_SIZE_MAX);
    enum status s = input_read(t->settings.source, TRUST_ENVELOPE_SIZE_MAX, &content, &err);
    /* Its reason begins with the path already. */
    if (s != STATUS_OK)
        t->done(t->cookie, output_failure(ROLE_OBJECT, &err));
    else
        end(t, take(t, builder_view(&content), &err), &err);
    builder_clear(&content);
}

static void on_fetched(void *cookie, const struct fetch_response *response)
{
    struct trust_take *t = cookie;
    struct error err = {.status = STATUS_OK};
    enum status s;
    if (response->failure == FETCH_STOPPED)
        return; /* by whoever frees this */
    if (response->failure != FETCH_NO_FAILURE)
        s = error_set(&err, STATUS_IO, "%s", response->failure_text);
    else if (response->status != 200)
        s = error_set(&err, STATUS_IO, "status %d", response->status);
    else if (response->is_cut)
        s = error_set(&err, STATUS_LIMIT, "longer than a trust bundle can be");
    else
        s = take(t, response->body, &err);
    end(t, s, &err);
}

static bool is_url(const char *source)
{
    return strncmp(source, "http://", 7) == 0 || strncmp(source, "https://", 8) == 0;
}

static enum status take_url(struct trust_take *t, struct error *err)
{
    struct fetch_request request = {.method = "GET", .url = t->settings.source, .ca_file = t->settings.ca_file,
                                    .timeout_ms = TRUST_TAKE_FETCH_MS, .response_max = TRUST_ENVELOPE_SIZE_MAX};
    return t->settings.fetch.start(t->settings.fetch.context, &request, on_fetched, t, err);
}

/* ---- what is held ---- */

static enum status note_held(struct trust_take *t, struct error *err)
{
    struct hasher_set hashers;
    if (!t->held->is_signed) /* cannot be while keys are pinned */
        return error_set(err, STATUS_REFUSED, "%s: trust.bundle is not signed", t->settings.dir);
    enum status s = hasher_set_init(&hashers, err);
    if (s != STATUS_OK)
        return s;
    hasher_one(hasher_set_get(&hashers, &hash_sm3), t->held->bundle_bytes, t->pins.held_sm3);
    hasher_set_clear(&hashers);
    t->pins.held_version = t->held->bundle.version;
    return STATUS_OK;
}

static enum status open_take(struct trust_take *t, struct error *err)
{
    struct trust_keys keys = {.count = 0};
    const char *dir = t->settings.dir;
    enum status s = posix_record_store_open(dir, false, &t->lock, err);
    if (s == STATUS_OK && !trust_keys_exist(dir))
        s = error_set(err, STATUS_USAGE, "%s: no keys are pinned: `cathaya trust import --bundle-key FILE` for a new directory", dir);
    if (s == STATUS_OK)
        s = trust_keys_read(dir, t->settings.algorithms, &keys, err);
    trust_keys_clear(&keys);
    if (s == STATUS_OK)
        s = trust_directory_read(dir, t->settings.algorithms, &t->held, err);
    if (s == STATUS_NOT_FOUND && t->held == NULL && trust_keys_exist(dir))
        return STATUS_OK;
    return s == STATUS_OK ? note_held(t, err) : s;
}

enum status trust_take_start(const struct trust_take_settings *settings, void (*done)(void *cookie, int exit_status), void *cookie,
                             struct trust_take **out, struct error *err)
{
    struct trust_take *t = calloc(1, sizeof *t);
    *out = NULL;
    if (t == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *t = (struct trust_take){.settings = *settings, .done = done, .cookie = cookie};
    enum status s = open_take(t, err);
    if (s == STATUS_OK && is_url(settings->source))
        s = take_url(t, err);
    if (s != STATUS_OK) {
        trust_take_free(t);
        return s;
    }
    *out = t;
    if (!is_url(settings->source))
        take_file(t);
    return STATUS_OK;
}

void trust_take_free(struct trust_take *take)
{
    if (take == NULL)
        return;
    trust_directory_free(take->held);
    posix_record_store_close(take->lock);
    free(take);
}
