# Test sites of applications, with the client's own TLS (fetch/).
set(test_sites ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE ${test_sites}/cmd_trust_test_sites.c ${test_sites}/site_ocsp.c ${test_sites}/site_visit.c)
