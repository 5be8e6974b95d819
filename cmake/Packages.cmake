# Libraries of the system. What is missing is named as the package that has it on Debian: `scripts/get-packages
# build check` installs all of them, and its sets must have every name that stands here.
find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config is missing: install pkg-config (on Debian), or run scripts/get-packages build")
endif()

# cathaya_package(PREFIX MODULE DEBIAN): the pkg-config module as the target PkgConfig::PREFIX.
macro(cathaya_package prefix module debian)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
  if(NOT ${prefix}_FOUND)
    message(FATAL_ERROR "${module} is missing: install ${debian} (on Debian), or run scripts/get-packages build check")
  endif()
endmacro()
