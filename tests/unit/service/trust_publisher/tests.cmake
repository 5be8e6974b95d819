# The distributor: what it makes of logs that are honest, lie or are away; keys; and the power, which goes at every write.
foreach(name trust_publisher publisher_power)
  cathaya_unit_test(service/trust_publisher ${name} fake_mirror_world fake_network layer_adapters_local_key)
  target_sources(test_service_trust_publisher_${name} PRIVATE "${CMAKE_CURRENT_LIST_DIR}/publisher_world.c"
    "${PROJECT_SOURCE_DIR}/tests/unit/service/landmark_update/update_world.c")
endforeach()
