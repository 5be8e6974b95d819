/* The state of one certificate as JSON: what a person reads first, and what says which files count. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "base/text.h"
#include "service/site_certificates/site_internal.h"

#define VERSION 1
/* More than 10^15 renewals do not happen; JSON numbers stay exact. */
#define NUMBER_MAX ((json_int_t)1 << 50)

/* ---- writing ---- */

static void set_time(json_t *object, const char *name, int64_t at_s)
{
    char text[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(at_s, text);
    if (at_s != 0)
        (void)json_object_set_new(object, name, json_string(text));
}

static void set_hash(json_t *object, const char *name, const struct site_leaf *leaf)
{
    uint8_t hash[32];
    char text[2 * sizeof hash + 1];
    if (!site_state_hash(leaf, hash))
        return;
    text_hex(BYTES_OF(hash), text);
    (void)json_object_set_new(object, name, json_string(text));
}

static json_t *write_generation(const struct site_generation *g)
{
    static const char *const landmarks[] = {"none", "waiting", "here"};
    json_t *o = json_pack("{s:I, s:s, s:s, s:s, s:s}", "generation", (json_int_t)g->number, "issuer", g->issuer, "key-type",
                          g->key_type, "serial", g->leaf.serial, "landmark", landmarks[g->landmark]);
    set_time(o, "not-before", g->leaf.not_before_s);
    set_time(o, "not-after", g->leaf.not_after_s);
    set_time(o, "obtained", g->obtained_s);
    set_hash(o, "sha256", &g->leaf);
    if (g->is_revoked)
        (void)json_object_set_new(o, "revoked", json_true());
    if (g->landmark == SITE_LANDMARK_HERE)
        set_hash(o, "landmark-sha256", &g->relative);
    if (g->landmark != SITE_LANDMARK_NONE)
        (void)json_object_set_new(o, "landmark-url", json_string(g->alternate_url));
    if (g->more_url[0] != '\0')
        (void)json_object_set_new(o, "more-url", json_string(g->more_url));
    return o;
}

static json_t *write_order(const struct site_order *order)
{
    json_t *names = json_array();
    for (size_t i = 0; i < order->name_count; i++)
        (void)json_array_append_new(names, json_string(order->names[i]));
    json_t *o = json_pack("{s:I, s:s, s:s, s:s, s:o}", "generation", (json_int_t)order->number, "issuer", order->issuer, "key-type",
                          order->key_type, "url", order->url, "names", names);
    set_time(o, "begun", order->begun_s);
    return o;
}

static json_t *write_holds(const struct site_certificate *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->hold_count; i++) {
        json_t *o = json_pack("{s:s, s:i}", "issuer", c->holds[i].issuer, "failures", (int)c->holds[i].failures);
        set_time(o, "until", c->holds[i].until_s);
        (void)json_array_append_new(list, o);
    }
    return list;
}

static json_t *write_all(const struct site_certificate *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->generation_count; i++)
        (void)json_array_append_new(list, write_generation(&c->generations[i]));
    json_t *o = json_pack("{s:i, s:I, s:s, s:I, s:o, s:i, s:b, s:o}", "version", VERSION, "sequence", (json_int_t)c->sequence, "kind",
                          site_kind_name(c->kind), "last-generation", (json_int_t)c->last_number, "certificates", list, "failures",
                          (int)c->failures, "renew-now", (int)c->is_due, "holds", write_holds(c));
    set_time(o, "renew", c->renew_s);
    set_time(o, "window-start", c->window_start_s);
    set_time(o, "window-end", c->window_end_s);
    set_time(o, "last-error-at", c->last_error_s);
    if (c->last_error[0] != '\0' && text_is_printable_utf8(bytes_of_text(c->last_error)))
        (void)json_object_set_new(o, "last-error", json_string(c->last_error));
    if (c->order.number != 0)
        (void)json_object_set_new(o, "order", write_order(&c->order));
    return o;
}

enum status site_state_write(const struct site_certificate *c, struct builder *out, struct error *err)
{
    json_t *o = write_all(c);
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    builder_text(out, text != NULL ? text : "");
    builder_text(out, "\n");
    free(text);
    json_decref(o);
    return text != NULL ? builder_status(out, "state", err) : error_set(err, STATUS_NO_MEMORY, "the state of %s cannot be written", c->directory);
}

/* ---- reading ---- */

static bool get_text(const json_t *o, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(o, name));
    size_t len = text != NULL ? strlen(text) : 0;
    if (text == NULL || len >= size)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool get_number(const json_t *o, const char *name, uint64_t *out)
{
    const json_t *value = json_object_get(o, name);
    json_int_t number = json_integer_value(value);
    *out = (uint64_t)number;
    return json_is_integer(value) && number >= 0 && number <= NUMBER_MAX;
}

/* 0 when it is not there. */
static bool get_time(const json_t *o, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(o, name);
    *out = 0;
    return value == NULL || (json_is_string(value) && civil_time_parse(bytes_of_text(json_string_value(value)), out));
}

static bool get_hash(const json_t *o, const char *name, uint8_t out[32])
{
    const char *text = json_string_value(json_object_get(o, name));
    return text != NULL && text_parse_hex(bytes_of_text(text), out, 32);
}

static bool read_generation(const json_t *o, struct site_generation *g, struct site_hashes *hashes)
{
    const char *landmark = json_string_value(json_object_get(o, "landmark"));
    bool is_good = get_number(o, "generation", &g->number) && g->number > 0 && get_text(o, "issuer", g->issuer, sizeof g->issuer) &&
                   get_text(o, "key-type", g->key_type, sizeof g->key_type) && get_time(o, "obtained", &g->obtained_s) &&
                   get_hash(o, "sha256", hashes->standalone) && landmark != NULL;
    if (!is_good)
        return false;
    g->is_revoked = json_is_true(json_object_get(o, "revoked"));
    g->landmark = strcmp(landmark, "here") == 0      ? SITE_LANDMARK_HERE
                  : strcmp(landmark, "waiting") == 0 ? SITE_LANDMARK_WAITING
                                                     : SITE_LANDMARK_NONE;
    if (g->landmark != SITE_LANDMARK_NONE && !get_text(o, "landmark-url", g->alternate_url, sizeof g->alternate_url))
        return false;
    if (json_object_get(o, "more-url") != NULL && !get_text(o, "more-url", g->more_url, sizeof g->more_url))
        return false;
    return g->landmark != SITE_LANDMARK_HERE || get_hash(o, "landmark-sha256", hashes->relative);
}

static bool read_order(const json_t *o, struct site_order *order)
{
    const json_t *names = json_object_get(o, "names");
    size_t count = json_array_size(names);
    if (o == NULL)
        return true;
    if (!get_number(o, "generation", &order->number) || order->number == 0 || !get_text(o, "issuer", order->issuer, sizeof order->issuer) ||
        !get_text(o, "key-type", order->key_type, sizeof order->key_type) || !get_text(o, "url", order->url, sizeof order->url) ||
        !get_time(o, "begun", &order->begun_s) || count == 0 || count > SITE_NAMES_MAX)
        return false;
    order->names = calloc(count, sizeof order->names[0]);
    order->name_count = order->names != NULL ? count : 0;
    for (size_t i = 0; i < order->name_count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (name == NULL || strlen(name) >= SITE_NAME_SIZE)
            return false;
        memcpy(order->names[i], name, strlen(name) + 1);
    }
    return order->name_count == count;
}

static bool read_holds(const json_t *list, struct site_certificate *c)
{
    uint64_t failures;
    c->hold_count = json_array_size(list);
    if (!json_is_array(list) || c->hold_count > SITE_ISSUERS_MAX) {
        c->hold_count = 0;
        return false;
    }
    for (size_t i = 0; i < c->hold_count; i++) {
        const json_t *o = json_array_get(list, i);
        struct site_hold *hold = &c->holds[i];
        if (!get_text(o, "issuer", hold->issuer, sizeof hold->issuer) || !get_number(o, "failures", &failures) || failures > 1000000 ||
            !get_time(o, "until", &hold->until_s))
            return false;
        hold->failures = (unsigned)failures;
    }
    return true;
}

static bool read_generations(const json_t *list, struct site_certificate *c, struct site_hashes *hashes)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > SITE_GENERATIONS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!read_generation(json_array_get(list, i), &c->generations[i], &hashes[i]) || c->generations[i].number > c->last_number ||
            (i > 0 && c->generations[i].number >= c->generations[i - 1].number))
            return false;
    }
    c->generation_count = count;
    return true;
}

static bool read_all(const json_t *o, struct site_certificate *c, struct site_hashes *hashes)
{
    uint64_t version, failures;
    const char *kind = json_string_value(json_object_get(o, "kind"));
    bool is_good = get_number(o, "version", &version) && version == VERSION && get_number(o, "sequence", &c->sequence) &&
                   get_number(o, "last-generation", &c->last_number) && get_number(o, "failures", &failures) && failures <= 1000000 &&
                   kind != NULL && strcmp(kind, site_kind_name(c->kind)) == 0 && get_time(o, "renew", &c->renew_s) &&
                   get_time(o, "window-start", &c->window_start_s) && get_time(o, "window-end", &c->window_end_s) &&
                   get_time(o, "last-error-at", &c->last_error_s) && read_holds(json_object_get(o, "holds"), c) &&
                   read_order(json_object_get(o, "order"), &c->order) && c->order.number <= c->last_number;
    if (!is_good || !read_generations(json_object_get(o, "certificates"), c, hashes))
        return false;
    c->failures = (unsigned)failures;
    c->is_due = json_is_true(json_object_get(o, "renew-now"));
    if (!get_text(o, "last-error", c->last_error, sizeof c->last_error))
        c->last_error[0] = '\0';
    return true;
}

enum status site_state_read(struct bytes text, struct site_certificate *c, struct site_hashes hashes[SITE_GENERATIONS_MAX],
                            struct error *err)
{
    json_error_t reason;
    json_t *o = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &reason);
    bool is_good = o != NULL && read_all(o, c, hashes);
    json_decref(o);
    return is_good ? STATUS_OK : error_set(err, STATUS_MALFORMED, "the state cannot be read");
}

uint64_t site_state_sequence(struct bytes text)
{
    json_t *o = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    uint64_t sequence = 0;
    if (!get_number(o, "sequence", &sequence))
        sequence = 0;
    json_decref(o);
    return sequence;
}

bool site_state_hash(const struct site_leaf *leaf, uint8_t out[32])
{
    memcpy(out, leaf->hash, sizeof leaf->hash);
    return leaf->has_hash;
}
