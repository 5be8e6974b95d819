#include "key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "input.h"

enum status key_file_check_mode(const char *path, struct error *err)
{
    struct stat info;
    if (stat(path, &info) != 0 || (info.st_mode & 077) == 0)
        return STATUS_OK; /* what is not there is said when it is read */
    return error_set(err, STATUS_USAGE, "%s: others may read this private key (mode %04o): chmod 600", path,
                     (unsigned)info.st_mode & 07777);
}

enum status key_file_read(const char *path, const struct signature_alg *alg,
                          struct private_key **out, struct error *err)
{
    struct builder pem;
    builder_init(&pem, KEY_PEM_MAX);
    enum status s = key_file_check_mode(path, err);
    if (s == STATUS_OK)
        s = input_read(path, KEY_PEM_MAX, &pem, err);
    if (s == STATUS_OK) {
        s = private_key_from_pem(alg, builder_view(&pem), out, err);
        if (s != STATUS_OK)
            s = error_prefix(err, STATUS_USAGE, "%s", path);
    }
    builder_clear(&pem);
    return s;
}

enum status key_file_make(const char *path, const struct signature_alg *alg,
                          struct private_key **out, struct error *err)
{
    struct builder pem;
    if (access(path, F_OK) == 0)
        return error_set(err, STATUS_CONFLICT, "%s: there is a key already", path);
    builder_init(&pem, KEY_PEM_MAX);
    enum status s = private_key_generate(alg, out, err);
    if (s == STATUS_OK)
        s = private_key_write_pem(*out, &pem, err);
    if (s == STATUS_OK)
        s = input_write_file(path, builder_view(&pem), 0600, err);
    builder_clear(&pem);
    return s;
}
