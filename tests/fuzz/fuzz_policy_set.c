/* The policy file of a root program: alone, and as lines behind the shipped one, which is how most inputs come far. */
#include "fuzz/fuzz_checks.h"

#include "policy/policy_set.h"

static void use(const struct policy_set *set, enum policy_source source)
{
    struct bytes name = bytes_of_text(policy_set_name(set));
    require(name.len > 0 && name.len < POLICY_NAME_SIZE && policy_set_version(set) > 0);
    for (enum policy_setting i = 0; i < POLICY_SETTINGS; i++)
        require(policy_set_setting(set, i) != POLICY_VALUE_NONE);
    for (enum policy_limit i = 0; i < POLICY_LIMITS; i++)
        require(policy_set_limit(set, i, INT64_MIN) >= 0 && policy_set_limit(set, i, INT64_MAX) >= 0);
    for (size_t i = 0; i < policy_set_oid_count(set); i++)
        require(policy_set_oid_at(set, i)->level >= 1 && policy_set_oid_at(set, i)->level <= 4);
    if (source == POLICY_FROM_AUTHOR)
        require(policy_set_title(set, "RP-01", POLICY_ZH)[0] != '\0' && policy_set_fix(set, "RP-01", POLICY_EN)[0] != '\0');
}

static bool read_from(struct bytes text, enum policy_source source)
{
    struct error err = {.status = STATUS_OK};
    struct policy_set *set;
    enum status s = policy_set_read(text, policy_set_default_ct_text(), source, &set, &err);
    if (s == STATUS_OK)
        use(set, source);
    else
        require(s == STATUS_USAGE && err.text[0] != '\0' && set == NULL);
    policy_set_free(set);
    return s == STATUS_OK;
}

/* What an author may write, a client takes. */
static void read_one(struct bytes text)
{
    bool is_good = read_from(text, POLICY_FROM_AUTHOR);
    require(read_from(text, POLICY_FROM_BUNDLE) || !is_good);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct builder b;
    builder_init(&b, 4 * POLICY_TEXT_MAX);
    builder_bytes(&b, policy_set_default_text());
    builder_bytes(&b, bytes_of(data, size));
    read_one(bytes_of(data, size));
    if (builder_is_good(&b))
        read_one(builder_view(&b));
    builder_clear(&b);
    return 0;
}
