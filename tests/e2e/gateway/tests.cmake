# `cathaya gateway run` with real clients, hostile ones, and the life of a site. There is no TIMEOUT of their own: `make
# soak-gateway` gives CATHAYA_LIFE_RENEWALS, and the time that it takes.
function(cathaya_gateway_test name file)
  add_test(NAME "e2e/gateway_${name}" COMMAND python3 -B "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/test_${file}.py" ${ARGN})
  set_tests_properties("e2e/gateway_${name}" PROPERTIES LABELS e2e SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_OPENSSL_PROGRAM=${PROJECT_SOURCE_DIR}/build/deps/openssl-program/openssl")
endfunction()
cathaya_gateway_test(clients clients)
cathaya_gateway_test(smuggling proxy Smuggling)
cathaya_gateway_test(correctness proxy Correctness)
cathaya_gateway_test(hostile proxy Hostile)
cathaya_gateway_test(limits proxy Slow Limits Health Drain)
cathaya_gateway_test(crowd proxy Crowd)
cathaya_gateway_test(life life Life)
cathaya_gateway_test(clock life Clock)
cathaya_gateway_test(issuers life Issuers)
cathaya_gateway_test(change_of_ca life ChangeOfCa)
cathaya_gateway_test(mirrors life Mirrors)
cathaya_gateway_test(policy policy)
set_property(TEST e2e/gateway_policy APPEND PROPERTY ENVIRONMENT "CATHAYA_PROGRAM_CERTIFICATES=$<TARGET_FILE:program_certificates>")
# Keys elsewhere, stapling, challenges, operating.
include("${CMAKE_CURRENT_LIST_DIR}/operating.cmake")
