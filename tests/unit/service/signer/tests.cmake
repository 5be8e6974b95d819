cathaya_unit_test(service/signer signer_core fake_signer_disk)
cathaya_unit_test(service/signer signer_memory)
# The disk alone: the log's world would bring the log.
add_library(fake_signer_disk STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/memory_disk.c")
target_include_directories(fake_signer_disk PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_signer_disk PUBLIC layer_ports)
