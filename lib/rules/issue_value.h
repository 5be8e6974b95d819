/* issue_value.h - the value of a CAA "issue" property, and of a persistent validation record:
 *
 *   issue-value = *WSP [issuer-domain-name *WSP] [";" *WSP [parameters *WSP]]
 *   parameters  = (parameter *WSP ";" *WSP parameters) / parameter
 *   parameter   = tag *WSP "=" *WSP value          ; value without blanks and ';'
 *
 * [RFC8659 4.2]. Nothing is copied. */
#ifndef CATHAYA_RULES_ISSUE_VALUE_H
#define CATHAYA_RULES_ISSUE_VALUE_H

#include "base/bytes.h"
#include "base/status.h"

/* Four are defined; more than this is nobody's honest record. */
#define ISSUE_VALUE_PARAMETERS_MAX 32

struct issue_parameter {
    struct bytes tag, value;
};

struct issue_value {
    struct bytes domain; /* empty: nobody */
    size_t parameter_count;
    struct issue_parameter parameters[ISSUE_VALUE_PARAMETERS_MAX];
};

/* issue_value_parse splits text. STATUS_MALFORMED with the reason. */
MUST_USE enum status issue_value_parse(struct bytes text, struct issue_value *out, struct error *err);

/* issue_value_domain is what stands where the issuer's name belongs, without blanks around it and
 * without a dot at its end: whose record this is meant to be, also when the rest is malformed. */
struct bytes issue_value_domain(struct bytes text);

/* issue_value_find counts the parameters with this tag, in any case of letters; *value is the first's. */
size_t issue_value_find(const struct issue_value *v, const char *tag, struct bytes *value);

/* issue_value_is says whether a is the text, in any case of ASCII letters. */
bool issue_value_is(struct bytes a, const char *text);

/* issue_value_is_one_of is issue_value_is for any of several texts. */
bool issue_value_is_one_of(struct bytes a, const char *const *texts, size_t count);

/* issue_value_show copies what a stranger wrote, cut and without control characters, with a NUL. */
#define ISSUE_VALUE_SHOWN_SIZE 64
void issue_value_show(struct bytes a, char out[ISSUE_VALUE_SHOWN_SIZE]);

#endif
