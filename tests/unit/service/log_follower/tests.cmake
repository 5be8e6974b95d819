# A follower against logs of all kinds that are honest, lie, are slow or not there.
add_library(follower_world STATIC "${CMAKE_CURRENT_LIST_DIR}/follower_world.c" "${PROJECT_SOURCE_DIR}/tests/fakes/fake_loop.c"
  "${PROJECT_SOURCE_DIR}/tests/fakes/memory_disk.c")
target_include_directories(follower_world PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(follower_world PUBLIC layer_service_log_follower cmocka)
foreach(name log_follower follower_liars follower_checks follower_certificates)
  cathaya_unit_test(service/log_follower ${name} follower_world)
endforeach()
