# A CT log on a memory disk, and its clients.
add_library(fake_ct_world STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/ct_world.c" "${PROJECT_SOURCE_DIR}/tests/fakes/memory_ct_index.c"
  "${PROJECT_SOURCE_DIR}/tests/fakes/fake_loop.c")
target_include_directories(fake_ct_world PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_ct_world PUBLIC fake_log_world layer_service_ct_log layer_adapters_local_key)

foreach(name submission life reads mtc signer)
  cathaya_unit_test(service/ct_log ${name} fake_ct_world)
endforeach()
cathaya_unit_test(service/ct_log parts)
