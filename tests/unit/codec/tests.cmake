# Wire formats of TLS.
foreach(name trust_anchor_list sct_list)
  cathaya_unit_test(codec ${name})
endforeach()
# What OCSP says.
cathaya_unit_test(codec ocsp)
