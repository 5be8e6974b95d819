foreach(name ct_json log_list_json)
  cathaya_unit_test(ct_json ${name})
endforeach()
