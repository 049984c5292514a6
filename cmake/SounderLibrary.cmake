# sounder_library(<name> <source>... [PUBLIC <lib>...] [PRIVATE <lib>...])
#
# A library of the current folder: target sounder_<name>, alias
# sounder::<name>, and its place in the installed package. Every header of
# the folder is public. A library that is needed to compile ours but not to
# link it (headers alone) goes in as PRIVATE $<BUILD_INTERFACE:...>, so that
# users of the package need not have it.
function(sounder_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PUBLIC;PRIVATE")
  add_library(sounder_${name} ${arg_UNPARSED_ARGUMENTS})
  add_library(sounder::${name} ALIAS sounder_${name})
  set_target_properties(sounder_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(sounder_${name}
    PUBLIC sounder_options ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  if(SOUNDER_INSTALL)
    cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
    install(TARGETS sounder_${name} EXPORT sounderTargets)
    install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/
      DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sounder/${folder}
      FILES_MATCHING PATTERN "*.hpp")
  endif()
endfunction()
