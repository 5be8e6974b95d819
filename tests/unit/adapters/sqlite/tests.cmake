cathaya_unit_test(adapters/sqlite acme_store)
cathaya_unit_test(adapters/sqlite acme_query)
cathaya_unit_test(adapters/sqlite ca_store)
cathaya_unit_test(adapters/sqlite database)
