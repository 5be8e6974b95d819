# Admission of CT logs by a monitor's report.
set(admission ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE ${admission}/cmd_trust_admit_log.c ${admission}/log_admission.c)
