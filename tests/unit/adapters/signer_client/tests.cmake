find_package(Threads REQUIRED)
cathaya_unit_test(adapters/signer_client signer_client Threads::Threads)
