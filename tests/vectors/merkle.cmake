# The vectors of merkle/: included by tests/vectors/CMakeLists.txt.
foreach(name merkle_accumulated merkle_json)
  add_executable(test_vectors_${name} "${CMAKE_CURRENT_LIST_DIR}/test_${name}.c")
  target_include_directories(test_vectors_${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(test_vectors_${name} PRIVATE layer_merkle cmocka)
  add_test(NAME "vectors/${name}" COMMAND test_vectors_${name})
  set_tests_properties("vectors/${name}" PROPERTIES LABELS vectors SKIP_RETURN_CODE 77)
endforeach()
# Where vectors lie that are too large for this repository, unless the environment's
# CATHAYA_SHARED_VECTORS says otherwise.
target_compile_definitions(test_vectors_merkle_json PRIVATE
  "CATHAYA_SHARED_VECTORS_DEFAULT=\"${PROJECT_SOURCE_DIR}/../shared/vectors\"")
target_link_libraries(test_vectors_merkle_json PRIVATE jansson)
