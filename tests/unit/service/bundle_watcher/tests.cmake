# A watcher of a real distributor, over a web that shows what the test wants.
foreach(name bundle_watcher watched_identities)
  cathaya_unit_test(service/bundle_watcher ${name} fake_mirror_world fake_network layer_adapters_local_key layer_service_trust_publisher)
  target_sources(test_service_bundle_watcher_${name} PRIVATE
    "${PROJECT_SOURCE_DIR}/tests/unit/service/trust_publisher/publisher_world.c"
    "${PROJECT_SOURCE_DIR}/tests/unit/service/landmark_update/update_world.c")
  target_link_libraries(test_service_bundle_watcher_${name} PRIVATE layer_service_landmark_update)
endforeach()
