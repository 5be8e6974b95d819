#include <stdatomic.h>
#include <stdlib.h>

#include "service/monitor/monitor_scan.h"

/* Scans on workers outlast its exchange on the loop's thread. */
struct monitor_watch {
    struct watch_list *list;
    atomic_uint holders;
};

enum status monitor_watch_new(struct watch_list *list, struct monitor_watch **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        watch_list_free(list);
        return error_set(err, STATUS_NO_MEMORY, "no memory for a watch list");
    }
    (*out)->list = list;
    atomic_init(&(*out)->holders, 1);
    return STATUS_OK;
}

struct monitor_watch *monitor_watch_keep(struct monitor_watch *watch)
{
    if (watch != NULL)
        atomic_fetch_add(&watch->holders, 1);
    return watch;
}

void monitor_watch_release(struct monitor_watch *watch)
{
    if (watch == NULL || atomic_fetch_sub(&watch->holders, 1) > 1)
        return;
    watch_list_free(watch->list);
    free(watch);
}

const struct watch_list *monitor_watch_list(const struct monitor_watch *watch)
{
    return watch->list;
}
