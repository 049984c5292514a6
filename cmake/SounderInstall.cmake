# The package: find_package(sounder) gives sounder::kernels, sounder::topology,
# sounder::sync and sounder::actors. sounder_library() adds the targets.
include(CMakePackageConfigHelpers)

set(_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sounder)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/sounderConfig.cmake.in sounderConfig.cmake
  INSTALL_DESTINATION ${_package_dir})
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(sounderConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/sounderConfig.cmake
  ${PROJECT_BINARY_DIR}/sounderConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindCAF.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindLibZip.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindxxHash.cmake
  DESTINATION ${_package_dir})
set_target_properties(sounder_options PROPERTIES EXPORT_NAME options)
install(TARGETS sounder_options EXPORT sounderTargets)
install(EXPORT sounderTargets NAMESPACE sounder:: DESTINATION ${_package_dir})
