#include "codec/trust_bundle/trust_ct_logs.h"

#include <stdio.h>
#include <string.h>

/* States have the same numbers in both. */
_Static_assert((int)TRUST_BUNDLE_CT_PENDING == (int)LOG_LIST_PENDING, "state");
_Static_assert((int)TRUST_BUNDLE_CT_QUALIFIED == (int)LOG_LIST_QUALIFIED, "state");
_Static_assert((int)TRUST_BUNDLE_CT_USABLE == (int)LOG_LIST_USABLE, "state");
_Static_assert((int)TRUST_BUNDLE_CT_READONLY == (int)LOG_LIST_READONLY, "state");
_Static_assert((int)TRUST_BUNDLE_CT_RETIRED == (int)LOG_LIST_RETIRED, "state");
_Static_assert((int)TRUST_BUNDLE_CT_REJECTED == (int)LOG_LIST_REJECTED, "state");
_Static_assert(TRUST_BUNDLE_TEXT_MAX == LOG_LIST_TEXT_MAX, "texts");
_Static_assert(TRUST_BUNDLE_PREVIOUS_PER_CT_LOG_MAX == LOG_LIST_PREVIOUS_MAX, "previous operators");
_Static_assert(TRUST_BUNDLE_CT_LOGS_MAX <= LOG_LIST_LOGS_MAX, "logs");

static void copy_text(struct bytes from, char to[LOG_LIST_TEXT_MAX + 1])
{
    size_t len = from.len < LOG_LIST_TEXT_MAX ? from.len : LOG_LIST_TEXT_MAX;
    if (len > 0)
        memcpy(to, from.data, len);
    to[len] = '\0';
}

/* Without slashes at the end, as rows of a list have it. */
static void copy_url(struct bytes from, char to[LOG_LIST_TEXT_MAX + 1])
{
    while (from.len > 0 && from.data[from.len - 1] == '/')
        from.len--;
    copy_text(from, to);
}

static enum status operator_index(struct log_list *list, struct bytes name, size_t *index, struct error *err)
{
    struct log_list_operator operator_ = {.email_count = 0};
    for (*index = 0; *index < list->operators.count; ++*index)
        if (bytes_equal(bytes_of_text(((const struct log_list_operator *)array_at(&list->operators, *index))->name), name))
            return STATUS_OK;
    copy_text(name, operator_.name);
    return array_insert(&list->operators, *index, &operator_, "operators of CT logs", err);
}

static void copy_row(const struct trust_bundle *b, const struct trust_bundle_ct_log *from, struct log_list_log *row)
{
    row->is_tiled = from->kind == TRUST_BUNDLE_CT_STATIC;
    row->is_test = from->is_test;
    copy_text(from->description, row->description);
    copy_url(from->submission_url, row->submission_url);
    copy_url(from->monitoring_url, row->monitoring_url);
    row->mmd_s = from->mmd_s;
    row->state = (enum log_list_state)from->state;
    row->state_since_s = from->since_s;
    row->has_final_tree_head = from->has_final_head;
    row->final_size = from->final_size;
    memcpy(row->final_root, from->final_root, HASH_SIZE);
    row->has_interval = from->covers_until_s != 0;
    row->interval_start_s = from->covers_from_s;
    row->interval_end_s = from->covers_until_s;
    row->previous_count = from->previous_count;
    for (size_t i = 0; i < from->previous_count; i++) {
        const struct trust_bundle_previous *p = trust_bundle_previous_at(b, from, i);
        copy_text(p->operator_name, row->previous[i].name);
        row->previous[i].end_s = p->end_s;
    }
}

enum status trust_ct_logs_list(const struct trust_bundle *bundle, struct log_list *out, struct error *err)
{
    (void)snprintf(out->version, sizeof out->version, "%llu", (unsigned long long)bundle->version);
    out->timestamp_s = bundle->issued_s;
    for (size_t i = 0; i < bundle->ct_logs.count; i++) {
        const struct trust_bundle_ct_log *from = trust_bundle_ct_log_at(bundle, i);
        struct log_list_log row = {.suite = from->suite == TRUST_BUNDLE_GM ? &ct_suite_gm : &ct_suite_intl};
        enum status s = log_list_set_key(&row, from->spki, err);
        if (s == STATUS_OK)
            s = operator_index(out, from->operator_name, &row.operator_index, err);
        if (s != STATUS_OK)
            return error_prefix(err, s == STATUS_NO_MEMORY ? s : STATUS_MALFORMED, "CT log %zu", i + 1);
        copy_row(bundle, from, &row);
        s = array_insert(&out->logs, i, &row, "CT logs", err);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

enum status trust_ct_logs_of(const struct log_list *list, const struct log_list_log *log, struct trust_bundle *bundle,
                             struct trust_bundle_ct_log *out, struct error *err)
{
    enum status s = STATUS_OK;
    if (log->state == LOG_LIST_UNKNOWN)
        return error_set(err, STATUS_USAGE, "CT log %s: the list does not say its state", log->description);
    *out = (struct trust_bundle_ct_log){
        .suite = log->suite == &ct_suite_gm ? TRUST_BUNDLE_GM : TRUST_BUNDLE_INTL,
        .kind = log->is_tiled ? TRUST_BUNDLE_CT_STATIC : TRUST_BUNDLE_CT_RFC6962,
        .is_test = log->is_test,
        .spki = log_list_key(log),
        .operator_name = bytes_of_text(log_list_operator(list, log)),
        .description = bytes_of_text(log->description),
        .submission_url = bytes_of_text(log->submission_url),
        .monitoring_url = bytes_of_text(log->monitoring_url),
        .mmd_s = (uint32_t)log->mmd_s,
        .state = (enum trust_bundle_ct_state)log->state,
        .since_s = log->state_since_s,
        .has_final_head = log->has_final_tree_head,
        .final_size = log->final_size,
        .covers_from_s = log->has_interval ? log->interval_start_s : 0,
        .covers_until_s = log->has_interval ? log->interval_end_s : 0,
        .previous_first = bundle->previous.count,
        .previous_count = log->previous_count,
    };
    memcpy(out->final_root, log->final_root, HASH_SIZE);
    for (size_t i = 0; s == STATUS_OK && i < log->previous_count; i++) {
        struct trust_bundle_previous p = {bytes_of_text(log->previous[i].name), log->previous[i].end_s};
        s = array_insert(&bundle->previous, bundle->previous.count, &p, "previous operators", err);
    }
    return s;
}
