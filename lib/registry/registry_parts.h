/* registry_parts.h - what the files of registry_read*.c share. Private to the layer. */
#ifndef CATHAYA_REGISTRY_REGISTRY_PARTS_H
#define CATHAYA_REGISTRY_REGISTRY_PARTS_H

#include <stdarg.h>

#include "registry/registry.h"

/* Reasons and descriptions: as long as a paragraph. */
#define REGISTRY_TEXT_MAX 1000

/* registry_format is snprintf that cuts a text that is too long between two characters of UTF-8. */
void registry_format(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
void registry_format_args(char *out, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/* ---- words of a line: registry_words.c ---- */

struct registry_words {
    const char *at[REGISTRY_WORDS_MAX];
    size_t count;
    size_t end;        /* of the last word, in the line */
    size_t comment_at; /* of the "#", or the line's length */
};

/* registry_words_split takes a line apart; memory has line.len + 1 bytes for the words. A word is without blanks, or stands in double
 * quotes, in which \" and \\ are a quote and a backslash. STATUS_USAGE. */
MUST_USE enum status registry_words_split(struct bytes line, char *memory, struct registry_words *out, struct error *err);

/* ---- a statement while it is read: registry_fields.c ---- */

struct registry_reading {
    struct registry *r;
    const struct registry_head *head;
    struct registry_statement statement; /* a copy: the pool may move */
    size_t at; /* the next word */
    void *object; /* the struct registry_thing, ... that the file becomes */
    struct error *err;
    bool has_reason; /* err says already what is wrong */
};

/* A row of a table of statements. */
struct registry_row {
    const char *keyword;
    uint32_t kinds; /* bits 1 << kind */
    bool is_once, is_required;
    bool (*read)(struct registry_reading *reading);
    const char *form; /* for the reason */
};

/* Each takes the next word, or words; false leaves the rest of the statement unread. */
MUST_USE bool registry_fields_word(struct registry_reading *reading, const char **out);
MUST_USE bool registry_fields_text(struct registry_reading *reading, size_t max, const char **out); /* not empty */
MUST_USE bool registry_fields_is(struct registry_reading *reading, const char *word);
MUST_USE bool registry_fields_id(struct registry_reading *reading, const char **out);
MUST_USE bool registry_fields_url(struct registry_reading *reading, const char **out);
MUST_USE bool registry_fields_day(struct registry_reading *reading, int64_t *out);
/* registry_fields_through takes a day, and gives its end. */
MUST_USE bool registry_fields_through(struct registry_reading *reading, int64_t *out);
/* `from DAY until DAY` */
MUST_USE bool registry_fields_period(struct registry_reading *reading, int64_t *from_s, int64_t *until_s);
MUST_USE bool registry_fields_number(struct registry_reading *reading, uint64_t max, uint64_t *out);
MUST_USE bool registry_fields_purposes(struct registry_reading *reading, registry_purposes *out);
/* registry_fields_choice takes one of the names, which NULL ends. */
MUST_USE bool registry_fields_choice(struct registry_reading *reading, const char *const *names, size_t *out);
/* registry_fields_hex takes hex digits: a serial number, without leading zero bytes. Kept by the registry. */
MUST_USE bool registry_fields_serial(struct registry_reading *reading, struct bytes *out);
bool registry_fields_is_over(const struct registry_reading *reading);
/* registry_fields_wrong says what is wrong in words of its own, and is false. */
bool registry_fields_wrong(struct registry_reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* registry_fields_keep appends an item to a pool, and to a run that ends where the pool does. */
MUST_USE bool registry_fields_keep(struct registry_reading *reading, struct array *pool, struct registry_run *run, const void *item);

/* registry_fields_read reads all statements of a file by its tables (NULL ends them), row by row, so that the items of a row stand
 * together. */
MUST_USE enum status registry_fields_read(struct registry_reading *reading, const struct registry_row *const *tables, struct error *err);

/* ---- the kinds of files ---- */
/* Each reads head's statements and appends what they say to the registry. */
MUST_USE enum status registry_read_program(struct registry *r, const struct registry_head *head, struct error *err);
MUST_USE enum status registry_read_operator(struct registry *r, const struct registry_head *head, struct error *err);
MUST_USE enum status registry_read_case(struct registry *r, const struct registry_head *head, struct error *err);
MUST_USE enum status registry_read_thing(struct registry *r, const struct registry_head *head, struct bytes der,
                                         const struct algorithms *algorithms, struct error *err);

/* Tables of registry_read_thing. */
extern const struct registry_row registry_thing_ct_log_rows[], registry_thing_mtc_rows[];

/* Statements that several kinds have. */
MUST_USE bool registry_read_contact(struct registry_reading *reading, struct registry_run *run);
MUST_USE bool registry_read_control(struct registry_reading *reading, struct registry_run *run);
MUST_USE bool registry_read_exception(struct registry_reading *reading, struct registry_run *run);
MUST_USE bool registry_read_inclusion(struct registry_reading *reading, struct registry_run *run);

/* registry_check_references: every ID that a file names is there. STATUS_USAGE with file and line. */
MUST_USE enum status registry_check_references(const struct registry *r, struct error *err);

/* registry_rule_reach is how much of a CA's rule can be met then by cosigners that are trusted: signatures, or different operators, none
 * of them the CA's. is_without_mirrors: and none of them a mirror of another operator. */
size_t registry_rule_reach(const struct registry *r, const struct registry_thing *ca, const struct registry_rule *rule, int64_t at_s,
                           bool is_without_mirrors);

/* registry_keep gives memory that lives as long as the registry; NULL when there is none. */
void *registry_keep(struct registry *r, size_t len);

#define REGISTRY_BIT(kind) (UINT32_C(1) << (kind))
#define REGISTRY_CLASSIC (REGISTRY_BIT(REGISTRY_ROOT) | REGISTRY_BIT(REGISTRY_INTERMEDIATE))
/* Kinds that are trusted for purposes. */
#define REGISTRY_WITH_PURPOSES (REGISTRY_CLASSIC | REGISTRY_BIT(REGISTRY_MTC_CA))
static inline bool registry_has_purposes(enum registry_kind kind)
{
    return (REGISTRY_BIT(kind) & REGISTRY_WITH_PURPOSES) != 0;
}

#endif
