# The policy file, and certificates before the shipped one.
foreach(name policy_set policy_judge)
  cathaya_fuzz_target(${name} layer_policy)
endforeach()
