/* When to renew: ACME Renewal Information [RFC9773 4]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil_time.h"
#include "service/acme_client/client_internal.h"

struct renewal {
    acme_client_renewal_done *done;
    void *cookie;
};

/* RFC 3339 of any kind that servers write: a fraction of the second is dropped, an offset is taken off. */
static bool read_time(const json_t *window, const char *name, int64_t *out)
{
    const char *text = json_string_value(json_object_get(window, name));
    char plain[CIVIL_TIME_TEXT_SIZE];
    int hours = 0, minutes = 0;
    char sign = 'Z';
    if (text == NULL || strlen(text) < 20 || text[10] != 'T')
        return false;
    const char *rest = text + 19;
    if (*rest == '.') {
        size_t digits = strspn(rest + 1, "0123456789");
        if (digits == 0)
            return false;
        rest += 1 + digits;
    }
    (void)snprintf(plain, sizeof plain, "%.19sZ", text);
    bool is_utc = strcmp(rest, "Z") == 0;
    bool is_offset = strlen(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':' && strspn(rest + 1, "0123456789") == 2 &&
                     strspn(rest + 4, "0123456789") == 2;
    if (!(is_utc || is_offset) || !civil_time_parse(bytes_of_text(plain), out))
        return false;
    if (is_offset) {
        sign = rest[0];
        hours = (rest[1] - '0') * 10 + rest[2] - '0';
        minutes = (rest[4] - '0') * 10 + rest[5] - '0';
    }
    *out -= (sign == '-' ? -1 : 1) * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
    return hours < 24 && minutes < 60;
}

static enum status read_window(const struct client_answer *answer, int64_t *start_s, int64_t *end_s)
{
    const json_t *window = json_object_get(answer->json, "suggestedWindow");
    int status = answer->response->status;
    if (!client_is_good(answer))
        return status == 404 || status == 400 ? error_prefix(answer->err, STATUS_NOT_FOUND, "no renewal information")
                                              : answer->err->status;
    if (!read_time(window, "start", start_s) || !read_time(window, "end", end_s) || *end_s < *start_s)
        return error_set(answer->err, STATUS_REFUSED, "the renewal information has no window");
    return STATUS_OK;
}

static void on_window(void *cookie, const struct client_answer *answer)
{
    struct renewal *renewal = cookie;
    int64_t start_s = 0, end_s = 0;
    uint64_t seconds = 0;
    enum status s = read_window(answer, &start_s, &end_s);
    if (!client_retry_after_s(answer->response, &seconds))
        seconds = 0;
    renewal->done(renewal->cookie, s, start_s, end_s, (int64_t)seconds, answer->err);
    free(renewal);
}

enum status acme_client_renewal(struct acme_client *client, const char *certificate_id, acme_client_renewal_done *done, void *cookie,
                                struct error *err)
{
    char url[ACME_CLIENT_URL_MAX];
    if (client->account[0] == '\0')
        return error_set(err, STATUS_USAGE, "the client has not been started");
    if (client->renewal_info[0] == '\0')
        return error_set(err, STATUS_NOT_FOUND, "%s has no renewal information", client->directory_url);
    size_t len = strlen(client->renewal_info);
    const char *slash = client->renewal_info[len - 1] == '/' ? "" : "/";
    if (snprintf(url, sizeof url, "%s%s%s", client->renewal_info, slash, certificate_id) >= (int)sizeof url)
        return error_set(err, STATUS_LIMIT, "the certificate's ID is too long");
    struct renewal *renewal = calloc(1, sizeof *renewal);
    if (renewal == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    *renewal = (struct renewal){done, cookie};
    client_get(client, url, on_window, renewal);
    return STATUS_OK;
}
