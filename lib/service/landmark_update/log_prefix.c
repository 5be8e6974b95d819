#include "service/landmark_update/log_prefix.h"

#include <stdio.h>

#include "base/text.h"

#define NAME_SIZE (2 * HASH_SIZE + 1)

static bool write_origin_hash(const struct landmark_update_log *log, char name[NAME_SIZE])
{
    struct tai id;
    char origin[TAI_NAME_SIZE];
    uint8_t hash[HASH_SIZE];
    if (tai_log_id(&log->ca->id, log->log_number, &id, NULL) != STATUS_OK)
        return false;
    tai_name(&id, origin);
    struct bytes part = bytes_of_text(origin);
    if (!hash_label_sha256(&part, 1, hash))
        return false;
    text_hex(BYTES_OF(hash), name);
    return true;
}

bool log_prefix_set(const struct landmark_update_log *log, size_t at, char out[LANDMARK_UPDATE_URL_MAX])
{
    size_t which = at == 0 ? 0 : 1 + (at - 1) / 2;
    bool is_by_origin = at > 0 && at % 2 == 0;
    char name[NAME_SIZE];
    if (which >= log->url_count)
        return false;
    (void)snprintf(name, sizeof name, "%u", log->log_number);
    if (is_by_origin && !write_origin_hash(log, name))
        return false;
    struct bytes url = log->urls[which];
    int len = snprintf(out, LANDMARK_UPDATE_URL_MAX, "%.*s/%s", (int)url.len, (const char *)url.data, name);
    return len > 0 && len < LANDMARK_UPDATE_URL_MAX;
}
