#include "monitor/monitor_watch_file.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

#include "input.h"

/* The name as people write it, in A-labels: what certificates have. No name is compared by its looks. */
static enum status to_ascii(void *context, struct bytes name, struct builder *out, struct error *err)
{
    char text[WATCH_LIST_LINE_MAX + 1], *ascii = NULL;
    (void)context;
    (void)snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.data);
    int rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK || ascii == NULL)
        return error_set(err, STATUS_USAGE, "\"%.200s\" has no A-label form: %s", text, idn2_strerror(rc));
    builder_text(out, ascii);
    idn2_free(ascii);
    return builder_status(out, "name", err);
}

enum status monitor_watch_file_read(struct monitor_watch_file *file, int64_t now_s, struct monitor_watch **out,
                                    struct error *err)
{
    static const struct watch_idn idn = {.to_ascii = to_ascii};
    struct watch_list *list = NULL;
    struct builder text;
    *out = NULL;
    builder_init(&text, WATCH_LIST_SIZE_MAX);
    memset(&file->seen, 0, sizeof file->seen);
    (void)stat(file->path, &file->seen);
    enum status s = input_read(file->path, WATCH_LIST_SIZE_MAX, &text, err);
    if (s == STATUS_OK) {
        s = watch_list_read(builder_view(&text), &idn, &list, err);
        s = error_prefix(err, s, "%s", file->path);
    }
    if (s == STATUS_OK)
        s = monitor_watch_new(list, out, err);
    builder_clear(&text);
    (void)snprintf(file->refusal, sizeof file->refusal, "%s", s == STATUS_OK ? "" : err->text);
    if (s == STATUS_OK)
        file->read_s = now_s;
    return s;
}

bool monitor_watch_file_has_changed(const struct monitor_watch_file *file)
{
    struct stat now;
    memset(&now, 0, sizeof now);
    if (stat(file->path, &now) != 0)
        return false; /* between an editor's removal and renaming; the list that is in use stays */
    return now.st_mtim.tv_sec != file->seen.st_mtim.tv_sec || now.st_mtim.tv_nsec != file->seen.st_mtim.tv_nsec ||
           now.st_size != file->seen.st_size || now.st_ino != file->seen.st_ino;
}

void monitor_watch_file_report(const struct monitor_watch_file *file, const struct monitor_watch *watch,
                               struct events_port *events)
{
    const struct watch_list *list = monitor_watch_list(watch);
    char counts[WATCH_KINDS][24];
    for (int i = 0; i < WATCH_KINDS; i++)
        (void)snprintf(counts[i], sizeof counts[i], "%zu", watch_list_count(list, (enum watch_kind)i));
    events_report(events, EVENT_INFO, "watch-list-read", {"file", file->path}, {"domains", counts[WATCH_DOMAIN]},
                  {"subtrees", counts[WATCH_SUBTREE]}, {"addresses", counts[WATCH_ADDRESS]},
                  {"organisations", counts[WATCH_ORGANISATION]}, {"keys", counts[WATCH_SPKI]},
                  {"authorized", counts[WATCH_AUTHORIZED]});
}
