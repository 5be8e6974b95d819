#include "inspect/inspect.h"

#include <stdlib.h>

#include "codec/properties/properties.h"
#include "inspect/view.h"

static void show(json_t *out, const struct properties *p, const char *encoding)
{
    char id[TAI_TEXT_SIZE];
    view_text(out, "encoding", "%s", encoding);
    if (p->trust_anchor_id.len > 0) {
        tai_text(&p->trust_anchor_id, id);
        view_text(out, "trust_anchor_id", "%s", id);
    }
    json_t *groups = view_list(out, "trust_anchor_groups");
    for (size_t i = 0; i < p->group_count; i++) {
        struct builder b;
        builder_init(&b, (size_t)64 * TAI_PATTERN_MAX);
        tai_pattern_write_text(&p->groups[i], &b);
        view_add(groups, "%.*s", (int)b.len, b.data != NULL ? (const char *)b.data : "");
        builder_clear(&b);
    }
    view_flag(out, "trust_anchor_negotiation", p->has_negotiation);
    if (p->has_sct_list && inspect_scts(out, "scts", p->sct_list, NULL) != STATUS_OK)
        view_bytes(out, "sct_list", p->sct_list);
    json_t *others = p->other_count > 0 ? view_list(out, "others") : NULL;
    for (size_t i = 0; i < p->other_count; i++) {
        json_t *item = view_item(others);
        view_number(item, "type", p->others[i].type);
        view_bytes(item, "data", p->others[i].data);
    }
}

enum status inspect_properties(const struct inspect_input *in, json_t *out, struct error *err)
{
    struct properties *p = malloc(sizeof *p);
    if (p == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    view_number(out, "bytes", in->content.len);
    enum status s = properties_parse(in->content, PROPERTIES_WITH_PATTERNS, p, err);
    const char *encoding = "patterns (TAI -05 and later)";
    /* The list does not say which encoding it has. */
    if (s == STATUS_MALFORMED && properties_parse(in->content, PROPERTIES_WITH_RANGES, p, NULL) == STATUS_OK) {
        s = STATUS_OK;
        encoding = "ranges (TAI -04)";
    }
    if (s == STATUS_OK)
        show(out, p, encoding);
    free(p);
    return s;
}
