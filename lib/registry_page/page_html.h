/* page_html.h - writing HTML so that no text can be anything else than text. Inside registry_page. */
#ifndef CATHAYA_REGISTRY_PAGE_PAGE_HTML_H
#define CATHAYA_REGISTRY_PAGE_PAGE_HTML_H

#include "base/builder.h"

/* Of times that say "for ever" or "never". */
#define PAGE_HTML_NO_TIME INT64_MAX

/* page_html_raw is for our own constant texts alone. */
void page_html_raw(struct builder *b, const char *html);
/* page_html_text escapes; page_html_bytes the same for what has no NUL. */
void page_html_text(struct builder *b, const char *text);
void page_html_bytes(struct builder *b, struct bytes text);
/* page_html_both is a label in Chinese and English, of our own constant texts. */
void page_html_both(struct builder *b, const char *zh, const char *en);
/* page_html_link is a link when the address is http or https, text otherwise. text NULL: the address. */
void page_html_link(struct builder *b, const char *address, const char *text);
/* page_html_linked_text is a text that may begin with an address, which is a link then. */
void page_html_linked_text(struct builder *b, const char *text);
/* page_html_inner_link leads to "PAGE#KIND-ID". */
void page_html_inner_link(struct builder *b, const char *page, const char *kind, const char *id, const char *text);
/* page_html_id writes ` id="KIND-ID"`. */
void page_html_id(struct builder *b, const char *kind, const char *id);
/* page_html_day and page_html_time write <time>; page_html_span a period. 0 and PAGE_HTML_NO_TIME: a dash. until is exclusive: the day
 * before it is shown. */
void page_html_day(struct builder *b, int64_t at_s);
void page_html_time(struct builder *b, int64_t at_s);
void page_html_span(struct builder *b, int64_t from_s, int64_t until_s);
void page_html_number(struct builder *b, uint64_t value);
/* page_html_fingerprint is the SHA-256 of a certificate or key, in hex. */
void page_html_fingerprint(struct builder *b, struct bytes der);

/* page_html_table begins a table with its caption and heads (zh, en, zh, en, ..., NULL); page_html_table_end ends it. */
void page_html_table(struct builder *b, const char *caption_zh, const char *caption_en, const char *const *heads);
void page_html_table_end(struct builder *b);
/* page_html_term begins a line of a list of terms. */
void page_html_term(struct builder *b, const char *zh, const char *en);
/* page_html_nothing is the sentence for an empty list. */
void page_html_nothing(struct builder *b);

#endif
