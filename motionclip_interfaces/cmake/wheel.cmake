# Lets pip build an interface package from the ROS 2 wheels; colcon and apt do not need it.
# To be included before ament_cmake is looked for; finish_wheel() comes last.

if(NOT SKBUILD)
  function(finish_wheel)
  endfunction()
  return()
endif()

if(NOT DEFINED Python3_EXECUTABLE)
  set(Python3_EXECUTABLE "${Python_EXECUTABLE}")
endif()

# The wheels lie where their Python modules do: in the build environment.
execute_process(
  COMMAND "${Python3_EXECUTABLE}" -c
    "import ament_package, pathlib; print(pathlib.Path(ament_package.__file__).parents[4])"
  OUTPUT_VARIABLE wheels_prefix
  OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
set(ENV{AMENT_PREFIX_PATH} "${wheels_prefix}")
list(PREPEND CMAKE_PREFIX_PATH "${wheels_prefix}")

# Debian's own Python would choose dist-packages, where a virtual environment does not look.
execute_process(
  COMMAND "${Python3_EXECUTABLE}" -c
    "import sys; print('lib/python%d.%d/site-packages' % sys.version_info[:2])"
  OUTPUT_VARIABLE modules_folder
  OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
set(PYTHON_INSTALL_DIR "${modules_folder}" CACHE INTERNAL "")

# The wheels' targets name the include folders of the machine that built them. CMake refuses
# folders that do not exist; the targets get the right ones through Python3::NumPy.
function(finish_wheel)
  get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(folders)
      list(FILTER folders EXCLUDE REGEX "^/opt/python/")
      set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${folders}")
    endif()
  endforeach()
endfunction()
