#include "service/service_tls.h"

#include "input.h"
#include "key_file.h"

enum status service_tls_read(const char *certificate_file, const char *key_file, struct builder *certificate,
                             struct builder *key, struct error *err)
{
    enum status s = key_file_check_mode(key_file, err);
    if (s == STATUS_OK)
        s = input_read(certificate_file, SERVICE_TLS_FILE_MAX, certificate, err);
    return s == STATUS_OK ? input_read(key_file, SERVICE_TLS_FILE_MAX, key, err) : s;
}

enum status service_tls_load(const char *certificate_file, const char *key_file, struct tls_context **out, struct error *err)
{
    struct builder certificate, key;
    if (key_file[0] == '\0')
        return STATUS_OK;
    builder_init(&certificate, SERVICE_TLS_FILE_MAX);
    builder_init(&key, SERVICE_TLS_FILE_MAX);
    enum status s = service_tls_read(certificate_file, key_file, &certificate, &key, err);
    if (s == STATUS_OK && (s = tls_context_new_server(builder_view(&certificate), builder_view(&key), out, err)) != STATUS_OK)
        s = error_prefix(err, s, "%s, %s", certificate_file, key_file);
    builder_clear(&key);
    builder_clear(&certificate);
    return s;
}
