/* Metrics: the exposition text by the letter, and counting from many threads. */
#include <math.h>
#include <pthread.h>

#include "unit/checks.h"

#include "metrics/metrics.h"

static struct metrics *m;
static struct error err;

static int set_up(void **state)
{
    (void)state;
    return metrics_new(&m, &err) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    metrics_free(m);
    m = NULL;
    return 0;
}

static void assert_text(const char *want)
{
    struct builder out;
    builder_init(&out, 1 << 20);
    metrics_write(m, &out);
    builder_u8(&out, 0);
    assert_true(builder_is_good(&out));
    assert_string_equal((const char *)out.data, want);
    builder_clear(&out);
}

static void counters_and_gauges(void **state)
{
    (void)state;
    struct metric *a = metrics_counter(m, "requests_total", "code=\"200\"", "Requests.");
    struct metric *g = metrics_gauge(m, "queue", "", "Back\\slash and\nline.");
    struct metric *b = metrics_counter(m, "requests_total", "code=\"404\"", "Requests.");
    metric_add(a, 1);
    metric_add(a, 2);
    metric_add(b, 0.5);
    metric_set(g, 7);
    metric_add(g, -8);
    assert_text("# HELP requests_total Requests.\n# TYPE requests_total counter\n"
                "requests_total{code=\"200\"} 3\nrequests_total{code=\"404\"} 0.5\n"
                "# HELP queue Back\\\\slash and\\nline.\n# TYPE queue gauge\nqueue -1\n");
}

static void the_same_name_and_labels_are_the_same_metric(void **state)
{
    (void)state;
    struct metric *a = metrics_counter(m, "x", "", "h");
    assert_ptr_equal(a, metrics_counter(m, "x", "", "h"));
    assert_ptr_not_equal(a, metrics_counter(m, "x", "l=\"1\"", "h"));
    /* Of another kind it counts nowhere, and may be used all the same. */
    struct metric *none = metrics_gauge(m, "x", "", "h");
    metric_set(none, 9);
    metric_add(none, 9);
    metric_observe(none, 9);
    assert_text("# HELP x h\n# TYPE x counter\nx 0\nx{l=\"1\"} 0\n");
}

static void what_makes_no_sense_is_not_counted(void **state)
{
    (void)state;
    struct metric *c = metrics_counter(m, "c", "", "h");
    metric_add(c, -1);
    metric_add(c, (double)NAN);
    metric_set(c, 5);
    metric_observe(c, 5);
    assert_text("# HELP c h\n# TYPE c counter\nc 0\n");
    metric_add(metrics_counter(NULL, "c", "", "h"), 1);
}

static void a_histogram_is_cumulative(void **state)
{
    (void)state;
    struct metric *h = metrics_histogram(m, "t", "a=\"b\"", "h");
    metric_observe(h, 0);
    metric_observe(h, 0.001);
    metric_observe(h, 0.0011);
    metric_observe(h, 100);
    metric_observe(h, 101);
    metric_observe(h, -1);
    assert_text("# HELP t h\n# TYPE t histogram\n"
                "t_bucket{a=\"b\",le=\"0.001\"} 2\nt_bucket{a=\"b\",le=\"0.002\"} 3\n"
                "t_bucket{a=\"b\",le=\"0.005\"} 3\nt_bucket{a=\"b\",le=\"0.01\"} 3\n"
                "t_bucket{a=\"b\",le=\"0.02\"} 3\nt_bucket{a=\"b\",le=\"0.05\"} 3\n"
                "t_bucket{a=\"b\",le=\"0.1\"} 3\nt_bucket{a=\"b\",le=\"0.2\"} 3\n"
                "t_bucket{a=\"b\",le=\"0.5\"} 3\nt_bucket{a=\"b\",le=\"1\"} 3\n"
                "t_bucket{a=\"b\",le=\"2\"} 3\nt_bucket{a=\"b\",le=\"5\"} 3\n"
                "t_bucket{a=\"b\",le=\"10\"} 3\nt_bucket{a=\"b\",le=\"20\"} 3\n"
                "t_bucket{a=\"b\",le=\"50\"} 3\nt_bucket{a=\"b\",le=\"100\"} 4\n"
                "t_bucket{a=\"b\",le=\"+Inf\"} 5\nt_sum{a=\"b\"} 201.0021\nt_count{a=\"b\"} 5\n");
}

static void *count_much(void *argument)
{
    for (int i = 0; i < 10000; i++)
        metric_add(argument, 1);
    return NULL;
}

static void any_thread_may_add(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct metric *c = metrics_counter(m, "c", "", "h");
    for (size_t i = 0; i < LENGTH(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_much, c), 0);
    for (size_t i = 0; i < LENGTH(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_text("# HELP c h\n# TYPE c counter\nc 40000\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counters_and_gauges),
        TEST(the_same_name_and_labels_are_the_same_metric),
        TEST(what_makes_no_sense_is_not_counted),
        TEST(a_histogram_is_cumulative),
        TEST(any_thread_may_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
