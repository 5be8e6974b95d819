cathaya_unit_test(rules tlog_policy)
