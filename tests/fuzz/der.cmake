# The binary structures.
foreach(name ca_certificate certificate csr extensions log_entry mtc_proof tbs_entry)
  cathaya_fuzz_target(${name} layer_rules)
endforeach()
