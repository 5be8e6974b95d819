cathaya_unit_test(metrics metrics)
