#include "unit/service/trust_publisher/publisher_world.h"

#include <stdio.h>

#include "codec/mtc/ca_certificate.h"
#include "codec/trust_bundle/trust_delta.h"
#include "codec/trust_bundle/trust_latest.h"
#include "adapters/local_key/local_key.h"

static struct error err;

/* ---- ports ---- */

struct job {
    void (*run)(void *cookie);
    void (*done)(void *cookie);
    void *cookie;
};

static void do_job(void *cookie)
{
    struct job job = *(struct job *)cookie;
    free(cookie);
    job.run(job.cookie);
    job.done(job.cookie);
}

static void submit(void *context, void (*run)(void *cookie), void (*done)(void *cookie), void *cookie)
{
    struct publisher_world *w = context;
    struct timer_port timers = fake_timer_port(w->net->timer);
    struct job *job = malloc(sizeof *job);
    assert_non_null(job);
    *job = (struct job){run, done, cookie};
    (void)timers.start(timers.context, 0, do_job, job);
}

static void report_event(void *context, enum event_level level, const char *what, const struct event_field *fields, size_t field_count)
{
    (void)context;
    (void)level;
    (void)what;
    (void)fields;
    (void)field_count;
}

/* ---- keys ---- */

static const char *const algorithm_names[2] = {"sm2_sm3", "mldsa44"};

static void make_keys(struct publisher_world *w)
{
    for (size_t set = 0; set < PUBLISHER_KEY_SETS; set++)
        for (size_t i = 0; i < 2; i++) {
            const struct signature_alg *alg = algorithms_by_name(mirror_world_algorithms(), bytes_of_text(algorithm_names[i]));
            OK(private_key_generate(alg, &w->keys[set][i], &err));
            w->signers[2 * set + i] = local_key_document_signer(w->keys[set][i]);
            w->log_signers[2 * set + i] = local_key_cosigner(&(struct tai){.len = 0}, w->keys[set][i]);
            w->log_signers[2 * set + i].name = PUBLISHER_ORIGIN;
        }
}

static void add_key(struct bundle_keys *keys, enum trust_bundle_key_role role, const struct private_key *key)
{
    const struct public_key *public = private_key_public(key);
    struct bundle_key *to = &keys->at[keys->count++];
    *to = (struct bundle_key){.role = role, .note_type = (enum note_key_type)public_key_alg(public)->note_type};
    OK(public_key_new(public_key_alg(public), public_key_spki(public), &to->key, &err));
    (void)snprintf(to->note_name, sizeof to->note_name, "%s", PUBLISHER_ORIGIN);
}

void publisher_world_name_keys(struct publisher_world *w, size_t set)
{
    bundle_keys_clear(&w->named);
    w->named = (struct bundle_keys){.count = 0};
    (void)snprintf(w->named.origin, sizeof w->named.origin, "%s", PUBLISHER_ORIGIN);
    for (size_t i = 0; i < 2; i++) {
        add_key(&w->named, TRUST_BUNDLE_KEY_BUNDLE, w->keys[set][i]);
        add_key(&w->named, TRUST_BUNDLE_KEY_VERSIONS, w->keys[set][i]);
    }
    w->registry.keys.count = 0;
    OK(bundle_keys_write(&w->named, &w->registry, &err));
}

/* ---- the registry ---- */

static void add_ca(struct publisher_world *w)
{
    static const char url[] = "http://ca.example";
    const struct public_key *key = private_key_public(w->net->ca_key);
    const struct ca_certificate ca = {.draft = &draft_gm,
                                      .id = w->net->ca.id,
                                      .spki = public_key_spki(key),
                                      .sig_alg = algorithm_identifier(public_key_alg(key)),
                                      .min_serial = UINT64_C(1) << 48,
                                      .max_serial = (UINT64_C(4) << 48) - 1,
                                      .not_before_s = UPDATE_NOW_S - 86400,
                                      .not_after_s = UPDATE_NOW_S + 86400 * INT64_C(365)};
    const struct bytes one_url = bytes_of_text(url);
    OK(ca_certificate_write(&ca, &w->certificate, &err));
    const struct trust_bundle_ca row = {.id = ca.id,
                                        .certificate = builder_view(&w->certificate),
                                        .operator_name = bytes_of_text("Example CA"),
                                        .purposes = {.count = 1, .at = {TRUST_BUNDLE_TLS}},
                                        .level_max = 4,
                                        .url_count = 1};
    OK(array_insert(&w->registry.urls, 0, &one_url, "urls", &err));
    OK(array_insert(&w->registry.cas, 0, &row, "CAs", &err));
}

struct publisher_world *publisher_world_new(void)
{
    struct publisher_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->net = update_world_new();
    /* An SM3 CA signs with SM2 [GM-2]. */
    private_key_free(w->net->ca_key);
    OK(private_key_generate(algorithms_by_name(mirror_world_algorithms(), bytes_of_text("sm2_sm3")), &w->net->ca_key, &err));
    struct update_site *site = update_world_site(w->net, "http://ca.example/1/");
    site->size = 1000;
    site->list = "1\n700 1795824000\n0 0\n";
    w->disk = memory_disk_new();
    make_keys(w);
    trust_bundle_init(&w->registry);
    builder_init(&w->certificate, 65536);
    add_ca(w);
    publisher_world_name_keys(w, 0);
    w->input = (struct trust_publisher_input){.bundle = &w->registry};
    w->config = (struct trust_publisher_config){.origin = PUBLISHER_ORIGIN,
                                                .state = memory_disk_store(w->disk, PUBLISHER_STATE),
                                                .record = memory_disk_record(w->disk),
                                                .log = memory_disk_store(w->disk, PUBLISHER_LOG),
                                                .published = memory_disk_store(w->disk, PUBLISHER_PUBLISHED),
                                                .signers = w->signers,
                                                .signer_count = 2,
                                                .log_signers = w->log_signers,
                                                .log_signer_count = 2,
                                                .algorithms = mirror_world_algorithms(),
                                                .fetch = w->net->ports.fetch,
                                                .clock = w->net->ports.clock,
                                                .work = {w, submit},
                                                .events = {w, report_event},
                                                .valid_for_s = 604800,
                                                .delta_count = 3,
                                                .bundle_count = 2};
    for (size_t i = 0; i < PUBLISHER_CLIENT_MAX; i++)
        builder_init(&w->client.contents[i], TRUST_BUNDLE_SIZE_MAX);
    OK(bundle_keys_read(&w->registry, w->config.algorithms, &w->client.keys, &err));
    return w;
}

void publisher_world_free(struct publisher_world *w)
{
    publisher_world_close(w);
    for (size_t i = 0; i < PUBLISHER_CLIENT_MAX; i++)
        builder_clear(&w->client.contents[i]);
    bundle_keys_clear(&w->client.keys);
    bundle_keys_clear(&w->named);
    trust_bundle_clear(&w->registry);
    builder_clear(&w->certificate);
    for (size_t set = 0; set < PUBLISHER_KEY_SETS; set++)
        for (size_t i = 0; i < 2; i++)
            private_key_free(w->keys[set][i]);
    memory_disk_free(w->disk);
    update_world_free(w->net);
    free(w);
}

/* ---- life ---- */

enum status publisher_world_open(struct publisher_world *w, struct error *e)
{
    return trust_publisher_open(&w->config, &w->publisher, e);
}

void publisher_world_close(struct publisher_world *w)
{
    trust_publisher_close(w->publisher);
    w->publisher = NULL;
}

static void note_log(struct publisher_world *w, const struct trust_publisher_log *log)
{
    w->log_status = log->status;
    w->log_landmarks = log->landmark_count;
    w->log_new = log->new_landmarks;
    (void)snprintf(w->log_reason, sizeof w->log_reason, "%s", log->reason != NULL ? log->reason : "");
    (void)snprintf(w->log_evidence, sizeof w->log_evidence, "%s", log->evidence != NULL ? log->evidence : "");
}

static void on_done(void *cookie, const struct trust_publisher_report *report)
{
    struct publisher_world *w = cookie;
    w->done_count++;
    w->status = report->status;
    w->error = *report->error;
    w->version = report->version;
    w->envelope_size = report->envelope_size;
    w->log_count = report->logs.count;
    w->delta_count = report->deltas.count;
    w->landmark_count = report->landmark_count;
    w->revoked_count = report->revoked_count;
    w->is_rotation = report->is_rotation;
    for (size_t i = 0; i < report->deltas.count && i < LENGTH(w->deltas); i++)
        w->deltas[i] = *trust_publisher_delta_at(report, i);
    if (report->logs.count > 0)
        note_log(w, trust_publisher_log_at(report, 0));
}

enum status publisher_world_build(struct publisher_world *w)
{
    w->done_count = 0;
    w->log_status = STATUS_OK;
    w->log_reason[0] = w->log_evidence[0] = '\0';
    enum status s = trust_publisher_build(w->publisher, &w->input, on_done, w, &w->error);
    if (s != STATUS_OK)
        return s;
    assert_int_equal(w->done_count, 0);
    (void)fake_timer_run(w->net->timer);
    assert_int_equal(w->done_count, 1);
    return w->status;
}

/* ---- the client ---- */

bool publisher_world_get(struct publisher_world *w, unsigned volume, const char *name, struct builder *out)
{
    struct object_store store = memory_disk_store(w->disk, volume);
    builder_reset(out);
    return store.get(store.context, name, out, NULL) == STATUS_OK;
}

bool publisher_world_has(struct publisher_world *w, unsigned volume, const char *name)
{
    struct builder b;
    builder_init(&b, TRUST_ENVELOPE_SIZE_MAX);
    bool has = publisher_world_get(w, volume, name, &b);
    builder_clear(&b);
    return has;
}

/* One version, by the keys of the one before. */
static void take_one(struct publisher_world *w, struct bytes file, bool is_step)
{
    struct publisher_client *c = &w->client;
    struct trust_envelope envelope;
    struct trust_bundle bundle;
    struct version_checkpoint checkpoint;
    const struct bundle_signature_pins pins = {.keys = &c->keys, .now_s = w->config.clock.now_ms(w->config.clock.context) / 1000,
                                               .is_step = is_step};
    OK(trust_envelope_parse(file, &envelope, &err));
    trust_bundle_init(&bundle);
    OK(trust_bundle_parse(envelope.contents, &bundle, &err));
    assert_true(bundle.version < PUBLISHER_CLIENT_MAX);
    OK(bundle_signature_check(&envelope, &bundle, &pins, &checkpoint, &err));
    assert_true(checkpoint.size >= bundle.version);
    struct builder *seen = &c->contents[bundle.version];
    if (seen->len > 0)
        assert_bytes(envelope.contents, builder_view(seen)); /* two contents for a version: the one thing that must not be */
    builder_reset(seen);
    builder_bytes(seen, envelope.contents);
    assert_true(bundle.version >= c->version);
    c->version = bundle.version;
    if (bundle.keys.count > 0) {
        bundle_keys_clear(&c->keys);
        OK(bundle_keys_read(&bundle, w->config.algorithms, &c->keys, &err));
    }
    trust_bundle_clear(&bundle);
}

static void check_delta(struct publisher_world *w, const struct trust_latest *latest, size_t i, struct bytes whole)
{
    char name[40];
    struct builder file, result;
    struct trust_delta delta;
    builder_init(&file, TRUST_DELTA_SIZE_MAX);
    builder_init(&result, TRUST_ENVELOPE_SIZE_MAX);
    (void)snprintf(name, sizeof name, "delta/%llu", (unsigned long long)latest->deltas[i].from);
    assert_true(publisher_world_get(w, PUBLISHER_PUBLISHED, name, &file));
    assert_int_equal(file.len, latest->deltas[i].size);
    const struct builder *base = &w->client.contents[latest->deltas[i].from];
    if (base->len > 0) { /* one that the client never saw: it was not published when the power went */
        OK(trust_delta_parse(builder_view(&file), &delta, &err));
        OK(trust_delta_apply(&delta, builder_view(base), &result, &err));
        assert_bytes(builder_view(&result), whole);
    }
    builder_clear(&file);
    builder_clear(&result);
}

void publisher_world_take(struct publisher_world *w)
{
    static struct trust_latest latest;
    struct builder file;
    char name[40];
    builder_init(&file, TRUST_ENVELOPE_SIZE_MAX);
    bool has_latest = publisher_world_get(w, PUBLISHER_PUBLISHED, "latest", &file);
    if (has_latest) {
        OK(trust_latest_parse(builder_view(&file), &latest, &err));
        for (uint64_t rotation; (rotation = trust_latest_rotation(&latest, w->client.version)) != 0 && rotation < latest.version;) {
            (void)snprintf(name, sizeof name, "bundles/%llu", (unsigned long long)rotation);
            assert_true(publisher_world_get(w, PUBLISHER_PUBLISHED, name, &file));
            take_one(w, builder_view(&file), true);
        }
        assert_true(publisher_world_get(w, PUBLISHER_PUBLISHED, "bundle", &file));
        assert_int_equal(file.len, latest.bundle_size);
        /* A rotation that is held names the keys of what comes after it: its own were those before. */
        if (w->client.version < latest.version)
            take_one(w, builder_view(&file), false);
        assert_int_equal(w->client.version, latest.version);
        for (size_t i = 0; i < latest.delta_count; i++)
            check_delta(w, &latest, i, builder_view(&file));
    }
    builder_clear(&file);
}
