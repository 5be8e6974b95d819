# The log on a disk that forgets; the crash tests use it too.
add_library(fake_log_world STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/log_world.c" "${PROJECT_SOURCE_DIR}/tests/fakes/memory_disk.c")
target_include_directories(fake_log_world PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_log_world PUBLIC layer_log_engine layer_adapters_local_key)

foreach(name log_record)
  cathaya_unit_test(log_engine ${name})
endforeach()
foreach(name log log_ct log_externals log_plain log_refusals)
  cathaya_unit_test(log_engine ${name} fake_log_world)
endforeach()
