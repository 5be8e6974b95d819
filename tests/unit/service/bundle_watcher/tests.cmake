# A watcher of a real distributor, over a web that shows what the test wants.
cathaya_unit_test(service/bundle_watcher bundle_watcher fake_mirror_world fake_network layer_adapters_local_key layer_service_trust_publisher)
target_sources(test_service_bundle_watcher_bundle_watcher PRIVATE
  "${PROJECT_SOURCE_DIR}/tests/unit/service/trust_publisher/publisher_world.c"
  "${PROJECT_SOURCE_DIR}/tests/unit/service/landmark_update/update_world.c")
target_link_libraries(test_service_bundle_watcher_bundle_watcher PRIVATE layer_service_landmark_update)
