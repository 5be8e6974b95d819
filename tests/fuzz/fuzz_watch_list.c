/* Watch lists: taken whole or refused with a line; every beginning of whole lines of a good one is good; and whatever is looked
 * up in it neither fails nor hits more than there is. */
#include <stdlib.h>
#include <string.h>

#include "rules/watch_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Every watched name hits its own item. */
static void look_up_all(const struct watch_list *list, struct bytes text)
{
    struct watch_hits hits = {.count = 0};
    size_t items = 0;
    watch_list_match_name(list, text, &hits);
    watch_list_match_organisation(list, text, &hits);
    watch_list_match_address(list, text, &hits);
    for (int kind = 0; kind < WATCH_KINDS; kind++)
        items += watch_list_count(list, (enum watch_kind)kind);
    require(hits.count <= items && hits.count <= WATCH_HITS_MAX);
    for (size_t i = 0; i < hits.count; i++) {
        const struct watch_item *item = hits.items[i];
        struct watch_hits own = {.count = 0};
        if (item->kind != WATCH_DOMAIN && item->kind != WATCH_SUBTREE)
            continue;
        watch_list_match_name(list, bytes_of_text(item->text + strlen("domain ")), &own);
        bool is_found = false;
        for (size_t k = 0; k < own.count; k++)
            is_found = is_found || own.items[k] == item;
        require(is_found || own.is_cut);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    struct watch_list *list, *part;
    struct error err = {.status = STATUS_OK};
    enum status s = watch_list_read(text, NULL, &list, &err);
    if (s != STATUS_OK) {
        require(list == NULL && s == STATUS_USAGE && strncmp(err.text, "line ", 5) == 0);
        return 0;
    }
    const uint8_t *last = size > 1 ? memrchr(data, '\n', size - 1) : NULL;
    if (last != NULL) {
        require(watch_list_read(bytes_of(data, (size_t)(last - data) + 1), NULL, &part, NULL) == STATUS_OK);
        watch_list_free(part);
    }
    look_up_all(list, text);
    for (size_t from = 0; from < size; from++)
        if (data[from] == '\n' && from + 1 < size)
            look_up_all(list, bytes_of(data + from + 1, (size_t)(size - from - 1) < 300 ? size - from - 1 : 300));
    watch_list_free(list);
    return 0;
}
