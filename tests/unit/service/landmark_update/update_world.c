#include "unit/service/landmark_update/update_world.h"

#include <stdio.h>

#include "codec/mtc/cosigned_message.h"
#include "codec/note/checkpoint.h"
#include "codec/note/note_key.h"
#include "codec/note/timestamped_signature.h"
#include "merkle/tile.h"

static struct error err;

/* ---- signing ---- */

static void sign_note(const char *id, const struct private_key *key, struct bytes origin, uint64_t size, const uint8_t root[HASH_SIZE],
                      struct builder *out)
{
    struct builder message, signature, payload;
    struct tai tai;
    char name[TAI_NAME_SIZE];
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    OK(tai_parse_text(bytes_of_text(id), &tai, &err));
    tai_name(&tai, name);
    builder_init(&message, NOTE_SIZE_MAX);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&payload, NOTE_SIZE_MAX);
    struct cosigned_message m = {.cosigner_name = bytes_of_text(name), .log_origin = origin, .timestamp = 1700000000,
                                 .subtree = {0, size}};
    memcpy(m.hash, root, HASH_SIZE);
    OK(cosigned_message_write(&m, &message, &err));
    OK(private_key_sign(key, builder_view(&message), &signature, &err));
    struct timestamped_signature t = {.timestamp_s = m.timestamp, .signature = builder_view(&signature)};
    OK(timestamped_signature_write(&t, &payload, &err));
    OK(note_key_id(bytes_of_text(name), private_key_public(key), key_id, &err));
    OK(note_write_signature(bytes_of_text(name), key_id, builder_view(&payload), out, &err));
    builder_clear(&payload);
    builder_clear(&signature);
    builder_clear(&message);
}

void update_world_note(struct update_world *w, unsigned fork, uint64_t size, bool is_cosigned, const char *origin,
                       struct builder *out)
{
    struct checkpoint checkpoint = {.origin = bytes_of_text(origin), .size = size};
    struct builder text;
    builder_init(&text, NOTE_SIZE_MAX);
    mirror_world_root(w->log, fork, size, checkpoint.root);
    OK(checkpoint_write(&checkpoint, &text, &err));
    OK(note_write_text(builder_view(&text), out, &err));
    sign_note(UPDATE_ID, w->ca_key, checkpoint.origin, size, checkpoint.root, out);
    if (is_cosigned)
        sign_note(UPDATE_MIRROR_ID, w->mirror_key, checkpoint.origin, size, checkpoint.root, out);
    builder_clear(&text);
}

struct bytes update_world_revocations(const struct private_key *key, const char *origin, const char *text)
{
    struct builder all, message, signature, note;
    struct bytes name = bytes_of_text("oid/1.3.6.1.4.1." UPDATE_ID);
    uint8_t key_id[NOTE_KEY_ID_SIZE];
    builder_init(&all, REVOCATIONS_SIZE_MAX);
    builder_init(&message, REVOCATIONS_SIZE_MAX);
    builder_init(&signature, SIGNATURE_SIZE_MAX);
    builder_init(&note, NOTE_SIZE_MAX);
    builder_printf(&all, "%s\n%s", origin, text);
    revocations_write_message(builder_view(&all), &message);
    OK(private_key_sign(key, builder_view(&message), &signature, &err));
    OK(revocations_key_id(name, private_key_public(key), key_id, &err));
    OK(note_write_text(builder_view(&all), &note, &err));
    OK(note_write_signature(name, key_id, builder_view(&signature), &note, &err));
    struct bytes file = heap_copy(builder_view(&note));
    builder_clear(&note);
    builder_clear(&signature);
    builder_clear(&message);
    builder_clear(&all);
    return file;
}

/* ---- serving ---- */

static void answer_tile(struct update_world *w, const struct update_site *site, const char *path, void *token)
{
    static uint8_t body[TILE_SIZE_MAX + 1];
    struct tile tile;
    if (tile_parse_path(bytes_of_text(path), &tile, NULL) != STATUS_OK || tile.is_entries || site->has_no_tiles ||
        (site->has_full_tiles_alone && tile.width < TILE_WIDTH)) {
        fake_fetch_answer(w->fetch, token, 404, "", bytes_of(NULL, 0));
        return;
    }
    unsigned level = tile.level * TILE_HEIGHT;
    /* A full tile in place of a partial one has what grew since: nobody looks at it. */
    for (uint64_t i = 0; i < tile.width; i++) {
        uint64_t index = tile.index * TILE_WIDTH + i;
        bool is_there = index < WORLD_ENTRIES >> level;
        memset(body + i * HASH_SIZE, 0, HASH_SIZE);
        if (is_there)
            memcpy(body + i * HASH_SIZE, w->log->nodes[site->fork][level][index], HASH_SIZE);
    }
    size_t len = (size_t)tile.width * HASH_SIZE;
    if (site->spoiled_bit > 0)
        body[site->spoiled_bit / 8 % len] ^= (uint8_t)(1U << site->spoiled_bit % 8);
    if (site->tile_len > 0)
        len = site->tile_len;
    fake_fetch_answer(w->fetch, token, 200, "", bytes_of(body, len));
}

static void answer_body(struct update_world *w, void *token, struct bytes body)
{
    fake_fetch_answer(w->fetch, token, body.len > 0 ? 200 : 404, "", body);
}

static void answer_checkpoint(struct update_world *w, const struct update_site *site, void *token)
{
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX + 1);
    if (site->note != NULL)
        builder_text(&note, site->note);
    else if (site->size > 0)
        update_world_note(w, site->fork, site->size, site->is_cosigned, UPDATE_ORIGIN, &note);
    answer_body(w, token, builder_view(&note));
    builder_clear(&note);
}

static void answer(struct update_world *w, const char *url, void *token)
{
    const struct update_site *site = NULL;
    for (size_t i = 0; site == NULL && i < w->site_count; i++)
        if (strncmp(url, w->sites[i].prefix, strlen(w->sites[i].prefix)) == 0)
            site = &w->sites[i];
    const char *path = site != NULL ? url + strlen(site->prefix) : "";
    if (site == NULL)
        fake_fetch_answer(w->fetch, token, 404, "", bytes_of(NULL, 0));
    else if (site->status != 0)
        fake_fetch_answer(w->fetch, token, site->status > 0 ? site->status : 0, "", bytes_of(NULL, 0));
    else if (strcmp(path, "landmarks") == 0)
        answer_body(w, token, bytes_of_text(site->list != NULL ? site->list : ""));
    else if (strcmp(path, "checkpoint") == 0)
        answer_checkpoint(w, site, token);
    else if (strcmp(path, "revocations") == 0)
        answer_body(w, token, site->revocations);
    else
        answer_tile(w, site, path, token);
}

static void serve(void *context, const struct fetch_request *request, void *token)
{
    struct update_world *w = context;
    if (!w->is_holding || strstr(request->url, "/tile/") == NULL) {
        answer(w, request->url, token);
        return;
    }
    assert_true(w->held_count < UPDATE_HELD_MAX);
    (void)snprintf(w->held_urls[w->held_count], sizeof w->held_urls[0], "%s", request->url);
    w->held[w->held_count++] = token;
}

void update_world_let_go(struct update_world *w)
{
    size_t count = w->held_count;
    w->held_count = 0;
    while (count-- > 0)
        answer(w, w->held_urls[count], w->held[count]);
}

/* ---- asking ---- */

static void copy_items(const struct array *from, struct array *to)
{
    for (size_t i = 0; i < from->count; i++)
        OK(array_insert(to, i, array_at(from, i), "items", &err));
}

static void copy_bundle(const struct trust_bundle *from, struct trust_bundle *to)
{
    trust_bundle_clear(to);
    trust_bundle_init(to);
    to->version = from->version;
    to->issued_s = from->issued_s;
    copy_items(&from->logs, &to->logs);
    copy_items(&from->landmarks, &to->landmarks);
    copy_items(&from->revoked, &to->revoked);
}

static void copy_bytes(struct bytes from, struct builder *to)
{
    builder_reset(to);
    builder_bytes(to, from);
    assert_true(builder_is_good(to));
}

static void on_updated(void *cookie, const struct landmark_update_result *result)
{
    struct update_world *w = cookie;
    w->done_count++;
    w->status = result->status;
    w->error = *result->error;
    w->is_changed = result->is_changed;
    w->new_landmarks = result->new_landmarks;
    w->tile_count = result->tile_count;
    (void)snprintf(w->url, sizeof w->url, "%s", result->url);
    copy_bytes(result->evidence, &w->evidence);
    if (result->status != STATUS_OK)
        return;
    copy_bundle(result->bundle, &w->bundle);
    copy_bytes(result->note, &w->note);
}

static void on_revoked(void *cookie, const struct revocation_update_result *result)
{
    struct update_world *w = cookie;
    w->done_count++;
    w->status = result->status;
    w->error = *result->error;
    w->is_changed = result->is_changed;
    w->is_overdue = result->is_overdue;
    w->sequence = result->sequence;
    copy_bytes(result->file, &w->file);
}

void update_world_begin(struct update_world *w)
{
    w->done_count = 0;
    w->error = (struct error){.status = STATUS_OK};
    OK(landmark_update_start(&w->ports, &w->asked, on_updated, w, &err));
    assert_int_equal(w->done_count, 0);
}

enum status update_world_run(struct update_world *w)
{
    update_world_begin(w);
    (void)fake_timer_run(w->timer);
    assert_int_equal(w->done_count, 1);
    return w->status;
}

enum status update_world_run_revocations(struct update_world *w)
{
    w->done_count = 0;
    w->error = (struct error){.status = STATUS_OK};
    OK(revocation_update_start(&w->ports, &w->asked, on_revoked, w, &err));
    (void)fake_timer_run(w->timer);
    assert_int_equal(w->done_count, 1);
    return w->status;
}

void update_world_hold(struct update_world *w)
{
    copy_bundle(&w->bundle, &w->held_bundle);
    copy_bytes(builder_view(&w->note), &w->held_note);
    copy_bytes(builder_view(&w->file), &w->held_file);
    w->asked.held = &w->held_bundle;
    w->asked.held_note = builder_view(&w->held_note);
    w->asked.held_revocations = builder_view(&w->held_file);
}

size_t update_world_asked(const struct update_world *w, const char *part)
{
    size_t count = 0;
    for (const char *at = fake_fetch_log(w->fetch); (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* ---- the world ---- */

struct update_site *update_world_site(struct update_world *w, const char *prefix)
{
    assert_true(w->site_count < LENGTH(w->sites));
    w->sites[w->site_count] = (struct update_site){.prefix = prefix};
    return &w->sites[w->site_count++];
}

void update_world_url(struct update_world *w, const char *url)
{
    assert_true(w->asked.url_count < LENGTH(w->urls));
    w->urls[w->asked.url_count++] = bytes_of_text(url);
}

static struct private_key *make_key(void)
{
    struct private_key *key;
    OK(private_key_generate(algorithms_by_name(mirror_world_algorithms(), bytes_of_text("ecdsa_p256_sha256")), &key, &err));
    return key;
}

void update_world_require_mirror(struct update_world *w)
{
    struct tai id;
    OK(tai_parse_text(bytes_of_text(UPDATE_MIRROR_ID), &id, &err));
    OK(trust_store_add_cosigner(w->store, &id, bytes_of_text("ecdsa_p256_sha256"),
                                public_key_spki(private_key_public(w->mirror_key)), &err));
    OK(trust_store_require_for(w->store, &w->ca.id, 1, &id, NULL, 1, &err));
}

struct update_world *update_world_new(void)
{
    struct update_world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->log = mirror_world_new(&hash_sm3, WORLD_FAST, false, UPDATE_FORK_POINT);
    w->timer = fake_timer_new(UPDATE_NOW_S * 1000);
    w->fetch = fake_fetch_new(w->timer);
    w->ports = (struct landmark_update_ports){fake_fetch_port(w->fetch), fake_timer_clock(w->timer)};
    w->ca_key = make_key();
    w->mirror_key = make_key();
    w->ca.draft = &draft_gm;
    OK(tai_parse_text(bytes_of_text(UPDATE_ID), &w->ca.id, &err));
    OK(public_key_new(algorithms_by_name(mirror_world_algorithms(), bytes_of_text("ecdsa_p256_sha256")),
                      public_key_spki(private_key_public(w->ca_key)), &w->ca.key, &err));
    OK(trust_store_new(mirror_world_algorithms(), &w->store, &err));
    trust_bundle_init(&w->bundle);
    trust_bundle_init(&w->held_bundle);
    struct builder *const all[] = {&w->note, &w->evidence, &w->file, &w->held_note, &w->held_file};
    for (size_t i = 0; i < LENGTH(all); i++)
        builder_init(all[i], NOTE_SIZE_MAX);
    w->asked = (struct landmark_update_log){.ca = &w->ca, .store = w->store, .log_number = 1, .urls = w->urls};
    update_world_url(w, "http://ca.example");
    fake_fetch_serve(w->fetch, serve, w);
    return w;
}

void update_world_free(struct update_world *w)
{
    fake_fetch_free(w->fetch);
    fake_timer_free(w->timer);
    trust_bundle_clear(&w->bundle);
    trust_bundle_clear(&w->held_bundle);
    struct builder *const all[] = {&w->note, &w->evidence, &w->file, &w->held_note, &w->held_file};
    for (size_t i = 0; i < LENGTH(all); i++)
        builder_clear(all[i]);
    trust_store_free(w->store);
    public_key_free(w->ca.key);
    private_key_free(w->ca_key);
    private_key_free(w->mirror_key);
    mirror_world_free(w->log);
    free(w);
}
