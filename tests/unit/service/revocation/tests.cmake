cathaya_unit_test(service/revocation revocation fake_log_world)
target_sources(test_service_revocation_revocation PRIVATE "${PROJECT_SOURCE_DIR}/tests/fakes/memory_issuance_store.c")
