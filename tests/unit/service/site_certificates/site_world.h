/* site_world.h - a gateway's certificates with everything around them: two clocks (that of the machine may be wrong), a
 * disk, files, four CAs. What is to be deployed is checked each time that it is said: never expired, never with another
 * key, the newest first. For one test program. */
#ifndef CATHAYA_TESTS_UNIT_SERVICE_SITE_WORLD_H
#define CATHAYA_TESTS_UNIT_SERVICE_SITE_WORLD_H

#include <stdio.h>

#include "fakes/fake_acme_ca.h"
#include "fakes/memory_disk.h"
#include "service/site_certificates/site_certificates.h"
#include "service/site_certificates/site_leaf.h"
#include "unit/checks.h"

#define WORLD_START_S INT64_C(1800000000)
#define DAY INT64_C(86400)
#define DEPLOYED_MAX 32
#define WORLD_FILES 4

struct deployed {
    enum site_kind kind;
    bool is_landmark, is_old, has_scts;
    uint64_t generation;
    int64_t not_before_s, not_after_s;
    char chain[4096], key[4096], ocsp_url[128];
};

struct world_file {
    char path[64];
    struct builder value;
    uint64_t stamp;
};

struct world {
    struct fake_timer *timer;
    int64_t clock_error_ms; /* of the machine's clock */
    struct memory_disk *disk;
    struct fake_acme_ca gm, gm2, intl, classic, gm_classic;
    struct site_certificates *sc;
    struct world_file files[WORLD_FILES];
    bool is_reading_refused; /* of files */
    bool is_mending;         /* a disk that failed can be opened again */
    enum status check;       /* of what is to be deployed */
    unsigned check_count;
    enum status judgement;   /* what the policy says of it */
    unsigned judge_count;
    bool is_lost; /* events of a lost process do not count */

    struct deployed deployed[DEPLOYED_MAX];
    size_t deployed_count;
    unsigned changes;
    char last_site[SITE_NAME_SIZE];
    unsigned errors;
    char last_event[64];
};

static int64_t world_clock(void *context)
{
    struct world *w = context;
    struct clock_port right = fake_timer_clock(w->timer);
    return right.now_ms(right.context) + w->clock_error_ms;
}

static inline int64_t world_now_s(struct world *w)
{
    return world_clock(w) / 1000;
}

static void world_event(void *context, enum event_level level, const char *what, const struct event_field *fields, size_t field_count)
{
    struct world *w = context;
    w->errors += level == EVENT_ERROR;
    (void)snprintf(w->last_event, sizeof w->last_event, "%s", what);
    if (getenv("SITE_VERBOSE") == NULL)
        return;
    fprintf(stderr, "%lld %s", (long long)(world_now_s(w) - WORLD_START_S), what);
    for (size_t i = 0; i < field_count; i++) {
        fprintf(stderr, " %s=%s", fields[i].name, fields[i].value);
        assert_null(strstr(fields[i].value, "PRIVATE KEY"));
    }
    fprintf(stderr, "\n");
}

/* ---- files ---- */

static struct world_file *world_find_file(struct world *w, const char *path)
{
    for (size_t i = 0; i < WORLD_FILES; i++)
        if (strcmp(w->files[i].path, path) == 0)
            return &w->files[i];
    return NULL;
}

static enum status world_stamp(void *context, const char *path, uint64_t *out, struct error *err)
{
    const struct world_file *f = world_find_file(context, path);
    if (f == NULL)
        return error_set(err, STATUS_NOT_FOUND, "no such file");
    *out = f->stamp;
    return STATUS_OK;
}

static enum status world_read(void *context, const char *path, struct builder *out, struct error *err)
{
    const struct world_file *f = world_find_file(context, path);
    if (f == NULL)
        return error_set(err, STATUS_NOT_FOUND, "no such file");
    if (((struct world *)context)->is_reading_refused)
        return error_set(err, STATUS_IO, "too many open files");
    builder_bytes(out, builder_view(&f->value));
    return builder_status(out, path, err);
}

static inline void world_write_file(struct world *w, const char *path, struct bytes value)
{
    struct world_file *f = world_find_file(w, path);
    if (f == NULL)
        f = world_find_file(w, "");
    if (f == NULL)
        abort();
    (void)snprintf(f->path, sizeof f->path, "%s", path);
    builder_clear(&f->value);
    builder_init(&f->value, 65536);
    builder_bytes(&f->value, value);
    f->stamp++;
}

/* ---- what is deployed ---- */

static void world_check(struct world *w, const struct site_credential *list, size_t count, size_t i)
{
    struct site_leaf leaf;
    struct error err;
    const struct site_credential *c = &list[i];
    OK(site_leaf_read(c->chain, &leaf, &err));
    OK(site_leaf_check(&leaf, c->kind, c->key_pem, world_now_s(w), &err));
    assert_true(c->not_after_s >= world_now_s(w));
    assert_true(c->key_pem.len > 0 || c->key_uri != NULL);
    if (site_kind_is_mtc(c->kind))
        assert_true(c->properties.len > 0);
    for (size_t k = 0; k < i; k++) {
        if (list[k].kind != c->kind)
            continue;
        assert_true(list[k].generation >= c->generation);
        assert_true(site_kind_is_mtc(c->kind));
    }
    bool has_newer = i > 0 && list[i - 1].kind == c->kind && list[i - 1].generation > c->generation;
    if (has_newer)
        assert_true(c->is_old);
    assert_true(count <= DEPLOYED_MAX);
    site_leaf_clear(&leaf);
}

static void world_on_change(void *context, const char *site, const struct site_credential *list, size_t count)
{
    struct world *w = context;
    w->changes++;
    w->deployed_count = count;
    (void)snprintf(w->last_site, sizeof w->last_site, "%s", site);
    for (size_t i = 0; i < count; i++) {
        struct deployed *d = &w->deployed[i];
        world_check(w, list, count, i);
        *d = (struct deployed){.kind = list[i].kind, .is_landmark = list[i].is_landmark, .is_old = list[i].is_old,
                               .generation = list[i].generation, .not_before_s = list[i].not_before_s, .not_after_s = list[i].not_after_s};
        (void)snprintf(d->chain, sizeof d->chain, "%.*s", (int)list[i].chain.len, (const char *)list[i].chain.data);
        (void)snprintf(d->key, sizeof d->key, "%.*s", (int)list[i].key_pem.len, (const char *)list[i].key_pem.data);
        static struct properties properties;
        d->has_scts = list[i].properties.len > 0 &&
                      properties_parse(list[i].properties, PROPERTIES_WITH_PATTERNS, &properties, NULL) == STATUS_OK && properties.has_sct_list;
        (void)snprintf(d->ocsp_url, sizeof d->ocsp_url, "%s", list[i].ocsp_url);
    }
}

static inline const struct deployed *world_find(const struct world *w, enum site_kind kind, bool is_landmark, bool is_old)
{
    for (size_t i = 0; i < w->deployed_count; i++)
        if (w->deployed[i].kind == kind && w->deployed[i].is_landmark == is_landmark && w->deployed[i].is_old == is_old)
            return &w->deployed[i];
    return NULL;
}

/* ---- configuration ---- */

static const char *const world_names[] = {"www.example.com", "example.com"};
static const char *const world_gm[] = {"gm", "gm2"};
static const char *const world_gm_only[] = {"gm"};
static const char *const world_gm_classic[] = {"gm-classic"};
static const char *const world_intl[] = {"intl"};
static const char *const world_classic[] = {"classic"};
static const struct site_wanted world_wanted_gm = {.kind = SITE_GM_MTC, .issuers = world_gm, .issuer_count = 2};
static const struct site_wanted world_wanted_all[] = {
    {.kind = SITE_GM_MTC, .issuers = world_gm, .issuer_count = 2},
    {.kind = SITE_GM_CLASSIC, .issuers = world_gm_classic, .issuer_count = 1},
    {.kind = SITE_INTL_MTC, .issuers = world_intl, .issuer_count = 1},
    {.kind = SITE_INTL_CLASSIC, .issuers = world_classic, .issuer_count = 1},
};

/* How often a process looks, from its begin on; 0: as usual. Long lives need not be looked at every ten seconds. */
static uint32_t world_tick_s;

static inline enum status world_configure_sites(struct world *w, const struct site_config *sites, size_t count, struct error *err)
{
    const struct site_issuer issuers[] = {
        {"gm", fake_acme_ca_port(&w->gm)}, {"gm2", fake_acme_ca_port(&w->gm2)}, {"intl", fake_acme_ca_port(&w->intl)},
        {"classic", fake_acme_ca_port(&w->classic)}, {"gm-classic", fake_acme_ca_port(&w->gm_classic)}};
    return site_certificates_configure(w->sc, sites, count, issuers, LENGTH(issuers), err);
}

static inline void world_configure_as(struct world *w, const char *const *names, size_t name_count, const struct site_wanted *wanted, size_t count)
{
    struct error err;
    const struct site_config site = {"www.example.com", names, name_count, wanted, count};
    OK(world_configure_sites(w, &site, 1, &err));
}

static inline void world_configure(struct world *w, const struct site_wanted *wanted, size_t count)
{
    world_configure_as(w, world_names, LENGTH(world_names), wanted, count);
}

static enum status world_check_credential(void *context, const struct site_credential *credential, struct error *err)
{
    struct world *w = context;
    assert_true(credential->chain.len > 0 && credential->key_pem.len > 0);
    w->check_count++;
    return w->check == STATUS_OK ? STATUS_OK : error_set(err, w->check, "no such chain here");
}

static enum status world_judge(void *context, const char *site, const struct site_credential *credential, struct error *err)
{
    struct world *w = context;
    assert_true(credential->chain.len > 0 && site[0] != '\0');
    w->judge_count++;
    return w->judgement == STATUS_OK ? STATUS_OK : error_set(err, w->judgement, "RP-06: no AIA");
}

static enum status world_reopen(void *context, struct object_store *store, struct error *err)
{
    struct world *w = context;
    (void)err;
    memory_disk_next_process(w->disk);
    *store = memory_disk_store(w->disk, 0);
    return STATUS_OK;
}

/* A process begins, on what is on the disk. */
static inline void world_boot(struct world *w)
{
    struct error err;
    const struct site_certificates_config config = {
        .store = memory_disk_store(w->disk, 0), .clock = {w, world_clock}, .timer = fake_timer_port(w->timer),
        .events = {w, world_event}, .files = {w, world_stamp, world_read}, .context = w, .on_change = world_on_change,
        .check = world_check_credential, .judge = world_judge, .reopen_store = w->is_mending ? world_reopen : NULL, .tick_s = world_tick_s};
    w->deployed_count = 0;
    OK(site_certificates_new(&config, &w->sc, &err));
}

/* It ends, in the middle of whatever it does. */
static inline void world_kill(struct world *w)
{
    struct fake_acme_ca *const cas[] = {&w->gm, &w->gm2, &w->intl, &w->classic, &w->gm_classic};
    for (size_t i = 0; i < LENGTH(cas); i++)
        fake_acme_ca_forget(cas[i]);
    site_certificates_free(w->sc);
    w->sc = NULL;
    w->deployed_count = 0;
}

static inline void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->timer = fake_timer_new(WORLD_START_S * 1000);
    w->disk = memory_disk_new();
    const struct timer_port timer = fake_timer_port(w->timer);
    const struct clock_port clock = fake_timer_clock(w->timer);
    fake_acme_ca_init(&w->gm, "gm", true, true, timer, clock);
    fake_acme_ca_init(&w->gm2, "gm2", true, true, timer, clock);
    fake_acme_ca_init(&w->intl, "intl", true, false, timer, clock);
    fake_acme_ca_init(&w->classic, "classic", false, false, timer, clock);
    fake_acme_ca_init(&w->gm_classic, "gm-classic", false, true, timer, clock);
    world_boot(w);
}

static inline void world_end(struct world *w)
{
    world_kill(w);
    struct fake_acme_ca *const cas[] = {&w->gm, &w->gm2, &w->intl, &w->classic, &w->gm_classic};
    for (size_t i = 0; i < LENGTH(cas); i++)
        fake_acme_ca_clear(cas[i]);
    for (size_t i = 0; i < WORLD_FILES; i++)
        builder_clear(&w->files[i].value);
    assert_int_equal(fake_timer_pending(w->timer), 0);
    memory_disk_free(w->disk);
    fake_timer_free(w->timer);
}

static inline void world_pass(struct world *w, int64_t seconds)
{
    fake_timer_advance(w->timer, (uint64_t)seconds * 1000);
}

/* ---- status ---- */

struct world_row {
    enum site_kind kind;
    bool is_found;
    char issuer[64], serial[64], landmark[32], state[32], next_action[32], last_error[ERROR_TEXT_MAX];
    int64_t next_action_s, not_after_s;
    unsigned failures, old_count;
};

static void world_take_row(void *context, const struct site_status *row)
{
    struct world_row *r = context;
    if (row->kind != r->kind)
        return;
    r->is_found = true;
    (void)snprintf(r->issuer, sizeof r->issuer, "%s", row->issuer);
    (void)snprintf(r->serial, sizeof r->serial, "%s", row->serial);
    (void)snprintf(r->landmark, sizeof r->landmark, "%s", row->landmark);
    (void)snprintf(r->state, sizeof r->state, "%s", row->state);
    (void)snprintf(r->next_action, sizeof r->next_action, "%s", row->next_action);
    (void)snprintf(r->last_error, sizeof r->last_error, "%s", row->last_error);
    r->next_action_s = row->next_action_s;
    r->not_after_s = row->not_after_s;
    r->failures = row->failures;
    r->old_count = row->old_count;
}

static inline struct world_row world_status(struct world *w, enum site_kind kind)
{
    struct world_row row = {.kind = kind};
    site_certificates_status(w->sc, world_take_row, &row);
    assert_true(row.is_found);
    return row;
}

/* A certificate that waits for its next try is in this state, or "ordering" where chance has made this its second. */
static inline void world_assert_waiting(struct world *w, enum site_kind kind, const char *state)
{
    struct world_row row = world_status(w, kind);
    if (strcmp(row.state, "ordering") != 0)
        assert_string_equal(row.state, state);
}

#endif
