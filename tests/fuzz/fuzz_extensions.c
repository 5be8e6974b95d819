/* Extensions: a list that parses is one extension after the other, each written again byte for byte,
 * and those that have writers are what their writers write. */
#include "fuzz/fuzz_checks.h"

#include "codec/asn1/der.h"
#include "codec/x509/extensions.h"

static void check_list(struct bytes list, const struct extensions *parsed)
{
    struct reader r;
    struct extension e;
    struct builder b;
    size_t count = 0;
    builder_init(&b, list.len);
    reader_init(&r, list);
    while (extensions_next(&r, &e)) {
        extensions_write(&b, e.oid, e.is_critical, e.value);
        count++;
    }
    require(reader_is_at_end(&r) && count <= EXTENSIONS_MAX);
    require_same(&b, list);
    require(parsed->unknown_critical.len == 0 || count > 0);
}

static void check_names(struct bytes names)
{
    struct reader r;
    struct san_name name;
    struct builder b;
    builder_init(&b, names.len);
    reader_init(&r, names);
    while (san_next(&r, &name))
        der_write(&b, name.tag, name.value);
    require(reader_is_at_end(&r));
    require_same(&b, names);
}

/* What was read, written and read again. */
static void check_writers(const struct extensions *parsed, size_t room)
{
    struct builder b;
    struct extensions same;
    builder_init(&b, room + 256);
    if (parsed->key_usage != 0)
        extensions_write_key_usage(&b, parsed->key_usage);
    if (parsed->is_ca)
        extensions_write_basic_constraints_ca(&b);
    if (parsed->has_server_auth)
        extensions_write_ext_key_usage(&b, parsed->has_client_auth);
    if (parsed->subject_alt_name.len > 0)
        extensions_write_subject_alt_name(&b, parsed->subject_alt_name, true);
    extensions_write_authority_key_id(&b, parsed->authority_key_id);
    extensions_write_subject_key_id(&b, parsed->subject_key_id);
    require(builder_is_good(&b));
    require(extensions_parse(builder_view(&b), &same, NULL) == STATUS_OK);
    require(same.key_usage == parsed->key_usage && same.is_ca == parsed->is_ca);
    require(same.has_server_auth == parsed->has_server_auth);
    require(!parsed->has_server_auth || same.has_client_auth == parsed->has_client_auth);
    require(bytes_equal(same.subject_alt_name, parsed->subject_alt_name));
    require(bytes_equal(same.authority_key_id, parsed->authority_key_id));
    require(bytes_equal(same.subject_key_id, parsed->subject_key_id));
    builder_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct extensions parsed;
    struct error err;
    enum status s = extensions_parse(bytes_of(data, size), &parsed, &err);
    if (s != STATUS_OK) {
        require_refusal(s, &err);
        return 0;
    }
    check_list(bytes_of(data, size), &parsed);
    check_names(parsed.subject_alt_name);
    check_writers(&parsed, size);
    return 0;
}
