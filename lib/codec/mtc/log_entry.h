/* log_entry.h - what an issuance log holds [MTC 5.2.1]:
 *
 *   struct { uint16 extension_type; opaque extension_data<0..2^16-1>; } MTCLogEntryExtension;
 *   struct {
 *     MTCLogEntryExtension extensions<0..2^16-1>;   // types strictly ascending
 *     uint16 type;                                  // null_entry(0), tbs_cert_entry(1)
 *     opaque data[N];                               // empty; or a TBSCertificateLogEntry's contents
 *   } MTCLogEntry;
 */
#ifndef CATHAYA_CODEC_MTC_LOG_ENTRY_H
#define CATHAYA_CODEC_MTC_LOG_ENTRY_H

#include "base/builder.h"
#include "base/reader.h"

#define LOG_ENTRY_NULL 0
#define LOG_ENTRY_TBS_CERT 1
/* An entry bundle has 16-bit lengths [C2SP tlog-tiles]. */
#define LOG_ENTRY_SIZE_MAX 65535

struct log_entry {
    struct bytes extensions; /* with their length prefix */
    uint16_t type;
    struct bytes data;
};

/* log_entry_parse splits an entry. STATUS_MALFORMED for a null entry with data. Unknown types parse:
 * who signs must refuse them, who monitors must report them. */
MUST_USE enum status log_entry_parse(struct bytes input, struct log_entry *out, struct error *err);

/* log_entry_read_extensions reads the extensions vector; *whole keeps its length prefix. */
MUST_USE enum status log_entry_read_extensions(struct reader *r, struct bytes *whole,
                                               struct error *err);

/* log_entry_write_start appends an entry up to its data: no extensions, and the type. */
void log_entry_write_start(struct builder *out, uint16_t type);

#endif
