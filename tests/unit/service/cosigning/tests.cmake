# A mirror in memory and a loop with the test's own time; the sequencer's tests use them too.
add_library(fake_mirror STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/fake_loop.c" "${PROJECT_SOURCE_DIR}/tests/fakes/fake_mirror.c")
target_include_directories(fake_mirror PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_mirror PUBLIC layer_ports layer_codec ZLIB::ZLIB)
find_package(ZLIB REQUIRED)

cathaya_unit_test(service/cosigning cosigning fake_log_world fake_mirror)
