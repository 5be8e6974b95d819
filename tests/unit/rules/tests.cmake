cathaya_unit_test(rules tlog_policy)
cathaya_unit_test(rules challenge_certificate)
# What service/validation decides by.
foreach(name caa dns_persist mpic special_address)
  cathaya_unit_test(rules ${name})
endforeach()
target_compile_definitions(test_rules_special_address PRIVATE
  SPEC_POLICY="${PROJECT_SOURCE_DIR}/../shared/spec/policy")
# What the TLS server decides by, and what it reads for that.
foreach(name certificate_choice choice_explain choice_properties client_hello tls_names)
  cathaya_unit_test(rules ${name})
endforeach()
cathaya_unit_test(rules watch_list)
# Certificate Transparency.
foreach(name certificate_names ct_chain ct_policy evidence_ct precert sct_check)
  cathaya_unit_test(rules ${name})
endforeach()
target_compile_definitions(test_rules_ct_policy PRIVATE SHIPPED_POLICIES="${PROJECT_SOURCE_DIR}/policies/ct-policy.conf")
