/* What a watcher says of the log of website identities: it grows, is rewritten, cut, hidden, or does not give what a version has. */
#include "unit/service/trust_publisher/publisher_world.h"

#include <stdio.h>

#include "rules/identity_log.h"
#include "service/bundle_watcher/bundle_watcher.h"

#define URL "http://trust.example/"
#define DAY_MS ((uint64_t)86400 * 1000)
#define TOLD_MAX 16

static struct publisher_world *w;
static struct fake_fetch *fetch;
static struct bundle_watcher *watcher;
static struct memory_disk *own;
static struct private_key *signer;
static struct error err;

/* What the distributor has, and what it shows instead of it. */
static struct identity_log *identities;
static struct identity_signers *signers;
static struct identity_publication *publication;
static struct builder text, other_text, section;
static struct trust_publisher_file file;
static bool is_other_shown, is_gone, is_held;
static void *held; /* the question that waits, when is_held */

static struct {
    unsigned counts[FINDING_IDS], total, rounds;
    struct bundle_watcher_status status;
    char domains[TOLD_MAX][64];
    uint64_t indices[TOLD_MAX];
    size_t told;
    char text[ERROR_TEXT_MAX];
} seen;

/* ---- the web ---- */

static void serve(void *context, const struct fetch_request *request, void *token)
{
    (void)context;
    const char *name = request->url + strlen(URL);
    bool is_log = strncmp(name, "log/", 4) == 0, is_text = strcmp(name, IDENTITY_LOG_PUBLISHED) == 0;
    struct object_store store = memory_disk_store(w->disk, is_log ? PUBLISHER_LOG : PUBLISHER_PUBLISHED);
    struct builder body;
    if (is_text && is_held) {
        held = token;
        return;
    }
    builder_init(&body, TRUST_ENVELOPE_SIZE_MAX);
    enum status s = is_text && is_gone ? STATUS_NOT_FOUND : store.get(store.context, is_log ? name + 4 : name, &body, NULL);
    fake_fetch_answer(fetch, token, s == STATUS_OK ? 200 : 404, "",
                      is_text && is_other_shown && !is_gone ? builder_view(&other_text) : builder_view(&body));
    builder_clear(&body);
}

/* How often the text was asked for. */
static unsigned asked(void)
{
    unsigned count = 0;
    for (const char *at = fake_fetch_log(fetch); (at = strstr(at, URL IDENTITY_LOG_PUBLISHED)) != NULL; at++)
        count++;
    return count;
}

/* ---- the watcher ---- */

static void finding(void *cookie, const struct log_finding *f)
{
    (void)cookie;
    seen.counts[f->id]++;
    seen.total++;
    (void)snprintf(seen.text, sizeof seen.text, "%s", f->text);
}

static void progress(void *cookie, const struct bundle_watcher_status *status)
{
    (void)cookie;
    seen.status = *status;
    seen.rounds++;
}

static void identity(void *cookie, uint64_t index, const struct website_identity_entry *e)
{
    (void)cookie;
    assert_false(e->is_revocation);
    assert_true(seen.told < TOLD_MAX);
    (void)snprintf(seen.domains[seen.told], sizeof seen.domains[0], "%.*s", (int)e->record.domain.len, (const char *)e->record.domain.data);
    seen.indices[seen.told++] = index;
}

static enum status new_watcher(void)
{
    static const struct bundle_watcher_callbacks callbacks = {.finding = finding, .progress = progress, .identity = identity};
    const struct bundle_watcher_config config = {.name = "program", .url = "http://trust.example", .keys = &w->registry,
                                                 .algorithms = mirror_world_algorithms(), .interval_ms = 60000,
                                                 .fetch = fake_fetch_port(fetch), .timer = fake_timer_port(w->net->timer),
                                                 .clock = w->config.clock, .state = memory_disk_store(own, 0)};
    return bundle_watcher_new(&config, &callbacks, NULL, &watcher, &err);
}

static void start(void)
{
    OK(new_watcher());
    bundle_watcher_start(watcher);
}

static void stop(void)
{
    if (watcher == NULL)
        return;
    bundle_watcher_stop(watcher, NULL, NULL);
    (void)fake_timer_run(w->net->timer);
    bundle_watcher_free(watcher);
    watcher = NULL;
}

static void look(void)
{
    unsigned before = seen.rounds;
    fake_timer_advance(w->net->timer, 60000);
    assert_true(seen.rounds > before);
}

/* ---- the distributor ---- */

static int64_t now_s(void)
{
    return w->config.clock.now_ms(w->config.clock.context) / 1000;
}

static void sign(struct bytes statement, struct builder *entry)
{
    struct builder signature;
    builder_init(&signature, 8192);
    OK(private_key_sign(signer, statement, &signature, &err));
    OK(website_identity_write_entry(statement, builder_view(&signature), entry, &err));
    builder_clear(&signature);
}

static void make_record(uint64_t serial, const char *domain, int64_t days, struct builder *entry)
{
    struct website_identity r = {.serial = serial, .domain = bytes_of_text(domain), .name_en = bytes_of_text("Example Co."),
                                 .country = {'C', 'N'}, .registration = bytes_of_text("9XX"), .level = 3, .issued_s = now_s() - 100,
                                 .until_s = now_s() + days * 86400};
    struct builder statement;
    builder_init(&statement, 2048);
    assert_true(identity_check_key_id(public_key_spki(private_key_public(signer)), r.signer));
    OK(website_identity_write(&r, &statement, &err));
    sign(builder_view(&statement), entry);
    builder_clear(&statement);
}

static void append(struct builder *entry)
{
    OK(identity_log_append(identities, builder_view(entry), &err));
    identity_log_write_line(builder_view(entry), &text);
    builder_clear(entry);
}

static void add_until(uint64_t serial, const char *domain, int64_t days)
{
    struct builder entry;
    builder_init(&entry, 8192);
    make_record(serial, domain, days, &entry);
    append(&entry);
}

static void add(uint64_t serial, const char *domain)
{
    add_until(serial, domain, 300);
}

static void revoke(uint64_t serial)
{
    struct website_identity_revocation r = {.serial = serial, .time_s = now_s()};
    struct builder statement, entry;
    builder_init(&statement, 2048);
    builder_init(&entry, 8192);
    assert_true(identity_check_key_id(public_key_spki(private_key_public(signer)), r.signer));
    OK(website_identity_write_revocation(&r, &statement, &err));
    sign(builder_view(&statement), &entry);
    append(&entry);
    builder_clear(&statement);
}

static void forget(void)
{
    identity_log_free(identities);
    identities = NULL;
    OK(identity_log_new(&identities, &err));
    builder_reset(&text);
}

/* Section 8 as it has to be. */
static void publish_section(void)
{
    static const struct identity_publication_settings settings = {IDENTITY_PUBLICATION_EMBED_SIZE, IDENTITY_PUBLICATION_LIST_COUNT};
    identity_publication_free(publication);
    publication = NULL;
    OK(identity_publication_new(identities, signers, now_s(), &settings, &publication, &err));
    builder_reset(&section);
    builder_bytes(&section, identity_publication_section(publication));
}

/* A version with what stands in section. */
static void build_section(void)
{
    w->registry.identities = builder_view(&section);
    file = (struct trust_publisher_file){IDENTITY_LOG_PUBLISHED, builder_view(&text)};
    w->input.files = &file;
    w->input.file_count = text.len > 0 ? 1 : 0;
    if (publisher_world_build(w) != STATUS_OK)
        fail_msg("%s", w->error.text);
}

static void build(void)
{
    publish_section();
    build_section();
}

static int open_world(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    is_other_shown = is_gone = is_held = false;
    held = NULL;
    w = publisher_world_new();
    fetch = fake_fetch_new(w->net->timer);
    fake_fetch_serve(fetch, serve, NULL);
    own = memory_disk_new();
    OK(private_key_generate(algorithms_by_name(mirror_world_algorithms(), bytes_of_text("sm2_sm3")), &signer, &err));
    const struct public_key *key = private_key_public(signer);
    const struct trust_bundle_signer row = {algorithm_identifier(public_key_alg(key)), public_key_spki(key), bytes_of_text("CA One"), 4};
    OK(array_insert(&w->registry.signers, 0, &row, "signers", &err));
    OK(identity_signers_new(&w->registry, mirror_world_algorithms(), &signers, &err));
    builder_init(&text, IDENTITY_LOG_TEXT_MAX);
    builder_init(&other_text, IDENTITY_LOG_TEXT_MAX);
    builder_init(&section, TRUST_BUNDLE_SIZE_MAX);
    forget();
    add(1, "one.example");
    add(2, "two.example");
    OK(publisher_world_open(w, &err));
    build();
    start();
    (void)fake_timer_run(w->net->timer);
    assert_int_equal(seen.status.version, 1);
    assert_int_equal(seen.total, 0);
    assert_int_equal(asked(), 1);
    assert_int_equal(seen.told, 2);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    stop();
    fake_fetch_free(fetch);
    memory_disk_free(own);
    w->registry.identities = bytes_of(NULL, 0);
    publisher_world_free(w);
    identity_publication_free(publication);
    publication = NULL;
    identity_signers_free(signers);
    identity_log_free(identities);
    identities = NULL;
    private_key_free(signer);
    builder_clear(&text);
    builder_clear(&other_text);
    builder_clear(&section);
    return 0;
}

/* ---- honest ones ---- */

static void it_is_fetched_when_it_has_grown(void **state)
{
    (void)state;
    assert_string_equal(seen.domains[1], "two.example");
    build();
    look();
    assert_int_equal(asked(), 1);
    add(3, "three.example");
    revoke(1);
    build();
    look();
    assert_int_equal(asked(), 2);
    assert_int_equal(seen.told, 3);
    assert_int_equal(seen.indices[2], 2);
    stop();
    build();
    start();
    look();
    assert_int_equal(asked(), 2);
    add(4, "four.example");
    build();
    look();
    assert_int_equal(asked(), 3);
    assert_int_equal(seen.told, 4);
    assert_string_equal(seen.domains[3], "four.example");
    assert_int_equal(seen.status.version, 5);
    assert_int_equal(seen.total, 0);
}

/* Several versions in one round are judged by one text, each by its beginning. */
static void versions_that_were_missed(void **state)
{
    (void)state;
    w->config.bundle_count = 8;
    publisher_world_close(w);
    OK(publisher_world_open(w, &err));
    for (uint64_t i = 3; i < 7; i++) {
        add(i, "more.example");
        build();
    }
    look();
    assert_int_equal(seen.status.version, 5);
    assert_int_equal(asked(), 2);
    assert_int_equal(seen.told, 6);
    assert_int_equal(seen.total, 0);
}

/* What ends is left out from the next day on, without a new entry. */
static void a_day_passes(void **state)
{
    (void)state;
    add_until(3, "short.example", 1);
    build();
    look();
    uint64_t size = builder_view(&section).len;
    fake_timer_advance(w->net->timer, 3 * DAY_MS);
    build();
    assert_true(builder_view(&section).len < size);
    look();
    assert_int_equal(asked(), 2);
    assert_int_equal(seen.total, 0);
    /* Section 8 was made just before midnight, the version just behind it. */
    add_until(4, "shorter.example", 0);
    uint64_t to_midnight_s = 86400 - (uint64_t)now_s() % 86400;
    fake_timer_advance(w->net->timer, (to_midnight_s - 1) * 1000);
    publish_section();
    fake_timer_advance(w->net->timer, 2000);
    build_section();
    look();
    assert_int_equal(seen.total, 0);
    assert_int_equal(seen.told, 4);
    /* Two hours later that is no excuse. */
    fake_timer_advance(w->net->timer, 7200 * 1000);
    build_section();
    look();
    assert_int_equal(seen.total, 0); /* the same section on the same day is not looked at again */
    fake_timer_advance(w->net->timer, DAY_MS);
    build_section();
    look();
    assert_int_equal(seen.counts[FINDING_VERSION_IDENTITIES], 1);
}

/* Its own disk is believed as far as the distributor's signature goes. */
static void what_it_keeps_is_damaged(void **state)
{
    (void)state;
    struct bytes damaged = bytes_of_text("nothing\n");
    stop();
    assert_true(memory_disk_damage(own, 0, "identity-log/program", &damaged));
    fake_timer_advance(w->net->timer, DAY_MS);
    build();
    start();
    look();
    assert_int_equal(asked(), 2);
    assert_int_equal(seen.total, 0);
    assert_int_equal(seen.told, 2);
    stop();
    assert_true(memory_disk_damage(own, 0, "identities/program", &damaged));
    assert_int_equal(new_watcher(), STATUS_REFUSED);
}

/* The power goes between the two states that it keeps: versions come again, and are not taken for a log that has shrunk. */
static void one_state_is_ahead(void **state)
{
    (void)state;
    struct object_store store = memory_disk_store(own, 0);
    struct builder before;
    builder_init(&before, TRUST_ENVELOPE_SIZE_MAX);
    OK(store.get(store.context, "trust/program", &before, &err));
    add(3, "three.example");
    build();
    add(4, "four.example");
    build();
    look();
    assert_int_equal(seen.told, 4);
    stop();
    OK(store.put(store.context, "trust/program", builder_view(&before), &err));
    start();
    look();
    assert_int_equal(seen.status.version, 3);
    assert_int_equal(seen.told, 4);
    assert_int_equal(seen.total, 0);
    builder_clear(&before);
}

/* A registry whose curator has not taken anything yet. */
static void an_empty_log(void **state)
{
    (void)state;
    stop();
    memory_disk_free(own);
    own = memory_disk_new();
    forget();
    build();
    start();
    look();
    assert_int_equal(asked(), 1);
    add(1, "one.example");
    build();
    look();
    assert_int_equal(asked(), 2);
    assert_int_equal(seen.told, 3);
    assert_int_equal(seen.total, 0);
}

/* Before the answer, and never after it. */
static void it_is_stopped_while_it_asks(void **state)
{
    (void)state;
    is_held = true;
    add(3, "three.example");
    build();
    fake_timer_advance(w->net->timer, 60000);
    assert_non_null(held);
    bundle_watcher_stop(watcher, NULL, NULL);
    fake_fetch_answer(fetch, held, 200, "", builder_view(&text));
    (void)fake_timer_run(w->net->timer);
    bundle_watcher_free(watcher);
    watcher = NULL;
    assert_int_equal(seen.told, 2);
    is_held = false;
    start();
    look();
    assert_int_equal(seen.told, 3);
    assert_int_equal(seen.total, 0);
}

/* ---- lies ---- */

static void a_rewritten_history(void **state)
{
    (void)state;
    forget();
    add(1, "one.example");
    add(2, "evil.example");
    add(3, "three.example");
    build();
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_REWRITTEN], 1);
    assert_int_equal(seen.total, 1);
    assert_int_equal(seen.told, 2); /* it stays with the log that it has */
    look();
    assert_int_equal(seen.total, 1);
    /* The same over a restart, with a version more. */
    stop();
    start();
    add(4, "four.example");
    build();
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_REWRITTEN], 2);
    assert_int_equal(seen.told, 2);
}

static void another_root_or_fewer_entries(void **state)
{
    (void)state;
    forget();
    add(1, "one.example");
    build();
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_REWRITTEN], 1);
    add(2, "evil.example");
    build();
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_REWRITTEN], 2);
    builder_reset(&section);
    build_section(); /* no section at all */
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_REWRITTEN], 3);
    assert_int_equal(seen.total, 3);
    assert_int_equal(asked(), 1); /* roots are enough */
}

/* The text is another one than what was signed. */
static void a_rewritten_line(void **state)
{
    (void)state;
    add(3, "three.example");
    builder_bytes(&other_text, builder_view(&text));
    other_text.data[300] = other_text.data[300] == 'A' ? 'B' : 'A';
    is_other_shown = true;
    build();
    look();
    assert_int_equal(seen.counts[FINDING_VERSION_IDENTITIES], 1);
    assert_int_equal(seen.total, 1);
    assert_int_equal(seen.told, 2);
    /* With the right one it goes on from where it was. */
    is_other_shown = false;
    add(4, "four.example");
    build();
    look();
    assert_int_equal(seen.total, 1);
    assert_int_equal(seen.told, 4);
}

static void build_with(void (*change)(struct website_identity_section *s, struct bytes entry))
{
    struct website_identity_section s;
    struct builder entry, copy;
    builder_init(&entry, 8192);
    builder_init(&copy, TRUST_BUNDLE_SIZE_MAX);
    publish_section();
    builder_bytes(&copy, builder_view(&section));
    website_identity_section_init(&s);
    OK(website_identity_section_parse(builder_view(&copy), &s, &err));
    make_record(77, "evil.example", 300, &entry);
    change(&s, builder_view(&entry));
    builder_reset(&section);
    OK(website_identity_section_write(&s, &section, &err));
    build_section();
    website_identity_section_clear(&s);
    builder_clear(&entry);
    builder_clear(&copy);
}

static void other_record(struct website_identity_section *s, struct bytes entry)
{
    struct website_identity_logged *l = array_at(&s->records, 0);
    OK(website_identity_parse_entry(entry, &l->entry, &err));
}

static void left_out(struct website_identity_section *s, struct bytes entry)
{
    (void)entry;
    s->records.count--;
}

static void other_lists(struct website_identity_section *s, struct bytes entry)
{
    (void)entry;
    s->lists_root[0] ^= 1;
}

static void other_root(struct website_identity_section *s, struct bytes entry)
{
    (void)entry;
    s->log_root[31] ^= 1;
}

static void longer_log(struct website_identity_section *s, struct bytes entry)
{
    (void)entry;
    s->log_root[31] ^= 1;
    s->log_size = WEBSITE_IDENTITY_LOG_MAX;
    s->records.count = 0;
}

/* With an entry more, so that the root alone says nothing. */
static void the_section_has_something_else(void **state)
{
    (void)state;
    void (*const changes[])(struct website_identity_section *s, struct bytes entry) = {other_record, left_out, other_lists, other_root};
    unsigned count = 0;
    for (size_t i = 0; i < LENGTH(changes); i++) {
        add(3 + i, "more.example");
        build_with(changes[i]);
        look();
        assert_int_equal(seen.counts[FINDING_VERSION_IDENTITIES], ++count);
        assert_int_equal(seen.told, 2);
    }
    /* The same without a new entry: nothing hides behind a root that has not changed. */
    build();
    look();
    assert_int_equal(seen.told, 6);
    for (size_t i = 0; i < 3; i++) {
        build_with(changes[i]);
        look();
        assert_int_equal(seen.counts[FINDING_VERSION_IDENTITIES], ++count);
    }
    assert_int_equal(seen.total, count);
    builder_reset(&section);
    builder_text(&section, "no section");
    build_section();
    look();
    assert_int_equal(seen.counts[FINDING_VERSION_IDENTITIES], ++count);
}

/* ---- what cannot be had ---- */

static void it_is_cut_short(void **state)
{
    (void)state;
    builder_bytes(&other_text, builder_view(&text));
    is_other_shown = true;
    add(3, "three.example");
    build();
    look();
    assert_int_equal(seen.total, 0); /* a cache may be behind */
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_MISSING], 1);
    assert_non_null(strstr(seen.text, "2 of 3"));
    assert_int_equal(asked(), 3);
    is_other_shown = false;
    look();
    assert_int_equal(seen.told, 3);
    look();
    assert_int_equal(asked(), 4);
    assert_int_equal(seen.total, 1);
}

static void it_is_not_there(void **state)
{
    (void)state;
    is_gone = true;
    add(3, "three.example");
    build();
    look();
    build(); /* another version does not hide it */
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_MISSING], 1);
    stop();
    start(); /* it waits for the next version then */
    is_gone = false;
    build();
    look();
    assert_int_equal(seen.told, 3);
    assert_int_equal(seen.total, 1);
    /* A server that fails is the same in the end. */
    fake_fetch_fail(fetch, URL IDENTITY_LOG_PUBLISHED, NULL, FETCH_CONNECT);
    add(4, "four.example");
    build();
    look();
    assert_int_equal(seen.total, 1);
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_MISSING], 2);
    assert_int_equal(seen.status.version, 5);
}

static void it_is_too_large(void **state)
{
    (void)state;
    assert_non_null(builder_space(&other_text, BUNDLE_WATCHER_IDENTITIES_MAX + 1));
    is_other_shown = true;
    add(3, "three.example");
    build();
    look();
    assert_int_equal(seen.counts[FINDING_IDENTITIES_MISSING], 1);
    look();
    assert_int_equal(asked(), 2); /* once for each version */
    build_with(longer_log);
    look();
    assert_int_equal(asked(), 3);
    assert_int_equal(seen.counts[FINDING_IDENTITIES_MISSING], 2);
    assert_int_equal(seen.total, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(it_is_fetched_when_it_has_grown),
        TEST(versions_that_were_missed),
        TEST(a_day_passes),
        TEST(what_it_keeps_is_damaged),
        TEST(one_state_is_ahead),
        TEST(it_is_stopped_while_it_asks),
        TEST(an_empty_log),
        TEST(a_rewritten_history),
        TEST(another_root_or_fewer_entries),
        TEST(a_rewritten_line),
        TEST(the_section_has_something_else),
        TEST(it_is_cut_short),
        TEST(it_is_not_there),
        TEST(it_is_too_large),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mirror_world_end_keys();
    return failed;
}
