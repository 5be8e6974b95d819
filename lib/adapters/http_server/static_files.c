#include "adapters/http_server/static_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"
#include "ports/object_store.h"

#define ETAG_SIZE 80
/* zlib: gzip header; the fastest level, for it runs while others wait. */
#define GZIP_WINDOW 31
#define GZIP_MEMORY 8

static const char octets[] = "application/octet-stream";
static const char text[] = "text/plain; charset=utf-8";

struct static_files {
    int directory;
    const char *prefix, *index;
    uint64_t (*landmarks_max_age_s)(void *context);
    void *context;
};

/* A file that is about to be sent. */
struct found {
    int fd;
    uint64_t len;
    bool is_entries;
    char etag[ETAG_SIZE];
};

enum status static_files_new(const struct static_files_settings *settings, struct static_files **out,
                             struct error *err)
{
    *out = NULL;
    struct static_files *files = calloc(1, sizeof *files);
    if (files == NULL)
        return error_set(err, STATUS_NO_MEMORY, "static files: out of memory");
    files->prefix = settings->prefix;
    files->index = settings->index;
    files->landmarks_max_age_s = settings->landmarks_max_age_s;
    files->context = settings->context;
    files->directory = open(settings->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->directory < 0) {
        free(files);
        return error_set(err, STATUS_IO, "%s: %s", settings->directory, strerror(errno));
    }
    *out = files;
    return STATUS_OK;
}

void static_files_free(struct static_files *files)
{
    if (files == NULL)
        return;
    (void)close(files->directory);
    free(files);
}

/* ---- names and files ---- */

static bool is_below(const char *name, const char *folder)
{
    return strncmp(name, folder, strlen(folder)) == 0;
}

/* What stands below a log's prefix: a distributor has its log in a folder. */
static const char *in_log(const char *name)
{
    return is_below(name, "log/") ? name + strlen("log/") : name;
}

static bool read_name(const struct static_files *files, struct bytes path, char *name)
{
    size_t skip = strlen(files->prefix);
    if (skip > 0 && files->prefix[skip - 1] == '/')
        skip--;
    if (files->index != NULL && path.len == skip + 1 && path.data[skip] == '/') {
        (void)snprintf(name, OBJECT_NAME_MAX + 1, "%s", files->index);
        return true;
    }
    if (path.len < skip + 2 || path.len - skip - 1 > OBJECT_NAME_MAX || path.data[skip] != '/')
        return false;
    size_t len = path.len - skip - 1;
    memcpy(name, path.data + skip + 1, len);
    name[len] = '\0';
    return strlen(name) == len && object_name_is_valid(name) && name[0] != '.' &&
           strstr(name, "/.") == NULL;
}

/* For kernels before 5.6: one component after the other. */
static int open_by_steps(int directory, char *name, int flags)
{
    int at = dup(directory);
    char *slash = NULL;
    while (at >= 0 && (slash = strchr(name, '/')) != NULL) {
        *slash = '\0';
        int next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        *slash = '/';
        (void)close(at);
        at = next;
        name = slash + 1;
    }
    if (at < 0)
        return -1;
    int fd = openat(at, name, flags | O_NOFOLLOW);
    (void)close(at);
    return fd;
}

static int open_below(int directory, char *name)
{
    /* Not blocking: somebody may have put a FIFO there. */
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct open_how how = {.flags = (uint64_t)flags,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, directory, name, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_by_steps(directory, name, flags);
    return (int)fd;
}

static bool find_file(const struct static_files *files, char *name, struct found *file)
{
    struct stat about;
    struct builder etag;
    file->fd = open_below(files->directory, name);
    if (file->fd < 0)
        return false;
    if (fstat(file->fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        (void)close(file->fd);
        return false;
    }
    file->len = (uint64_t)about.st_size;
    const char *inner = in_log(name);
    file->is_entries = is_below(inner, "tile/entries/") || is_below(inner, "tile/data/");
    /* Files are replaced, never changed in place: another content is another inode or time. */
    builder_init_fixed(&etag, file->etag, sizeof file->etag);
    builder_printf(&etag, "%llx-%llx-%llx%09lx", (unsigned long long)about.st_ino,
                   (unsigned long long)about.st_size, (unsigned long long)about.st_mtim.tv_sec,
                   (unsigned long)about.st_mtim.tv_nsec);
    builder_u8(&etag, 0);
    return builder_is_good(&etag);
}

/* ---- request headers ---- */

static struct bytes trim(struct bytes b)
{
    while (b.len > 0 && (b.data[0] == ' ' || b.data[0] == '\t'))
        b = bytes_of(b.data + 1, b.len - 1);
    while (b.len > 0 && (b.data[b.len - 1] == ' ' || b.data[b.len - 1] == '\t'))
        b.len--;
    return b;
}

/* The next of a list with commas. */
static bool next_item(struct bytes *rest, struct bytes *item)
{
    if (rest->len == 0)
        return false;
    const uint8_t *comma = memchr(rest->data, ',', rest->len);
    size_t len = comma != NULL ? (size_t)(comma - rest->data) : rest->len;
    *item = trim(bytes_of(rest->data, len));
    len += comma != NULL;
    *rest = bytes_of(rest->data + len, rest->len - len);
    return true;
}

/* `"etag"` or, where weak ones count, `W/"etag"`. */
static bool is_etag(struct bytes item, const char *etag, bool is_weak_good)
{
    size_t len = strlen(etag);
    if (is_weak_good && item.len > 2 && item.data[0] == 'W' && item.data[1] == '/')
        item = bytes_of(item.data + 2, item.len - 2);
    return item.len == len + 2 && item.data[0] == '"' && item.data[len + 1] == '"' &&
           memcmp(item.data + 1, etag, len) == 0;
}

static bool is_known_to_client(const struct http_request *r, const char *etag)
{
    struct bytes list, item;
    if (!http_request_header(r, "If-None-Match", &list))
        return false;
    while (next_item(&list, &item))
        if (bytes_is_text(item, "*") || is_etag(item, etag, true))
            return true;
    return false;
}

/* gzip without "q=0". */
static bool accepts_gzip(const struct http_request *r)
{
    struct bytes list, item;
    if (!http_request_header(r, "Accept-Encoding", &list))
        return false;
    while (next_item(&list, &item)) {
        const uint8_t *semicolon = item.len > 0 ? memchr(item.data, ';', item.len) : NULL;
        size_t len = semicolon != NULL ? (size_t)(semicolon - item.data) : item.len;
        if (!http_name_equal(trim(bytes_of(item.data, len)), "gzip"))
            continue;
        struct bytes weight = bytes_of(item.data + len, item.len - len);
        for (size_t i = 0; i < weight.len; i++)
            if (weight.data[i] >= '1' && weight.data[i] <= '9')
                return true;
        return weight.len == 0;
    }
    return false;
}

enum range { RANGE_NONE, RANGE_GOOD, RANGE_BEYOND };

/* "bytes=A-B", "bytes=A-" or "bytes=-N"; whatever else is as if it were not there [RFC9110 14.2]. */
static enum range read_range(const struct http_request *r, const struct found *file, uint64_t *start,
                             uint64_t *end)
{
    static const char unit[] = "bytes=";
    struct bytes value, condition;
    uint64_t first = 0, last = 0;
    if (!bytes_is_text(r->method, "GET") || !http_request_header(r, "Range", &value) ||
        (http_request_header(r, "If-Range", &condition) && !is_etag(condition, file->etag, false)))
        return RANGE_NONE;
    if (value.len <= strlen(unit) || memcmp(value.data, unit, strlen(unit)) != 0)
        return RANGE_NONE;
    struct bytes spec = trim(bytes_of(value.data + strlen(unit), value.len - strlen(unit)));
    const uint8_t *dash = spec.len > 0 ? memchr(spec.data, '-', spec.len) : NULL;
    if (dash == NULL)
        return RANGE_NONE;
    struct bytes before = bytes_of(spec.data, (size_t)(dash - spec.data));
    struct bytes after = bytes_of(dash + 1, spec.len - before.len - 1);
    bool has_first = text_parse_u64(before, INT64_MAX, &first);
    bool has_last = text_parse_u64(after, INT64_MAX, &last);
    if ((before.len > 0 && !has_first) || (after.len > 0 && !has_last) || (!has_first && !has_last) ||
        (has_first && has_last && last < first))
        return RANGE_NONE;
    *start = has_first ? first : last < file->len ? file->len - last : 0;
    *end = has_first && has_last && last < file->len ? last + 1 : file->len;
    return *start < *end ? RANGE_GOOD : RANGE_BEYOND;
}

/* ---- responses ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

/* [RFC2585 4] for what certificates point to, [C2SP static-ct-api] for issuers. */
static const char *type_of(const char *name)
{
    const char *inner = in_log(name);
    if (strcmp(inner, "checkpoint") == 0 || strcmp(name, "landmarks") == 0 || strcmp(name, "revocations") == 0 ||
        strcmp(name, "latest") == 0)
        return text;
    if (ends_with(name, ".html"))
        return "text/html; charset=utf-8";
    if (ends_with(name, ".css"))
        return "text/css; charset=utf-8";
    if (ends_with(name, ".crl"))
        return "application/pkix-crl";
    if (ends_with(name, ".json"))
        return "application/json";
    return ends_with(name, ".cer") || is_below(name, "issuer/") ? "application/pkix-cert" : octets;
}

static void describe(const struct static_files *files, const char *name, struct http_response *out)
{
    bool is_immutable = is_below(in_log(name), "tile/") || is_below(name, "issuer/") || is_below(name, "bundles/") ||
                        is_below(name, "identity/");
    http_response_header(out, "Content-Type", type_of(name));
    http_response_header(out, "X-Content-Type-Options", "nosniff");
    if (is_immutable) {
        http_response_header(out, "Cache-Control", "public, max-age=31536000, immutable");
    } else if (strcmp(name, "landmarks") == 0 && files->landmarks_max_age_s != NULL) {
        uint64_t age_s = files->landmarks_max_age_s(files->context);
        builder_printf(&out->headers, "Cache-Control: public, max-age=%llu\r\n",
                       (unsigned long long)age_s);
    } else {
        http_response_header(out, "Cache-Control", "no-cache");
    }
}

static void send_nothing(struct http_exchange *x, int status)
{
    x->response.status = status;
    x->send(x);
}

static void send_not_found(struct http_exchange *x)
{
    http_respond_text(&x->response, 404, text, "not found\n");
    /* It may be there a second later. */
    http_response_header(&x->response, "Cache-Control", "no-store");
    x->send(x);
}

/* False: it is sent as it is. */
static bool compress_file(const struct found *file, struct builder *out)
{
    size_t len = (size_t)file->len;
    z_stream z = {.zalloc = NULL};
    uint8_t *in = malloc(len);
    bool ok = in != NULL && pread(file->fd, in, len, 0) == (ssize_t)len &&
              deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                           Z_DEFAULT_STRATEGY) == Z_OK;
    if (ok) {
        uLong bound = deflateBound(&z, (uLong)len);
        z.next_in = in;
        z.avail_in = (uInt)len;
        z.next_out = builder_space(out, bound);
        z.avail_out = (uInt)bound;
        ok = z.next_out != NULL && deflate(&z, Z_FINISH) == Z_STREAM_END;
        (void)deflateEnd(&z);
    }
    if (ok)
        out->len -= z.avail_out;
    else
        builder_reset(out);
    free(in);
    return ok;
}

static bool send_compressed(struct http_exchange *x, const struct found *file)
{
    struct http_response *out = &x->response;
    bool is_head = bytes_is_text(x->request.method, "HEAD");
    struct bytes range;
    if (!file->is_entries || is_head || file->len == 0 || file->len > STATIC_FILES_GZIP_MAX ||
        http_request_header(&x->request, "Range", &range) || !accepts_gzip(&x->request) ||
        !compress_file(file, &out->body))
        return false;
    http_response_header(out, "Content-Encoding", "gzip");
    builder_printf(&out->headers, "ETag: W/\"%s\"\r\n", file->etag);
    (void)close(file->fd);
    send_nothing(x, 200);
    return true;
}

static void send_file(struct http_exchange *x, const struct found *file)
{
    struct http_response *out = &x->response;
    uint64_t start = 0, end = file->len;
    if (file->is_entries)
        http_response_header(out, "Vary", "Accept-Encoding");
    if (is_known_to_client(&x->request, file->etag)) {
        builder_printf(&out->headers, "ETag: \"%s\"\r\n", file->etag);
        (void)close(file->fd);
        send_nothing(x, 304);
        return;
    }
    if (send_compressed(x, file))
        return;
    enum range range = read_range(&x->request, file, &start, &end);
    builder_printf(&out->headers, "ETag: \"%s\"\r\nAccept-Ranges: bytes\r\n", file->etag);
    if (range == RANGE_BEYOND) {
        builder_printf(&out->headers, "Content-Range: bytes */%llu\r\n", (unsigned long long)file->len);
        (void)close(file->fd);
        send_nothing(x, 416);
        return;
    }
    if (range == RANGE_GOOD)
        builder_printf(&out->headers, "Content-Range: bytes %llu-%llu/%llu\r\n",
                       (unsigned long long)start, (unsigned long long)end - 1,
                       (unsigned long long)file->len);
    out->file = file->fd;
    out->file_offset = start;
    out->file_len = end - start;
    send_nothing(x, range == RANGE_GOOD ? 206 : 200);
}

static void handle(void *context, struct http_exchange *x)
{
    struct static_files *files = context;
    const struct http_request *r = &x->request;
    char name[OBJECT_NAME_MAX + 1];
    struct found file;
    http_response_header(&x->response, "Access-Control-Allow-Origin", "*");
    if (bytes_is_text(r->method, "OPTIONS")) {
        http_response_header(&x->response, "Access-Control-Allow-Methods", "GET, HEAD");
        http_response_header(&x->response, "Access-Control-Max-Age", "86400");
        send_nothing(x, 204);
    } else if (!bytes_is_text(r->method, "GET") && !bytes_is_text(r->method, "HEAD")) {
        http_response_header(&x->response, "Allow", "GET, HEAD, OPTIONS");
        send_nothing(x, 405);
    } else if (!read_name(files, r->path, name) || !find_file(files, name, &file)) {
        send_not_found(x);
    } else {
        describe(files, name, &x->response);
        send_file(x, &file);
    }
}

struct http_handler static_files_handler(struct static_files *files)
{
    return (struct http_handler){.context = files, .body_max = 0, .handle = handle};
}
