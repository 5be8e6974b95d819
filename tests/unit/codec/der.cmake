# The binary structures: included by CMakeLists.txt beside this file.
foreach(name ca_certificate certificate cosigned_message csr der entry_vectors extensions log_entry mtc_proof tbs_entry)
  cathaya_unit_test(codec ${name})
endforeach()
# Entries of the draft's own demonstration, beside the repository unless the environment says otherwise.
target_compile_definitions(test_codec_entry_vectors PRIVATE
  "CATHAYA_SHARED_VECTORS_DEFAULT=\"${PROJECT_SOURCE_DIR}/../shared/vectors\"")
set_tests_properties("unit/codec/entry_vectors" PROPERTIES LABELS "unit;vectors" SKIP_RETURN_CODE 77)
