/* monitor_watch_file.h - the watch list's file: read at the start, on SIGHUP, and when it has changed. */
#ifndef CATHAYA_PROGRAM_MONITOR_MONITOR_WATCH_FILE_H
#define CATHAYA_PROGRAM_MONITOR_MONITOR_WATCH_FILE_H

#include <sys/stat.h>

#include "ports/events.h"
#include "service/monitor/monitor_scan.h"

/* A change is seen after this long. */
#define MONITOR_WATCH_FILE_LOOK_MS 2000

struct monitor_watch_file {
    const char *path;
    struct stat seen;      /* of what was read last, good or not */
    int64_t read_s;        /* when the list in use was read */
    char refusal[512];     /* why a newer one is not in use; "" */
};

/* monitor_watch_file_read reads the list. STATUS_USAGE with file and line. */
MUST_USE enum status monitor_watch_file_read(struct monitor_watch_file *file, int64_t now_s, struct monitor_watch **out,
                                             struct error *err);

/* monitor_watch_file_has_changed: is it another file than what was read last? */
bool monitor_watch_file_has_changed(const struct monitor_watch_file *file);

/* monitor_watch_file_report says what was read. */
void monitor_watch_file_report(const struct monitor_watch_file *file, const struct monitor_watch *watch,
                               struct events_port *events);

#endif
