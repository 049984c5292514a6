# Installs BUILD (a build tree) under a fresh prefix below WORK, builds the
# consumer project against it and runs it:
#   cmake -D BUILD=... -D WORK=... -D COMPILER=... -D FLAGS=... -P check.cmake
# FLAGS are the compiler flags of BUILD: a sanitizer has to be linked in.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)

# What belongs to this build alone stays out of the package.
file(GLOB_RECURSE exported ${WORK}/prefix/sounder*.cmake)
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH tests)
cmake_path(GET tests PARENT_PATH source)
foreach(file IN LISTS exported)
  file(READ ${file} text)
  foreach(leak IN ITEMS -march -Werror -Wall -fsanitize ${source} ${BUILD})
    string(FIND "${text}" "${leak}" where)
    if(NOT where EQUAL -1)
      message(FATAL_ERROR "${file} passes '${leak}' on to its users")
    endif()
  endforeach()
endforeach()

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -G Ninja
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_FLAGS=${FLAGS}
    -D CMAKE_PREFIX_PATH=${WORK}/prefix)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/consumer)
