/* page_parts.h - the pages, one function each, and what they share. Inside registry_page. */
#ifndef CATHAYA_REGISTRY_PAGE_PAGE_PARTS_H
#define CATHAYA_REGISTRY_PAGE_PAGE_PARTS_H

#include "registry_page/page_html.h"
#include "registry_page/registry_page.h"

typedef void page_parts_write(const struct registry_page_input *in, struct builder *b);

/* Each writes the contents of <main>. */
page_parts_write page_index_write, page_roots_write, page_intermediates_write, page_operators_write, page_ct_logs_write,
    page_mtc_write, page_identities_write, page_policy_write, page_cases_write;

/* page_words_*: words of the registry in both languages, as HTML. */
void page_words_purpose(struct builder *b, uint16_t purpose);
void page_words_state(struct builder *b, enum registry_state_kind state);
void page_words_log_state(struct builder *b, enum log_list_state state);

/* page_things_page is the page that shows things of a kind. */
const char *page_things_page(enum registry_kind kind);
/* page_things_operator is the operator's name with a link. */
void page_things_operator(const struct registry *r, const char *operator_id, struct builder *b);
/* page_things_now is the state in force, for each purpose that has one. */
void page_things_now(const struct registry_page_input *in, const struct registry_thing *thing, struct builder *b);
/* page_record_control: who owns or controls it has changed. page_record_write is what else is kept of a thing: revoked serial numbers,
 * disclosures, changes of control, and why it is trusted when nobody has applied for it. */
void page_record_control(const struct registry *r, struct registry_run controls, struct builder *b);
void page_record_write(const struct registry *r, const struct registry_thing *thing, struct builder *b);
/* page_things_article is all that the registry says of a thing. */
void page_things_article(const struct registry_page_input *in, const struct registry_thing *thing, struct builder *b);

#endif
