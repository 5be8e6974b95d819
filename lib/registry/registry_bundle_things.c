/* Roots, intermediates, CT logs and MTC CAs as a bundle has them. */
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "registry/registry_bundle_parts.h"

/* ---- roots and intermediates ---- */

static int compare_names(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Names ascend, each once. */
static enum status add_names(const struct registry_bundling *m, struct registry_run run, size_t *first, size_t *count,
                             struct error *err)
{
    struct array *names = &m->b->names;
    *first = names->count;
    for (size_t i = 0; i < run.count; i++) {
        struct bytes name = bytes_of_text(registry_word(m->r, run, i));
        enum status s = array_insert(names, names->count, &name, "names of anchors", err);
        if (s != STATUS_OK)
            return s;
    }
    struct bytes *at = run.count > 0 ? array_at(names, *first) : NULL;
    *count = 0;
    if (run.count > 1)
        qsort(at, run.count, sizeof *at, compare_names);
    for (size_t i = 0; i < run.count; i++)
        if (*count == 0 || !bytes_equal(at[*count - 1], at[i]))
            at[(*count)++] = at[i];
    names->count = *first + *count;
    return STATUS_OK;
}

static int compare_serials(const void *a, const void *b)
{
    return memcmp(((const struct trust_bundle_serials *)a)->first, ((const struct trust_bundle_serials *)b)->first,
                  TRUST_BUNDLE_SERIAL_SIZE);
}

static void pad(uint8_t *out, struct bytes serial)
{
    memset(out, 0, TRUST_BUNDLE_SERIAL_SIZE);
    if (serial.len > 0)
        memcpy(out + TRUST_BUNDLE_SERIAL_SIZE - serial.len, serial.data, serial.len);
}

/* Does b begin at, or before, the number behind last? */
static bool is_one_range(const uint8_t *last, const uint8_t *first)
{
    uint8_t next[TRUST_BUNDLE_SERIAL_SIZE];
    memcpy(next, last, sizeof next);
    size_t i = sizeof next;
    while (i > 0 && ++next[i - 1] == 0)
        i--;
    return i == 0 || memcmp(first, next, sizeof next) <= 0;
}

static enum status add_serials(const struct registry_bundling *m, const struct registry_thing *thing,
                               struct trust_bundle_limits *limits, struct error *err)
{
    struct array *serials = &m->b->serials;
    const size_t first = serials->count;
    for (size_t i = 0; i < thing->serials.count; i++) {
        const struct registry_serials *from = REGISTRY_PART(m->r, serials, serials, thing->serials, i);
        struct trust_bundle_serials range;
        pad(range.first, from->first);
        pad(range.last, from->last);
        enum status s = array_insert(serials, serials->count, &range, "serial numbers of anchors", err);
        if (s != STATUS_OK)
            return s;
    }
    struct trust_bundle_serials *at = thing->serials.count > 0 ? array_at(serials, first) : NULL;
    size_t count = 0;
    if (thing->serials.count > 1)
        qsort(at, thing->serials.count, sizeof *at, compare_serials);
    for (size_t i = 0; i < thing->serials.count; i++) {
        if (count == 0 || !is_one_range(at[count - 1].last, at[i].first))
            at[count++] = at[i];
        else if (memcmp(at[count - 1].last, at[i].last, TRUST_BUNDLE_SERIAL_SIZE) < 0)
            memcpy(at[count - 1].last, at[i].last, TRUST_BUNDLE_SERIAL_SIZE);
    }
    serials->count = first + count;
    limits->serial_first = first;
    limits->serial_count = count;
    return STATUS_OK;
}

enum status registry_bundle_anchor(const struct registry_bundling *m, const struct registry_thing *thing,
                                   const struct trust_bundle_purposes *purposes, struct error *err)
{
    struct trust_bundle_anchor anchor = {
        .kind = thing->head.kind == REGISTRY_ROOT ? TRUST_BUNDLE_ROOT : TRUST_BUNDLE_INTERMEDIATE,
        .purposes = *purposes,
        .limits = {.has_listed_intermediates_only = thing->is_only_listed,
                   .level_max = (uint8_t)thing->level_max,
                   .distrust_after_s = thing->distrust_after_s,
                   .sct_distrust_after_s = thing->sct_distrust_after_s},
        .certificate = thing->der,
    };
    struct trust_bundle_limits *limits = &anchor.limits;
    enum status s = add_names(m, thing->permitted, &limits->permitted_first, &limits->permitted_count, err);
    if (s == STATUS_OK)
        s = add_names(m, thing->excluded, &limits->excluded_first, &limits->excluded_count, err);
    if (s == STATUS_OK)
        s = add_serials(m, thing, limits, err);
    return s == STATUS_OK ? array_insert(&m->b->anchors, m->b->anchors.count, &anchor, "roots and intermediates", err) : s;
}

/* ---- CT logs ---- */

static enum status add_previous(const struct registry_bundling *m, const struct registry_thing *thing,
                                struct trust_bundle_ct_log *log, struct error *err)
{
    log->previous_first = m->b->previous.count;
    for (size_t i = 0; i < thing->previous.count; i++) {
        const struct registry_previous *from = REGISTRY_PART(m->r, previous, previous, thing->previous, i);
        const struct trust_bundle_previous previous = {
            bytes_of_text(registry_find_operator(m->r, from->operator_id)->name_en), from->until_s};
        enum status s = array_insert(&m->b->previous, m->b->previous.count, &previous, "operators of CT logs", err);
        if (s != STATUS_OK)
            return s;
        log->previous_count++;
    }
    return STATUS_OK;
}

enum status registry_bundle_ct_log(const struct registry_bundling *m, const struct registry_thing *thing, struct error *err)
{
    const struct registry_state *state = registry_state_at(m->r, thing, REGISTRY_ITSELF, m->at_s);
    struct trust_bundle_ct_log log = {
        .suite = thing->suite == &ct_suite_gm ? TRUST_BUNDLE_GM : TRUST_BUNDLE_INTL,
        .kind = thing->is_tiled ? TRUST_BUNDLE_CT_STATIC : TRUST_BUNDLE_CT_RFC6962,
        .is_test = thing->is_test,
        .spki = thing->der,
        .operator_name = bytes_of_text(registry_operator_name(m->r, thing)),
        .description = bytes_of_text(thing->name),
        .submission_url = bytes_of_text(thing->submission_url),
        .monitoring_url = bytes_of_text(thing->is_tiled ? thing->monitoring_url : thing->submission_url),
        .mmd_s = (uint32_t)thing->mmd_s,
        .state = (enum trust_bundle_ct_state)state->log_state, /* the same numbers */
        .since_s = state->since_s,
        /* A frozen log's last head is for those who find it read-only. */
        .has_final_head = thing->has_final_tree_head && state->log_state == LOG_LIST_READONLY,
        .covers_from_s = thing->interval_start_s,
        .covers_until_s = thing->interval_end_s,
    };
    if (log.has_final_head) {
        log.final_size = thing->final_size;
        memcpy(log.final_root, thing->final_root, HASH_SIZE);
    }
    enum status s = add_previous(m, thing, &log, err);
    return s == STATUS_OK ? array_insert(&m->b->ct_logs, m->b->ct_logs.count, &log, "CT logs", err) : s;
}

/* ---- MTC CAs ---- */

static int compare_tais(const void *a, const void *b)
{
    return tai_compare(a, b);
}

/* Members that are trusted now. */
static void members_of(const struct registry_bundling *m, const struct registry_rule *rule, struct tai *ids, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < rule->members.count; i++) {
        const struct registry_thing *cosigner =
            registry_find_thing(m->r, REGISTRY_COSIGNER, registry_word(m->r, rule->members, i));
        if (registry_is_trusted(m->r, cosigner, REGISTRY_ITSELF, m->at_s))
            ids[(*count)++] = cosigner->tai;
    }
    if (*count > 1)
        qsort(ids, *count, sizeof *ids, compare_tais);
}

static bool can_meet_rules(const struct registry_bundling *m, const struct registry_thing *thing)
{
    for (size_t i = 0; i < thing->rules.count; i++) {
        const struct registry_rule *rule = REGISTRY_PART(m->r, rule, rules, thing->rules, i);
        if (registry_rule_reach(m->r, thing, rule, m->at_s, false) < rule->needed)
            return false;
    }
    return true;
}

static enum status add_rule(const struct registry_bundling *m, const struct registry_rule *from, struct error *err)
{
    struct tai ids[TRUST_BUNDLE_MEMBERS_PER_RULE_MAX];
    struct trust_bundle_rule rule = {.kind = from->kind, .needed = (uint16_t)from->needed, .member_first = m->b->members.count};
    enum status s = STATUS_OK;
    members_of(m, from, ids, &rule.member_count);
    for (size_t i = 0; s == STATUS_OK && i < rule.member_count; i++)
        s = array_insert(&m->b->members, m->b->members.count, &ids[i], "members of rules", err);
    return s == STATUS_OK ? array_insert(&m->b->rules, m->b->rules.count, &rule, "rules", err) : s;
}

static uint64_t serial_of(struct bytes serial)
{
    struct reader r;
    uint64_t value = 0;
    reader_init(&r, serial);
    return reader_u64(&r, &value) ? value : 0;
}

static enum status add_revoked(const struct registry_bundling *m, const struct registry_thing *thing, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < thing->serials.count; i++) {
        const struct registry_serials *from = REGISTRY_PART(m->r, serials, serials, thing->serials, i);
        const struct trust_bundle_revoked range = {thing->tai, serial_of(from->first), serial_of(from->last)};
        s = array_insert(&m->b->revoked, m->b->revoked.count, &range, "revoked ranges", err);
    }
    for (size_t i = 0; s == STATUS_OK && i < thing->minimums.count; i++) {
        const struct registry_minimum *from = REGISTRY_PART(m->r, minimum, minimums, thing->minimums, i);
        const struct trust_bundle_log log = {.ca_id = thing->tai, .log_number = from->log_number, .minimum_index = from->index};
        s = array_insert(&m->b->logs, m->b->logs.count, &log, "issuance logs", err);
    }
    return s;
}

enum status registry_bundle_ca(const struct registry_bundling *m, const struct registry_thing *thing,
                               const struct trust_bundle_purposes *purposes, struct error *err)
{
    /* A CA whose rules nobody can meet would be one whose certificates nobody can check. */
    if (!can_meet_rules(m, thing))
        return m->left_out != NULL ? array_insert(m->left_out, m->left_out->count, &thing, "MTC CAs", err) : STATUS_OK;
    struct trust_bundle *b = m->b;
    const struct trust_bundle_ca ca = {
        .id = thing->tai,
        .certificate = thing->der,
        .operator_name = bytes_of_text(registry_operator_name(m->r, thing)),
        .purposes = *purposes,
        .level_max = (uint8_t)thing->level_max,
        .url_first = b->urls.count,
        .url_count = thing->urls.count,
        .rule_first = b->rules.count,
        .rule_count = thing->rules.count,
    };
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < thing->urls.count; i++) {
        struct bytes url = bytes_of_text(registry_word(m->r, thing->urls, i));
        s = array_insert(&b->urls, b->urls.count, &url, "URLs", err);
    }
    for (size_t i = 0; s == STATUS_OK && i < thing->rules.count; i++)
        s = add_rule(m, REGISTRY_PART(m->r, rule, rules, thing->rules, i), err);
    if (s == STATUS_OK)
        s = add_revoked(m, thing, err);
    return s == STATUS_OK ? array_insert(&b->cas, b->cas.count, &ca, "MTC CAs", err) : s;
}
