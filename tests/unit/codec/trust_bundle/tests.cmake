cathaya_unit_test(codec trust_bundle mtc_maker)
