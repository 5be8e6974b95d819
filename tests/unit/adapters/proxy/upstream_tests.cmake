# The backends' side.
foreach(name proxy_protocol backend upstream health)
  cathaya_unit_test(adapters/proxy ${name})
endforeach()
