/* The Baseline Requirements, as far as a certificate or what is about to become one shows them: validity, serial number, subject
 * and key of a leaf [BR 6.1.5, 6.3.2, 7.1.2.7]. Names are in policy_rules_names.c, extensions in policy_rules_extensions.c. */
#include <inttypes.h>

#include "crypto/subject_key.h"
#include "policy/policy_leaf_parts.h"

static const uint8_t oid_unit[] = {0x55, 0x04, 0x0b};

#define DAY_S ((int64_t)86400)

/* ---- validity ---- */

static enum policy_outcome check_order(struct policy_view *view)
{
    return policy_view_unless(view->subject->not_before_s <= view->subject->not_after_s, view, "notAfter is before notBefore");
}

/* Every second counts: one more than so many days is a day more. */
static enum policy_outcome check_length(struct policy_view *view, int64_t most_s)
{
    if (view->length_s <= most_s)
        return POLICY_KEPT;
    return policy_view_broken(view, "valid for %" PRId64 " days and %" PRId64 " s, and %" PRId64 " days are the most", view->length_s / DAY_S,
                              view->length_s % DAY_S, most_s / DAY_S);
}

static bool has_own_lifetime(const struct policy_view *view)
{
    return view->is_gm && policy_view_is_set(view, POLICY_SETTING_GM_LIFETIME, POLICY_VALUE_OWN);
}

static enum policy_outcome check_lifetime(struct policy_view *view)
{
    return check_length(view, policy_view_limit(view, has_own_lifetime(view) ? POLICY_LIMIT_GM_LIFETIME : POLICY_LIMIT_TLS_LIFETIME));
}

static enum policy_outcome check_lifetime_advised(struct policy_view *view)
{
    if (has_own_lifetime(view))
        return POLICY_NO_CASE;
    return check_length(view, policy_view_limit(view, POLICY_LIMIT_TLS_LIFETIME_ADVISED));
}

static enum policy_outcome check_short_lived(struct policy_view *view)
{
    return check_length(view, policy_view_limit(view, POLICY_LIMIT_SHORT_LIVED));
}

static enum policy_outcome check_backdate(struct policy_view *view)
{
    int64_t age_s = view->subject->at_s - view->subject->not_before_s, most_s = policy_view_limit(view, POLICY_LIMIT_BACKDATE);
    if (age_s <= most_s && age_s >= -most_s)
        return POLICY_KEPT;
    return policy_view_broken(view, "notBefore is %" PRId64 " s from its signing", age_s);
}

/* ---- serial number ---- */

static size_t bits_of(struct bytes serial)
{
    size_t i = 0, bits;
    while (i < serial.len && serial.data[i] == 0)
        i++;
    if (i == serial.len)
        return 0;
    bits = 8 * (serial.len - i);
    for (uint8_t first = serial.data[i]; (first & 0x80) == 0; first = (uint8_t)(first << 1))
        bits--;
    return bits;
}

/* 64 random bits cannot be seen; that there is room for them can. Random bits may begin with zeros, though not with many. */
static enum policy_outcome check_serial(struct policy_view *view)
{
    struct bytes serial = view->subject->serial;
    size_t least = (size_t)policy_view_limit(view, POLICY_LIMIT_SERIAL_BITS_MIN), bits = bits_of(serial);
    if (serial.len == 0 || serial.len > 20 || (serial.data[0] & 0x80) != 0 || bits == 0)
        return policy_view_broken(view, "a serial number is positive and below 2^159");
    if (bits >= least)
        return POLICY_KEPT;
    if (!view->subject->is_issuing && bits >= least / 2)
        return policy_view_unknown(view, "%zu bits: %zu random ones would begin with zeros", bits, least);
    return policy_view_broken(view, "the serial number has %zu bits, and needs %zu random ones", bits, least);
}

/* The serial number of an entry is its index: there is none before it is in the log [MTC 6.1]. */
static enum policy_outcome check_mtc_serial(struct policy_view *view)
{
    struct bytes serial = view->subject->serial;
    if (view->subject->is_issuing)
        return policy_view_unless(serial.len == 0, view, "the serial number of an entry is its index");
    size_t bits = bits_of(serial);
    bool is_good = serial.len > 0 && (serial.data[0] & 0x80) == 0 && bits > 48 && bits <= 64;
    return policy_view_unless(is_good, view, "the serial number is no log number and index");
}

/* ---- subject ---- */

static enum policy_outcome check_empty_subject(struct policy_view *view)
{
    return policy_view_unless(view->attribute_count == 0 && view->subject->subject.len == 2, view, "the subject is not empty");
}

static enum policy_outcome check_no_unit(struct policy_view *view)
{
    return policy_view_unless(policy_view_attribute(view, BYTES_OF(oid_unit)) == NULL, view, "organizationalUnitName is there");
}

/* ---- key ---- */

static enum policy_outcome check_key(struct policy_view *view)
{
    struct error err = {.status = STATUS_OK};
    if (subject_key_check(view->subject->spki, &err) == STATUS_OK)
        return POLICY_KEPT;
    return policy_view_broken(view, "%s", err.text);
}

static enum policy_outcome check_key_size(struct policy_view *view)
{
    return policy_leaf_check_key(view, &view->key, view->subject->form == POLICY_MTC, "the key");
}

static const struct policy_rule rules[] = {
    {"rfc5280-validity", 0, check_order},
    {"br-validity", 0, check_lifetime},
    {"br-validity-advised", 0, check_lifetime_advised},
    {"br-backdate", POLICY_NEEDS_ISSUING, check_backdate},
    {"br-short-lived", 0, check_short_lived},
    {"br-serial", 0, check_serial},
    {"draft-serial", 0, check_mtc_serial},
    {"cqrp-subject", 0, check_empty_subject},
    {"br-ou", 0, check_no_unit},
    {"br-key", POLICY_NEEDS_ISSUING, check_key},
    {"br-key-size", 0, check_key_size},
};
const struct policy_rule_table policy_rules_br = {rules, sizeof rules / sizeof rules[0]};
