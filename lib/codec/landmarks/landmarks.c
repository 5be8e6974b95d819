#include "codec/landmarks/landmarks.h"

#include <string.h>

#include "base/reader.h"
#include "base/text.h"

void landmarks_init(struct landmarks *out)
{
    out->format = LANDMARKS_WITH_EXPIRY;
    out->latest = 0;
    out->count = 1;
    out->at[0] = (struct landmark){.tree_size = 0, .expiry_s = 0};
}

/* Landmark latest - i is line i + 2 of the text. */
static enum status malformed(size_t i, const char *what, struct error *err)
{
    return error_set(err, STATUS_MALFORMED, "landmarks, line %zu: %s", i + 2, what);
}

/* What landmark i owes to the sequence [MTC 6.4.1] and to the line before it [MTC 6.4.3]. */
static enum status check_landmark(const struct landmarks *l, size_t i, struct error *err)
{
    const struct landmark *this = &l->at[i];
    if (i > l->latest)
        return malformed(i, "more landmarks than latest + 1", err);
    if (this->tree_size > LANDMARKS_NUMBER_MAX)
        return malformed(i, "tree size above 2^48-1", err);
    if (this->expiry_s < 0)
        return malformed(i, "negative expiry", err);
    uint64_t number = l->latest - i;
    if (number == 0 && (this->tree_size != 0 || this->expiry_s != 0))
        return malformed(i, "landmark 0 has a tree size or an expiry other than 0", err);
    if (this->tree_size < number)
        return malformed(i, "tree size below the landmark's number, though sizes grow from 0", err);
    if (i > 0 && this->tree_size >= l->at[i - 1].tree_size)
        return malformed(i, "tree size does not decrease", err);
    if (i > 0 && this->expiry_s > l->at[i - 1].expiry_s)
        return malformed(i, "expiry increases", err);
    return STATUS_OK;
}

static enum status check_header(const struct landmarks *l, struct error *err)
{
    if (l->latest > LANDMARKS_NUMBER_MAX)
        return error_set(err, STATUS_MALFORMED, "landmarks, line 1: number above 2^48-1");
    if (l->count == 0)
        return error_set(err, STATUS_MALFORMED, "landmarks, line 2: no landmark follows");
    if (l->count > LANDMARKS_LINES_MAX)
        return error_set(err, STATUS_LIMIT, "landmarks: more than %d lines", LANDMARKS_LINES_MAX);
    return STATUS_OK;
}

static enum status check_list(const struct landmarks *l, struct error *err)
{
    enum status status = check_header(l, err);
    for (size_t i = 0; status == STATUS_OK && i < l->count; i++)
        status = check_landmark(l, i, err);
    return status;
}

/* "latest" or "latest active-count": the latter is the old format. */
static bool parse_header(struct reader *line, struct landmarks *out, uint64_t *active_count)
{
    struct bytes latest;
    out->format = reader_until(line, ' ', &latest) ? LANDMARKS_WITH_COUNT : LANDMARKS_WITH_EXPIRY;
    if (out->format == LANDMARKS_WITH_EXPIRY)
        latest = reader_rest(line);
    else if (!text_parse_u64(reader_rest(line), LANDMARKS_NUMBER_MAX, active_count))
        return false;
    return text_parse_u64(latest, LANDMARKS_NUMBER_MAX, &out->latest);
}

static bool parse_line(struct reader *line, enum landmarks_format format, struct landmark *out)
{
    struct bytes size = reader_rest(line);
    uint64_t expiry = 0;
    if (format == LANDMARKS_WITH_EXPIRY &&
        (!reader_until(line, ' ', &size) ||
         !text_parse_u64(reader_rest(line), (uint64_t)INT64_MAX, &expiry)))
        return false;
    out->expiry_s = (int64_t)expiry;
    return text_parse_u64(size, LANDMARKS_NUMBER_MAX, &out->tree_size);
}

static enum status parse_list(struct reader *r, struct landmarks *out, struct error *err)
{
    struct reader line;
    for (out->count = 0; !reader_is_at_end(r); out->count++) {
        size_t i = out->count;
        if (i == LANDMARKS_LINES_MAX)
            return error_set(err, STATUS_LIMIT, "landmarks, line %zu: more than %d landmarks",
                             i + 2, LANDMARKS_LINES_MAX);
        if (!reader_line(r, &line))
            return malformed(i, "no newline at its end", err);
        if (!parse_line(&line, out->format, &out->at[i]))
            return malformed(i,
                             out->format == LANDMARKS_WITH_EXPIRY
                                 ? "not a tree size up to 2^48-1, one space and an expiry"
                                 : "not a tree size up to 2^48-1",
                             err);
        enum status status = check_landmark(out, i, err);
        if (status != STATUS_OK)
            return status;
    }
    return check_header(out, err);
}

enum status landmarks_parse(struct bytes input, int64_t now_s, struct landmarks *out,
                            struct error *err)
{
    struct reader r, line;
    reader_init(&r, input);
    uint64_t active_count = 0;
    if (!reader_line(&r, &line) || !parse_header(&line, out, &active_count))
        return error_set(err, STATUS_MALFORMED,
                         "landmarks, line 1: not the decimal number of the latest landmark, up to "
                         "2^48-1, and in the old format a space and the number of active ones");
    enum status status = parse_list(&r, out, err);
    if (status == STATUS_OK && out->format == LANDMARKS_WITH_COUNT &&
        out->count - 1 != active_count)
        return error_set(err, STATUS_MALFORMED,
                         "landmarks, line 1: says %llu active landmarks, but %zu lines follow",
                         (unsigned long long)active_count, out->count);
    if (status == STATUS_OK)
        status = landmarks_check_expired(out, now_s, err);
    return status;
}

enum status landmarks_write(const struct landmarks *l, struct builder *out, struct error *err)
{
    enum status status = check_list(l, err);
    if (status != STATUS_OK)
        return status;
    builder_printf(out, "%llu", (unsigned long long)l->latest);
    if (l->format == LANDMARKS_WITH_COUNT)
        builder_printf(out, " %zu", l->count - 1);
    builder_u8(out, '\n');
    for (size_t i = 0; i < l->count; i++) {
        builder_printf(out, "%llu", (unsigned long long)l->at[i].tree_size);
        if (l->format == LANDMARKS_WITH_EXPIRY)
            builder_printf(out, " %lld", (long long)l->at[i].expiry_s);
        builder_u8(out, '\n');
    }
    return builder_status(out, "landmarks", err);
}

enum status landmarks_check_expired(const struct landmarks *l, int64_t now_s, struct error *err)
{
    /* Expiries do not increase from line to line: the last one is the earliest. */
    if (l->format == LANDMARKS_WITH_COUNT || l->at[l->count - 1].expiry_s < now_s)
        return STATUS_OK;
    return malformed(l->count - 1, "the last landmark is not expired: the list is cut short", err);
}

size_t landmarks_active_count(const struct landmarks *l, int64_t now_s)
{
    if (l->format == LANDMARKS_WITH_COUNT)
        return l->count - 1;
    size_t i = 0;
    while (i < l->count && l->at[i].expiry_s >= now_s && l->latest != i)
        i++;
    return i;
}

enum status landmarks_add(struct landmarks *l, struct landmark next, int64_t now_s,
                          struct error *err)
{
    if (l->format != LANDMARKS_WITH_EXPIRY)
        return error_set(err, STATUS_USAGE, "new landmark: the list is of the old format");
    if (next.tree_size <= l->at[0].tree_size || next.expiry_s < l->at[0].expiry_s)
        return error_set(err, STATUS_REFUSED,
                         "new landmark: its tree size must grow and its expiry must not decrease "
                         "[MTC 6.4.1]");
    if (next.tree_size > LANDMARKS_NUMBER_MAX || l->latest == LANDMARKS_NUMBER_MAX)
        return error_set(err, STATUS_REFUSED, "new landmark: number or tree size above 2^48-1");
    /* The active ones and one behind them, which is expired. */
    size_t keep = landmarks_active_count(l, now_s) + 1;
    if (keep > l->count)
        keep = l->count;
    if (keep == LANDMARKS_LINES_MAX)
        return error_set(err, STATUS_LIMIT, "new landmark: %d are active already",
                         LANDMARKS_ACTIVE_MAX);
    memmove(&l->at[1], &l->at[0], keep * sizeof l->at[0]);
    l->at[0] = next;
    l->latest++;
    l->count = keep + 1;
    return STATUS_OK;
}

enum status landmarks_find(const struct landmarks *l, uint64_t index, uint64_t *number,
                           struct error *err)
{
    unsigned long long entry = index;
    if (l->at[0].tree_size <= index)
        return error_set(err, STATUS_AGAIN, "no landmark contains entry %llu yet", entry);
    size_t i = 0;
    while (i + 1 < l->count && l->at[i + 1].tree_size > index)
        i++;
    if (i + 1 == l->count)
        return error_set(err, STATUS_NOT_FOUND,
                         "entry %llu is older than the landmarks of the list", entry);
    *number = l->latest - i;
    return STATUS_OK;
}

enum status landmarks_subtrees(const struct landmarks *l, uint64_t number, struct subtree out[2],
                               struct error *err)
{
    if (number == 0) {
        out[0] = out[1] = (struct subtree){.start = 0, .end = 0};
        return STATUS_OK;
    }
    if (number > l->latest || l->latest - number + 1 >= l->count)
        return error_set(err, STATUS_NOT_FOUND,
                         "landmark %llu, or the one before it, is not in the list",
                         (unsigned long long)number);
    size_t i = (size_t)(l->latest - number);
    subtree_cover(l->at[i + 1].tree_size, l->at[i].tree_size, out);
    return STATUS_OK;
}
