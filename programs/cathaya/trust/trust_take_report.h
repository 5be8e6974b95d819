/* trust_take_report.h - what `trust update` has taken, said. */
#ifndef CATHAYA_PROGRAM_TRUST_TRUST_TAKE_REPORT_H
#define CATHAYA_PROGRAM_TRUST_TRUST_TAKE_REPORT_H

#include "trust/trust_accept.h"

/* How the newest version came. */
enum trust_take_way { TRUST_TAKE_NOTHING, TRUST_TAKE_FILE, TRUST_TAKE_BUNDLE, TRUST_TAKE_DELTA };

/* Whether the log of versions was compared with what was held. */
enum trust_take_log { TRUST_TAKE_NO_LOG, TRUST_TAKE_NOT_COMPARED, TRUST_TAKE_COMPARED };

struct trust_take_report {
    const char *dir;
    uint64_t before;         /* the version that was held at first; 0: none */
    bool is_changed;
    enum trust_take_way way;
    enum trust_take_log log;
    size_t rotation_count;   /* versions with new keys that were taken on the way */
    size_t bytes;            /* fetched or read, all together */
    size_t bundle_bytes;     /* of the envelope that is held now */
    int64_t now_s;
};

/* trust_take_report_print says it on stdout, in a line or as JSON; a warning about age also on stderr. */
void trust_take_report_print(const struct trust_take_report *report, const struct trust_directory *held, bool is_json);

#endif
