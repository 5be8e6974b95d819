cathaya_unit_test(rules identity mtc_maker)
