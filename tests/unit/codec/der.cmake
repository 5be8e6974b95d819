# The binary structures: included by CMakeLists.txt beside this file.
foreach(name certificate cosigned_message csr der extensions log_entry mtc_proof)
  cathaya_unit_test(codec ${name})
endforeach()
