#include <stdlib.h>
#include <string.h>

#include "adapters/sqlite/sqlite_acme_certificate.h"

/* A query with the numbers of its words; NO_WORD when it does not ask for one. */
#define NO_WORD (-1)
struct filter {
    const struct acme_certificate_query *query;
    int64_t ca, profile;
    struct bytes name;
};

static enum status word(struct sqlite_acme_store *s, const char *text, int64_t *out, struct error *err)
{
    *out = NO_WORD;
    return text != NULL ? sqlite_acme_words_id(s, text, false, out, err) : STATUS_OK;
}

static bool ends_with(struct bytes text, struct bytes end)
{
    return text.len > end.len && memcmp(text.data + text.len - end.len, end.data, end.len) == 0;
}

static bool is_name(struct bytes line, struct bytes name)
{
    if (name.len > 0 && name.data[0] == '.')
        return ends_with(line, name);
    if (line.len > 2 && line.data[0] == '*' && line.data[1] == '.')
        return bytes_equal(line, name) || bytes_equal(bytes_of(line.data + 2, line.len - 2), name);
    return bytes_equal(line, name);
}

static bool has_name(struct bytes names, struct bytes name)
{
    struct reader r, line;
    reader_init(&r, names);
    while (reader_line(&r, &line))
        if (is_name(reader_rest(&line), name))
            return true;
    return reader_left(&r) > 0 && is_name(reader_rest(&r), name); /* the last line may have no LF */
}

static bool is_within(const struct acme_certificate *c, const struct acme_certificate_query *q)
{
    return (q->not_after_from_s == 0 || c->not_after_s >= q->not_after_from_s) &&
           (q->issued_from_s == 0 || c->not_before_s >= q->issued_from_s) &&
           (q->issued_to_s == 0 || c->not_before_s < q->issued_to_s);
}

static bool is_asked_for(const struct sqlite_acme_certificate_row *row, const struct filter *f)
{
    const struct acme_certificate *c = &row->certificate;
    const struct acme_certificate_query *q = f->query;
    if ((q->account != 0 && c->account != q->account) || (f->ca != NO_WORD && row->ca != f->ca) ||
        (f->profile != NO_WORD && row->profile != f->profile) || !is_within(c, q))
        return false;
    if ((q->is_unrevoked_only && c->revoked_s != 0) || (q->is_revoked_only && c->revoked_s == 0))
        return false;
    if (q->spki_hash != NULL && memcmp(c->spki_hash, q->spki_hash, sizeof c->spki_hash) != 0)
        return false;
    return q->name == NULL || has_name(c->names, f->name);
}

/* Ends the call; gives IDs behind those that are there. */
static enum status collect(struct sqlite_acme_store *s, struct sqlite_call *call,
                           const struct filter *f, acme_id *out, size_t max, size_t *count,
                           struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && *count < max && sqlite_call_next(call)) {
        struct sqlite_acme_certificate_row row;
        status = sqlite_acme_certificate_row_read(s, call, &row, err);
        if (status == STATUS_OK && is_asked_for(&row, f))
            out[(*count)++] = row.certificate.id;
    }
    enum status ended = sqlite_call_end(call);
    return status == STATUS_OK ? ended : status;
}

/* ---- by serial number ---- */

static int compare_ids(const void *a, const void *b)
{
    acme_id x = *(const acme_id *)a, y = *(const acme_id *)b;
    return x < y ? -1 : x > y;
}

static enum status find_serial(struct sqlite_acme_store *s, int64_t ca, struct bytes serial,
                               const struct filter *f, acme_id *out, size_t max, size_t *count,
                               struct error *err)
{
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_LIST_SERIAL, err);
    sqlite_call_int(&call, (int64_t)f->query->after);
    sqlite_call_int(&call, ca);
    sqlite_call_bytes(&call, serial);
    return collect(s, &call, f, out, max, count, err);
}

/* A CA has one of each; without a CA in the query, every word may be one's name. */
static enum status list_serials(struct sqlite_acme_store *s, const struct filter *f, acme_id *out,
                                size_t max, size_t *count, struct error *err)
{
    int64_t unused;
    enum status status = sqlite_acme_words_id(s, "", false, &unused, err); /* words are loaded now */
    size_t word_count = f->ca != NO_WORD ? 1 : s->word_count, found = 0;
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    size_t room = f->query->serial_count * word_count;
    acme_id *ids = calloc(room + 1, sizeof *ids);
    if (ids == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a query");
    status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < f->query->serial_count; i++)
        for (size_t w = 0; status == STATUS_OK && w < word_count; w++)
            status = find_serial(s, f->ca != NO_WORD ? f->ca : s->words[w].id, f->query->serials[i], f, ids, room,
                                 &found, err);
    qsort(ids, found, sizeof *ids, compare_ids);
    for (size_t i = 0; status == STATUS_OK && i < found && *count < max; i++)
        if (i == 0 || ids[i] != ids[i - 1]) /* the same serial number may be asked for twice */
            out[(*count)++] = ids[i];
    free(ids);
    return status;
}

/* ---- by the index that helps most ---- */

static enum status list(struct sqlite_acme_store *s, const struct filter *f, acme_id *out,
                        size_t max, size_t *count, struct error *err)
{
    const struct acme_certificate_query *q = f->query;
    struct sqlite_call call;
    int statement = q->spki_hash != NULL ? ACME_SQL_LIST_KEY
                    : q->is_revoked_only ? ACME_SQL_LIST_REVOKED
                    : q->account != 0    ? ACME_SQL_LIST_ACCOUNT
                                         : ACME_SQL_LIST_ALL;
    sqlite_call_read(&call, s->db, statement, err);
    sqlite_call_int(&call, (int64_t)q->after);
    if (statement == ACME_SQL_LIST_KEY)
        sqlite_call_bytes(&call, bytes_of(q->spki_hash, 8));
    else if (statement == ACME_SQL_LIST_ACCOUNT)
        sqlite_call_int(&call, (int64_t)q->account);
    return collect(s, &call, f, out, max, count, err);
}

enum status sqlite_acme_query_list(void *context, const struct acme_certificate_query *query,
                                   acme_id *out, size_t max, size_t *count, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct filter f = {.query = query};
    *count = 0;
    if (query->name != NULL)
        f.name = bytes_of_text(query->name);
    enum status status = word(s, query->ca, &f.ca, err);
    if (status == STATUS_OK)
        status = word(s, query->profile, &f.profile, err);
    if (status == STATUS_NOT_FOUND) /* no certificate has such a CA or profile */
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    return query->serials != NULL ? list_serials(s, &f, out, max, count, err) : list(s, &f, out, max, count, err);
}
