# Logs that sign, or do what is wrong; a CA that submits to them.
add_library(fake_ct_logs STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/fake_ct_logs.c")
target_include_directories(fake_ct_logs PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_ct_logs PUBLIC layer_rules layer_ct_json fake_network)

cathaya_unit_test(service/ct_submission ct_submission fake_ct_logs)
