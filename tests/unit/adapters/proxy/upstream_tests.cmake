# The backends' side.
foreach(name proxy_protocol backend upstream health h2_session)
  cathaya_unit_test(adapters/proxy ${name})
endforeach()
