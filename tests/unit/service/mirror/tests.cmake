# A mirror on a memory disk, and a log that may fork; the crash test uses it too.
add_library(fake_mirror_world STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/mirror_world.c")
target_include_directories(fake_mirror_world PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_mirror_world PUBLIC fake_log_world layer_service_mirror layer_adapters_local_key)

cathaya_unit_test(service/mirror mirror_record)
foreach(name mirror_checkpoint mirror_entries mirror_subtree mirror_evidence mirror_landmarks)
  cathaya_unit_test(service/mirror ${name} fake_mirror_world)
endforeach()
cathaya_unit_test(rules evidence_check)
cathaya_unit_test(codec witness)
