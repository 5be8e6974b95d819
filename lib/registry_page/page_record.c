/* What a registry keeps of a thing beside its states, limits and audits. */
#include "registry_page/page_parts.h"

#include "base/reader.h"
#include "base/text.h"

void page_record_control(const struct registry *r, struct registry_run controls, struct builder *b)
{
    for (size_t i = 0; i < controls.count; i++) {
        const struct registry_control *c = REGISTRY_PART(r, control, controls, controls, i);
        page_html_term(b, "控制权变更", "Change of control");
        page_html_raw(b, "<dd>");
        page_html_day(b, c->effective_s);
        page_html_raw(b, " ");
        page_html_text(b, c->text);
        page_html_raw(b, "</dd>\n");
    }
}

/* A serial number in hex; of an MTC CA, LOG:INDEX [MTC 6.1]. */
static void write_serial(const struct registry_thing *thing, struct bytes serial, struct builder *b)
{
    struct reader r;
    uint64_t value;
    reader_init(&r, serial);
    if (thing->head.kind == REGISTRY_MTC_CA && reader_u64(&r, &value))
        builder_printf(b, "%u:%llu", (unsigned)(value >> 48), (unsigned long long)(value & TRUST_BUNDLE_U48_MAX));
    else
        text_write_hex(b, serial);
}

static void write_serials(const struct registry *r, const struct registry_thing *thing, struct builder *b)
{
    if (thing->serials.count == 0)
        return;
    page_html_term(b, "已吊销序列号", "Revoked serial numbers");
    page_html_raw(b, "<dd><ul>");
    for (size_t i = 0; i < thing->serials.count; i++) {
        const struct registry_serials *s = REGISTRY_PART(r, serials, serials, thing->serials, i);
        page_html_raw(b, "<li><code>");
        write_serial(thing, s->first, b);
        if (!bytes_equal(s->first, s->last)) {
            page_html_raw(b, " – ");
            write_serial(thing, s->last, b);
        }
        page_html_raw(b, "</code> ");
        page_html_text(b, s->reason);
        page_html_raw(b, "</li>");
    }
    page_html_raw(b, "</ul></dd>\n");
}

static void write_disclosures(const struct registry *r, const struct registry_thing *thing, struct builder *b)
{
    if (thing->head.kind == REGISTRY_INTERMEDIATE && thing->disclosed_s != 0) {
        page_html_term(b, "披露日期", "Disclosed");
        page_html_raw(b, "<dd>");
        page_html_day(b, thing->disclosed_s);
        page_html_raw(b, "</dd>\n");
    }
    for (size_t i = 0; i < thing->disclosures.count; i++) {
        const struct registry_disclosure *d = REGISTRY_PART(r, disclosure, disclosures, thing->disclosures, i);
        page_html_term(b, "中级根证书披露", "Disclosure of intermediates");
        page_html_raw(b, "<dd>");
        page_html_day(b, d->at_s);
        builder_printf(b, " %zu ", d->count);
        page_html_link(b, d->url, NULL);
        page_html_raw(b, "</dd>\n");
    }
}

void page_record_write(const struct registry *r, const struct registry_thing *thing, struct builder *b)
{
    if (thing->is_default) {
        page_html_term(b, "默认信任", "Trusted by default");
        page_html_raw(b, "<dd>");
        page_html_both(b, "Chromium 已预置信任", "as Chromium trusts it");
        page_html_raw(b, "</dd>\n");
    }
    write_serials(r, thing, b);
    write_disclosures(r, thing, b);
    page_record_control(r, thing->controls, b);
}
