/* landmarks.h - the list of a log's landmarks [MTC 6.4.3].
 *
 *   -06 and later:  latest LF 1*(tree-size SP expiry LF)       line i is landmark latest - i
 *   up to -05:      latest SP active-count LF 1*(tree-size LF)  active-count + 1 lines
 *
 * Decimal without leading zeros; latest and sizes are at most 2^48-1. Newest first: sizes strictly
 * decrease, expiries do not increase; landmark 0 is "0 0" and no landmark is smaller than its
 * number. At least one of the landmarks listed is expired at the time of reading. A log without
 * landmarks publishes "0\n0 0\n".
 */
#ifndef CATHAYA_CODEC_LANDMARKS_LANDMARKS_H
#define CATHAYA_CODEC_LANDMARKS_LANDMARKS_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"
#include "merkle/subtree.h"

/* Root programs allow 220 in 7 days or 370 in 47; almost three times that. */
#define LANDMARKS_ACTIVE_MAX 1024
#define LANDMARKS_LINES_MAX (LANDMARKS_ACTIVE_MAX + 1)
/* A line of the list: two numbers of 15 and 19 digits, space and LF. */
#define LANDMARKS_SIZE_MAX ((size_t)40 * (LANDMARKS_LINES_MAX + 1))
#define LANDMARKS_NUMBER_MAX ((UINT64_C(1) << 48) - 1)

enum landmarks_format {
    LANDMARKS_WITH_EXPIRY, /* -06 and later */
    LANDMARKS_WITH_COUNT   /* up to -05: expiry_s is 0 everywhere */
};

struct landmark {
    uint64_t tree_size;
    int64_t expiry_s; /* active while now <= expiry_s */
};

/* 16 KiB: a service keeps one per log, not on deep stacks. */
struct landmarks {
    enum landmarks_format format;
    uint64_t latest;
    size_t count;                            /* lines: at least 1 */
    struct landmark at[LANDMARKS_LINES_MAX]; /* at[i] is landmark latest - i */
};

/* landmarks_init makes the list of a fresh log: landmark 0 alone. */
void landmarks_init(struct landmarks *out);

/* landmarks_parse reads either format, told apart by a space in line 1, and checks it at now_s:
 * STATUS_MALFORMED with the line, STATUS_LIMIT for more lines than above. */
MUST_USE enum status landmarks_parse(struct bytes input, int64_t now_s, struct landmarks *out,
                                     struct error *err);

/* landmarks_write appends the list in its format, after the same checks except that of time. */
MUST_USE enum status landmarks_write(const struct landmarks *landmarks, struct builder *out,
                                     struct error *err);

/* landmarks_check_expired: STATUS_OK when a landmark listed is expired at now_s, STATUS_MALFORMED
 * when none is. The old format has no expiries and is always OK. */
MUST_USE enum status landmarks_check_expired(const struct landmarks *landmarks, int64_t now_s,
                                             struct error *err);

/* landmarks_active_count is how many landmarks, from the newest, are active at now_s; landmark 0
 * never is. In the old format: all lines but the last. */
size_t landmarks_active_count(const struct landmarks *landmarks, int64_t now_s);

/* landmarks_add puts a landmark in front and forgets what the list need not show at now_s: all
 * expired ones but the newest of them. STATUS_REFUSED when the size does not grow or the expiry
 * decreases, STATUS_LIMIT when too many are active, STATUS_USAGE for a list of the old format; the
 * list is as it was then. */
MUST_USE enum status landmarks_add(struct landmarks *landmarks, struct landmark next, int64_t now_s,
                                   struct error *err);

/* landmarks_find gives the number of the lowest-numbered landmark whose tree contains the index
 * [MTC 6.4.4]. STATUS_AGAIN when there is none yet, STATUS_NOT_FOUND when the list does not reach
 * back far enough to say. */
MUST_USE enum status landmarks_find(const struct landmarks *landmarks, uint64_t index,
                                    uint64_t *number, struct error *err);

/* landmarks_subtrees gives the two landmark subtrees of a number; one may be empty [MTC 6.4.1].
 * STATUS_NOT_FOUND when the list does not show that landmark and the one before it. */
MUST_USE enum status landmarks_subtrees(const struct landmarks *landmarks, uint64_t number,
                                        struct subtree out[2], struct error *err);

#endif
