#include "inspect/inspect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil_time.h"
#include "codec/landmarks/landmarks.h"
#include "inspect/view.h"

static void show_one(json_t *out, const struct landmarks *l, size_t i, bool is_active)
{
    struct subtree trees[2];
    uint64_t number = l->latest - i;
    view_number(out, "number", number);
    view_number(out, "tree_size", l->at[i].tree_size);
    if (l->format == LANDMARKS_WITH_EXPIRY && number > 0)
        view_time(out, "expires", l->at[i].expiry_s);
    view_flag(out, "active", is_active);
    if (number == 0 || landmarks_subtrees(l, number, trees, NULL) != STATUS_OK)
        return;
    json_t *list = view_list(out, "subtrees");
    for (size_t k = 0; k < 2; k++)
        if (subtree_size(trees[k]) > 0)
            view_add(list, "[%llu, %llu)", (unsigned long long)trees[k].start,
                     (unsigned long long)trees[k].end);
}

/* Whether a landmark listed has expired says the clock, not the document: `landmarks check` asks. */
static enum status parse(const struct inspect_input *in, struct landmarks *l, struct error *err)
{
    enum status s = landmarks_parse(in->content, in->at_s, l, err);
    return s == STATUS_MALFORMED && landmarks_parse(in->content, INT64_MAX, l, NULL) == STATUS_OK ? STATUS_OK : s;
}

enum status inspect_landmarks(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct landmarks *l = malloc(sizeof *l);
    if (l == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = parse(in, l, err);
    if (s == STATUS_OK) {
        size_t active = landmarks_active_count(l, in->at_s);
        view_text(out, "format", "%s", l->format == LANDMARKS_WITH_EXPIRY ? "with expiries (-06 and later)"
                                                                          : "with a count (up to -05)");
        view_number(out, "latest", l->latest);
        view_number(out, "active", active);
        json_t *list = view_list(out, "landmarks");
        for (size_t i = 0; i < l->count; i++)
            show_one(view_item(list), l, i, i < active);
    }
    free(l);
    return s;
}
