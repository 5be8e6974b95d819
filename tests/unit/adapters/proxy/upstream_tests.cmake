# The backends' side.
foreach(name proxy_protocol backend upstream)
  cathaya_unit_test(adapters/proxy ${name})
endforeach()
