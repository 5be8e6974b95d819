include("${CMAKE_CURRENT_LIST_DIR}/upstream_tests.cmake")
