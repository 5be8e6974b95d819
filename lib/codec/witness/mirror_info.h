/* mirror_info.h - the body of a mirror's "202 Accepted" and "409 Conflict": where to go on
 * [C2SP tlog-mirror], type text/x.tlog.mirror-info.
 *
 *   body = size LF next-entry LF base64(ticket) LF
 */
#ifndef CATHAYA_CODEC_WITNESS_MIRROR_INFO_H
#define CATHAYA_CODEC_WITNESS_MIRROR_INFO_H

#include "base/builder.h"
#include "base/bytes.h"
#include "base/status.h"

#define MIRROR_INFO_CONTENT_TYPE "text/x.tlog.mirror-info"

/* A ticket's length has 16 bits in add-entries; one that holds a signed checkpoint has a few kB. */
#define MIRROR_INFO_TICKET_MAX 65535
#define MIRROR_INFO_SIZE_MAX   (2 * 21 + 4 * ((MIRROR_INFO_TICKET_MAX + 2) / 3) + 1)

struct mirror_info {
    uint64_t tree_size;  /* of a pending checkpoint: the upload_end to use */
    uint64_t next_entry; /* the upload_start to use */
    struct bytes ticket; /* to send back; written from here, read into the builder */
};

/* mirror_info_parse: STATUS_MALFORMED. The ticket is appended to memory, and borrowed from it. */
MUST_USE enum status mirror_info_parse(struct bytes body, struct builder *memory,
                                       struct mirror_info *out, struct error *err);
void mirror_info_write(const struct mirror_info *info, struct builder *out);

#endif
