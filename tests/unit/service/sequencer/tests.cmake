# A whole CA in memory: the sequencer on a real log and issuer.
add_library(sequencer_world STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/sequencer_world.c"
  "${PROJECT_SOURCE_DIR}/tests/fakes/memory_issuance_store.c" "${PROJECT_SOURCE_DIR}/tests/fakes/mtc_ca_port.c")
target_include_directories(sequencer_world PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(sequencer_world PUBLIC layer_service_sequencer layer_service_cosigning layer_service_issuer
  fake_log_world fake_mirror)
foreach(name sequencer sequencer_restart acme_mtc_issuer)
  cathaya_unit_test(service/sequencer ${name} sequencer_world)
endforeach()
