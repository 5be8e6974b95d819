cathaya_unit_test(service/mtc_scts mtc_scts fake_log_world)
target_sources(test_service_mtc_scts_mtc_scts PRIVATE "${PROJECT_SOURCE_DIR}/tests/fakes/fake_loop.c")
