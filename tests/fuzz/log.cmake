# The log engine's own files.
foreach(name batch_object log_record staged_batch)
  cathaya_fuzz_target(${name} layer_log_engine)
endforeach()
