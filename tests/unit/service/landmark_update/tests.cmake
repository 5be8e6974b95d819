# What a client learns from logs and mirrors that are honest, lie, are slow or not there.
foreach(name landmark_update landmark_liars revocation_check revocation_update)
  cathaya_unit_test(service/landmark_update ${name} fake_mirror_world fake_network)
  target_sources(test_service_landmark_update_${name} PRIVATE "${CMAKE_CURRENT_LIST_DIR}/update_world.c")
endforeach()
