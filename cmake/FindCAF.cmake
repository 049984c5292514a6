# Debian ships CAF's headers and shared libraries without a CMake package.
# Components: core, io; targets CAF::core, CAF::io.
include(FindPackageHandleStandardArgs)
find_path(CAF_INCLUDE_DIR caf/all.hpp)
foreach(_component IN LISTS CAF_FIND_COMPONENTS)
  find_library(CAF_${_component}_LIBRARY caf_${_component})
  if(CAF_${_component}_LIBRARY)
    set(CAF_${_component}_FOUND TRUE)
  endif()
  mark_as_advanced(CAF_${_component}_LIBRARY)
endforeach()
if(CAF_INCLUDE_DIR)
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" _line
       REGEX "define CAF_VERSION [0-9]+")
  if(_line MATCHES "([0-9]?[0-9])([0-9][0-9])$")  # 1706 is 0.17.6
    set(_minor ${CMAKE_MATCH_1})
    math(EXPR _patch "1${CMAKE_MATCH_2} - 100")
    set(CAF_VERSION 0.${_minor}.${_patch})
  endif()
endif()
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_INCLUDE_DIR
  VERSION_VAR CAF_VERSION HANDLE_COMPONENTS)
if(CAF_FOUND)
  find_package(Threads REQUIRED)
  set(_needs_core Threads::Threads)
  set(_needs_io CAF::core)
  foreach(_component IN LISTS CAF_FIND_COMPONENTS)
    if(NOT TARGET CAF::${_component})
      add_library(CAF::${_component} UNKNOWN IMPORTED)
      set_target_properties(CAF::${_component} PROPERTIES
        IMPORTED_LOCATION "${CAF_${_component}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "${_needs_${_component}}")
    endif()
  endforeach()
endif()
mark_as_advanced(CAF_INCLUDE_DIR)
