cathaya_unit_test(policy lint)
